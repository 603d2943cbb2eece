import { GatewayError } from "../../errors.js";
import type { LogListener } from "../settings.js";

export interface RepeatedPushOptions {
  /** Milliseconds from the start of one push to that of the next. */
  readonly interval: number;
  /** The file or the endpoint, for the log. */
  readonly destination: string;
  /** What the log says when the outcome changes. */
  readonly messages: PushMessages;
  readonly log: LogListener;
}

export interface PushMessages {
  readonly works: string;
  readonly worksAgain: string;
  readonly fails: string;
  /** For a push that succeeded, but not quite. Default: that of `works`. */
  readonly warns?: string | undefined;
}

/** Pushes once. Returns what is to be warned of, and rejects with what went wrong. */
export type PushOnce = (signal: AbortSignal) => Promise<string | undefined>;

/** Milliseconds for which the end waits for a push that is going on. */
const STOP_TIME = 500;

/**
 * Pushes now, and then on an interval. A push that takes longer is not overtaken: the next one begins
 * at its end. The log has a line when the outcome changes, and none for each push.
 */
export class RepeatedPush {
  readonly #push: PushOnce;
  readonly #options: RepeatedPushOptions;
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: Promise<void>;
  /** What the log said last; empty after a success, `undefined` before the first push. */
  #problem: string | undefined;

  constructor(push: PushOnce, options: RepeatedPushOptions) {
    this.#push = push;
    this.#options = options;
    this.#running = this.#run();
  }

  /** Ends it. A push that is going on has half a second to end. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_TIME);
    });
    await Promise.race([this.#running, late]);
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    const started = performance.now();
    try {
      this.#report({ warning: await this.#push(this.#stop.signal) });
    } catch (error) {
      this.#report({ error: error instanceof Error ? error : new Error(String(error)) });
    }
    if (this.#stop.signal.aborted) return;
    const wait = this.#options.interval - (performance.now() - started);
    this.#timer = setTimeout(
      () => {
        this.#running = this.#run();
      },
      Math.max(0, wait),
    );
  }

  #report({ error, warning }: { error?: Error; warning?: string | undefined }): void {
    const before = this.#problem;
    const problem = error?.message ?? warning ?? "";
    if (problem === before || this.#stop.signal.aborted) return;
    this.#problem = problem;
    const { destination, log, messages } = this.#options;
    if (error !== undefined) {
      const hint = error instanceof GatewayError ? error.hint : undefined;
      log({ level: "error", message: messages.fails, destination, error: problem, hint });
    } else if (warning !== undefined) {
      const message = messages.warns ?? messages.works;
      log({ level: "warn", message, destination, error: problem });
    } else {
      const message = before === undefined ? messages.works : messages.worksAgain;
      log({ level: "info", message, destination });
    }
  }
}
