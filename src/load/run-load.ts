import { targetAddress } from "../client/connect.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { nodeConnector } from "../transport/node-socket.js";
import { Schedule, type ScheduleOptions } from "./schedule.js";
import { Slot, type SlotHandlers } from "./slot.js";
import { Tally } from "./tally.js";
import { encodeOnce, type RepeatedRequest } from "./wire-request.js";

/** The most requests that run at once. */
export const MAX_CONCURRENCY = 1_024;
/** Milliseconds between two looks at the deadlines. */
const LOOK = 20;
/** Milliseconds that answers are still read for after the run was cancelled. */
const DRAIN = 1_000;
/** A run ends after so many failures without an answer. */
export const HOPELESS = 1_024;

export interface LoadOptions extends RepeatedRequest, ScheduleOptions {
  /** Requests that run at once, 1 to 1,024. */
  concurrency: number;
  /** Milliseconds that an answer may take, its connection included. */
  timeout: number;
  /** Ends the run: no further request is sent, and the open ones have a second to be answered. */
  signal?: AbortSignal | undefined;
}

/** What a run has found. */
export interface LoadResult {
  /** Requests that were sent. */
  readonly requests: number;
  /** Milliseconds from the first request to the last answer. */
  readonly elapsed: number;
  readonly tally: Tally;
  /** Requests that were open when the run was cancelled, and were not answered within a second. */
  readonly cancelled: number;
  /** Requests that were due by the rate and were not sent, because no answer came in time. */
  readonly unsent: number;
  /** Whether the run ended early, after 1,024 failures without an answer. */
  readonly isHopeless: boolean;
}

/**
 * Sends a request again and again, and measures the answers.
 *
 * @throws GatewayError `bad_address`; `bad_input`, and as {@link encodeOnce}
 */
export async function runLoad(target: string, options: LoadOptions): Promise<LoadResult> {
  const { concurrency } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MAX_CONCURRENCY) {
    throw new GatewayError(
      ErrorCode.BadInput,
      `the concurrency is ${concurrency}, not 1 to ${MAX_CONCURRENCY}`,
    );
  }
  const address = targetAddress(target);
  const request = encodeOnce(address.protocol, options);
  const connector = nodeConnector(address, { connectTimeout: Number.POSITIVE_INFINITY });
  const length = request.bytes.reduce((sum, bytes) => sum + bytes.length, 0);
  const run = new LoadRun(options, length, (handlers) =>
    Array.from({ length: concurrency }, () => new Slot(connector, request, options.keep, handlers)),
  );
  return run.finish();
}

class LoadRun implements SlotHandlers {
  readonly #options: LoadOptions;
  readonly #length: number;
  readonly #slots: readonly Slot[];
  readonly #free: Slot[];
  readonly #tally = new Tally();
  readonly #start = performance.now();
  readonly #schedule: Schedule;
  #timer: NodeJS.Timeout | undefined;
  #cancelled = 0;
  #failures = 0;
  #isHopeless = false;
  #unsent = 0;
  #lastAnswer = this.#start;
  #onFinished: (() => void) | undefined;
  /** Whether {@link #send} runs: a slot may become free within it. */
  #isSending = false;

  /** @param length bytes of the request */
  constructor(
    options: LoadOptions,
    length: number,
    createSlots: (handlers: SlotHandlers) => readonly Slot[],
  ) {
    this.#options = options;
    this.#length = length;
    this.#schedule = new Schedule(options, this.#start);
    this.#slots = createSlots(this);
    this.#free = [...this.#slots];
  }

  async finish(): Promise<LoadResult> {
    const { signal, timeout } = this.#options;
    const cancel = (): void => this.#cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    const looks = setInterval(() => {
      const now = performance.now();
      for (const slot of this.#slots) slot.expire(now, timeout);
    }, LOOK);
    try {
      if (signal?.aborted) this.#schedule.stop();
      await new Promise<void>((resolve) => {
        this.#onFinished = resolve;
        this.#send();
      });
    } finally {
      clearInterval(looks);
      clearTimeout(this.#timer);
      signal?.removeEventListener("abort", cancel);
      for (const slot of this.#slots) slot.close();
    }
    return {
      requests: this.#schedule.count,
      elapsed: this.#lastAnswer - this.#start,
      tally: this.#tally,
      cancelled: this.#cancelled,
      unsent: this.#unsent,
      isHopeless: this.#isHopeless,
    };
  }

  answered({ dueAt, sentAt }: Slot, status: number): void {
    const now = performance.now();
    this.#lastAnswer = now;
    const since = this.#options.rate === undefined ? sentAt : dueAt;
    this.#tally.answer(status, now - since, now - sentAt);
  }

  failed(_: Slot, error: GatewayError): void {
    this.#lastAnswer = performance.now();
    if (error.code === ErrorCode.Aborted) this.#cancelled++;
    else this.#tally.error(error);
    this.#failures++;
    if (this.#isHopeless || this.#tally.answers > 0 || this.#failures < HOPELESS) return;
    this.#isHopeless = this.#schedule.next(this.#lastAnswer) !== undefined;
    this.#schedule.stop();
  }

  sent(): void {
    this.#tally.sent += this.#length;
  }

  received(length: number): void {
    this.#tally.received += length;
  }

  free(slot: Slot): void {
    this.#free.push(slot);
    this.#send();
  }

  /** Sends the requests that are due, while slots are free. */
  #send(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    let now = performance.now();
    for (let slot = this.#free.pop(); slot !== undefined; slot = this.#free.pop()) {
      const dueAt = this.#schedule.take(now);
      if (dueAt === undefined) {
        this.#free.push(slot);
        break;
      }
      slot.start(dueAt);
      now = performance.now();
    }
    this.#isSending = false;
    this.#wait(now);
  }

  /** Waits for the next request to be due, or finishes. */
  #wait(now: number): void {
    if (this.#free.length === 0) return;
    const next = this.#schedule.next(now);
    if (next === undefined) {
      // With --keep, a worker that waits for nothing more would be missing to the other requests.
      for (const slot of this.#free) slot.close();
      // Only now: a request that is overdue may still be sent before the end.
      if (this.#free.length === this.#slots.length) {
        this.#unsent ||= this.#schedule.overdue(now);
        this.#onFinished?.();
      }
    } else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#send();
      }, next - now);
    }
  }

  #cancel(): void {
    this.#unsent = this.#schedule.overdue(performance.now());
    this.#schedule.stop();
    clearTimeout(this.#timer);
    const timer = setTimeout(() => {
      const message = "the run was cancelled";
      for (const slot of this.#slots) slot.abandon(new GatewayError(ErrorCode.Aborted, message));
      this.#onFinished?.();
    }, DRAIN);
    timer.unref();
    this.#send();
  }
}
