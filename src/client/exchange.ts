import { ByteCollector, utf8 } from "../bytes.js";
import type { ClientMachine, RequestEnd } from "../cgi/client-machine.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { MAX_TIMER } from "../limits.js";
import { type Abortable, addAbortable, NOT_LISTED, removeAbortable } from "./abort-listeners.js";
import type { Channel, ChannelHandlers, CreateClientMachine, OpenChannel } from "./channel.js";
import { type BodyReceiver, type BodySource, sendBody } from "./send-body.js";

/**
 * Called instead of {@link Exchange.abandon} when nothing has arrived in time on an open connection.
 * From then on the request has no deadline: it ends by its answer, its signal, or `abandon`.
 *
 * @param error what the request would have failed with
 */
export type OnSilence = (error: GatewayError, abandon: () => void) => void;

export interface ExchangeOptions {
  /** Milliseconds that the whole answer may take, from the start of the request. 0 leaves no time. */
  timeout: number;
  /** Milliseconds of `timeout` that have passed already. Default: 0. */
  elapsed?: number | undefined;
  /**
   * Milliseconds that the answer of an abandoned request is still read and discarded, up to 8 MiB.
   * Default: 1,000; 0 closes the connection at once. On a unix socket, a worker of php-fpm 8.2.36 that writes a
   * status page of over 8 KB to a client that has left ends with code 70: 200 such clients ended 84.
   * Scripts, pings and short pages ended none, and neither did any client over TCP.
   */
  drainTimeout?: number | undefined;
  signal?: AbortSignal | undefined;
  /** The hint of the error when nothing arrives in time. Default: that of all `deadline` errors. */
  silenceHint?: string | undefined;
  onSilence?: OnSilence | undefined;
  /** The streams that follow the request's head, in order. Default: an empty body. */
  bodies?: ((machine: ClientMachine) => readonly BodySource[]) | undefined;
}

/** Where an answer goes. An exchange ends with one call of `end` or `failed`. */
export interface ExchangeSink {
  /** Takes a view of engine memory, valid until it returns. What it throws ends the exchange. */
  stdout(bytes: Uint8Array): void;
  /** Takes a view of engine memory, valid until it returns. */
  stderr(bytes: Uint8Array): void;
  end(result: RequestEnd): void;
  failed(error: GatewayError): void;
}

/**
 * The most bytes of an abandoned answer that are discarded: as many as a status page may have. A peer
 * that never ends sends hundreds of megabytes in a second.
 */
const MOST_DRAINED = 8_388_608;

const State = { Open: 0, Draining: 1, Done: 2 } as const;

/**
 * Sends one request, receives its answer and watches the deadline. However it ends, it frees the
 * socket and the timers.
 */
export class Exchange implements Abortable, ChannelHandlers, BodyReceiver {
  readonly #open: OpenChannel;
  readonly #createMachine: CreateClientMachine;
  #channel: Channel;
  readonly #sink: ExchangeSink;
  readonly #options: ExchangeOptions;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #drainTimeout: number;
  #drainTimer: ReturnType<typeof setTimeout> | undefined;
  #discarded = 0;
  #state: 0 | 1 | 2 = State.Open;
  #ready = false;
  /** Whether a part of the answer has arrived. */
  #answered = false;
  /** Whether the sink makes the peer wait. */
  #paused = false;
  /** Whether the request can be sent again on another connection: a stream is read once. */
  #replayable = true;
  #drained: (() => void) | undefined;
  onRelease: (() => void) | undefined;
  abortIndex = NOT_LISTED;

  constructor(
    open: OpenChannel,
    createMachine: CreateClientMachine,
    sink: ExchangeSink,
    options: ExchangeOptions,
  ) {
    // Before anything opens, because a bad option throws.
    const delay = timerDelay("timeout", options.timeout - (options.elapsed ?? 0));
    const { drainTimeout = 1_000 } = options;
    this.#drainTimeout = drainTimeout === 0 ? 0 : timerDelay("drainTimeout", drainTimeout);
    this.#sink = sink;
    this.#options = options;
    this.#open = open;
    this.#createMachine = createMachine;
    this.#channel = open(createMachine, this);
    this.#timer = setTimeout(() => this.#expire(), delay);
    const { signal } = options;
    // Null is no signal, as it is for fetch.
    if (!signal) return;
    addAbortable(signal, this);
    if (signal.aborted) queueMicrotask(() => this.abort());
  }

  /** True until the answer is complete or abandoned. */
  get open(): boolean {
    return this.#state === State.Open;
  }

  /** Stops reading until {@link resume}: the peer waits. */
  pause(): void {
    this.#paused = true;
    this.#channel.stream.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#channel.stream.resume();
  }

  /** Abandons the request. The sink gets the error `aborted`. */
  abort(): void {
    this.abandon(new GatewayError(ErrorCode.Aborted, "the request was cancelled"));
  }

  /** Fails with `error`, asks the application to stop, and drains what it still sends. */
  abandon(error: GatewayError): void {
    if (this.#state !== State.Open) return;
    this.#state = State.Draining;
    this.#release();
    if (!this.#ready || this.#drainTimeout === 0) this.#close();
    else {
      this.#drainTimer = setTimeout(() => this.#close(), this.#drainTimeout);
      this.#channel.stream.write(this.#channel.machine.abort());
      this.#channel.stream.resume();
    }
    this.#sink.failed(error);
  }

  ready(): void {
    this.#ready = true;
    const { machine } = this.#channel;
    const { bodies } = this.#options;
    if (bodies === undefined) {
      this.#channel.stream.write([...machine.open(), ...machine.endBody()]);
      return;
    }
    const sources = bodies(machine);
    this.#replayable = sources.every(({ content }) => !(content instanceof ReadableStream));
    this.#channel.stream.write(machine.open());
    sendBody(sources, this).catch((error: unknown) => {
      this.abandon(
        error instanceof GatewayError
          ? error
          : new GatewayError(ErrorCode.BadInput, "the request's body could not be read", {
              cause: error,
            }),
      );
    });
  }

  async send(parts: readonly Uint8Array[]): Promise<void> {
    if (this.#channel.stream.write(parts) || this.#state !== State.Open) return;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
  }

  drained(): void {
    this.#drained?.();
    this.#drained = undefined;
  }

  stdout(bytes: Uint8Array): void {
    this.#answered = true;
    if (this.#state === State.Open) this.#sink.stdout(bytes);
    else this.#discard(bytes);
  }

  stderr(bytes: Uint8Array): void {
    this.#answered = true;
    if (this.#state === State.Open) this.#sink.stderr(bytes);
    else this.#discard(bytes);
  }

  end(result: RequestEnd): void {
    if (this.#finish()) this.#sink.end(result);
  }

  /** Tries another connection when a kept one was closed just before it was used. */
  failed(error: GatewayError): void {
    const lost = error.code === ErrorCode.ClosedWithoutAnswer && this.#channel.reused;
    if (lost && this.#replayable && this.#state === State.Open) {
      this.#ready = false;
      this.#channel = this.#open(this.#createMachine, this);
      return;
    }
    if (this.#finish()) this.#sink.failed(error);
  }

  #expire(): void {
    const within = `within ${Math.ceil(this.#options.timeout)} ms`;
    const error = this.#ready
      ? this.#deadlineError(within)
      : new GatewayError(ErrorCode.ConnectTimeout, `no connection ${within}`);
    const { onSilence } = this.#options;
    if (onSilence === undefined || !this.#ready || this.#answered) this.abandon(error);
    else onSilence(error, () => this.abandon(error));
  }

  /** Explains why an answer is not complete in time, as far as this side can see. */
  #deadlineError(within: string): GatewayError {
    const failure = (message: string, hint: string | undefined): GatewayError =>
      new GatewayError(ErrorCode.Deadline, `${message} ${within}`, { hint });
    if (this.#paused) {
      const hint = "the backend waits until its answer is read: read faster, or raise the timeout";
      return failure("the answer was not read", hint);
    }
    if (this.#answered) {
      const hint =
        "the answer had begun: the application is slow or stuck; see its slow log, or raise the timeout";
      return failure("no complete answer", hint);
    }
    const { silenceHint } = this.#options;
    return this.#channel.machine.unanswered?.() ?? failure("no complete answer", silenceHint);
  }

  /** @returns whether the sink has to be called */
  #finish(): boolean {
    const open = this.#state === State.Open;
    this.#state = State.Done;
    clearTimeout(this.#drainTimer);
    this.#release();
    return open;
  }

  #discard({ length }: Uint8Array): void {
    this.#discarded += length;
    if (this.#state === State.Draining && this.#discarded > MOST_DRAINED) this.#close();
  }

  #close(): void {
    clearTimeout(this.#drainTimer);
    this.#state = State.Done;
    this.#channel.close();
  }

  /** Stops the timer, ignores the signal, and ends a wait for `drained`. */
  #release(): void {
    clearTimeout(this.#timer);
    const { signal } = this.#options;
    if (signal !== undefined) removeAbortable(signal, this);
    if (this.#drained !== undefined) this.drained();
    this.onRelease?.();
  }
}

/**
 * The delay of a timer for an option in milliseconds. What is longer than a timer can wait, such as
 * Infinity, becomes the longest delay: 24.8 days. 0 and less leave no time: the timer ends after 1 ms.
 *
 * @param name the option, for the message
 * @throws GatewayError `bad_input` for what is not a number
 */
export function timerDelay(name: string, value: number): number {
  if (typeof value !== "number" || Number.isNaN(value)) {
    throw new GatewayError(ErrorCode.BadInput, `${name} is ${String(value)}, not milliseconds`);
  }
  return Math.min(Math.max(1, value), MAX_TIMER);
}

/** The start of what a backend writes to its error stream, for error messages. */
export class ErrorStreamStart {
  readonly #limit: number;
  readonly #bytes = new ByteCollector();
  #dropped = 0;

  /** @param limit the number of bytes to keep */
  constructor(limit: number) {
    this.#limit = limit;
  }

  push(bytes: Uint8Array): void {
    const kept = bytes.subarray(0, this.#limit - this.#bytes.length);
    this.#bytes.push(kept);
    this.#dropped += bytes.length - kept.length;
  }

  /** The bytes decoded as UTF-8, and how many were dropped. Empty when there are none. */
  get text(): string {
    if (this.#bytes.length === 0) return "";
    const text = utf8(this.#bytes.bytes);
    return this.#dropped === 0 ? text : `${text}\n… and ${this.#dropped} more bytes`;
  }
}
