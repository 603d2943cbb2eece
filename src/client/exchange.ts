import { ByteCollector, utf8 } from "../bytes.js";
import type { ClientMachine, RequestEnd } from "../cgi/client-machine.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { Channel, ChannelHandlers, CreateClientMachine, OpenChannel } from "./channel.js";
import { type BodyReceiver, type BodySource, sendBody } from "./send-body.js";

export interface ExchangeOptions {
  /** Milliseconds from now until the answer must be complete. */
  timeout: number;
  /**
   * Milliseconds that an abandoned request is still read for, unseen. A php-fpm worker that writes
   * to a closed socket dies, so what was asked for is taken. Default 1,000; 0 closes at once.
   */
  drainTimeout?: number | undefined;
  signal?: AbortSignal | undefined;
  /** What to check when nothing has come in time. Default: as for every deadline. */
  silenceHint?: string | undefined;
  /** What follows the request's head, in order. None: an empty body. */
  bodies?: ((machine: ClientMachine) => readonly BodySource[]) | undefined;
}

/** Where an answer goes. Each exchange ends with one `end` or one `failed`. */
export interface ExchangeSink {
  /** A view of engine memory, valid until this returns. What it throws ends the exchange. */
  stdout(bytes: Uint8Array): void;
  /** A view of engine memory, valid until this returns. */
  stderr(bytes: Uint8Array): void;
  end(result: RequestEnd): void;
  failed(error: GatewayError): void;
}

const State = { Open: 0, Draining: 1, Done: 2 } as const;

/**
 * One request and its answer: sends, receives, and keeps the deadline. Whatever happens, the
 * socket and the timers are free afterwards.
 */
export class Exchange implements ChannelHandlers, BodyReceiver {
  readonly #openChannel: () => Channel;
  #channel: Channel;
  readonly #sink: ExchangeSink;
  readonly #options: ExchangeOptions;
  readonly #timer: ReturnType<typeof setTimeout>;
  #drainTimer: ReturnType<typeof setTimeout> | undefined;
  #state: 0 | 1 | 2 = State.Open;
  #ready = false;
  /** Something of the answer has come. */
  #answered = false;
  /** What takes the answer makes the peer wait. */
  #paused = false;
  /** Whether the request can be sent once more, on another connection. */
  #replayable = true;
  #drained: (() => void) | undefined;
  onRelease: (() => void) | undefined;
  readonly #onAbort = (): void => this.abort();

  constructor(
    open: OpenChannel,
    createMachine: CreateClientMachine,
    sink: ExchangeSink,
    options: ExchangeOptions,
  ) {
    this.#sink = sink;
    this.#options = options;
    this.#openChannel = () => open(createMachine, this);
    this.#channel = this.#openChannel();
    this.#timer = setTimeout(() => this.#expire(), options.timeout);
    options.signal?.addEventListener("abort", this.#onAbort);
    if (options.signal?.aborted === true) queueMicrotask(this.#onAbort);
  }

  /** True until the answer is complete, or given up. */
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

  /** Gives the answer up. The sink hears of it as `aborted`. */
  abort(): void {
    this.abandon(new GatewayError(ErrorCode.Aborted, "the request was cancelled"));
  }

  /** Fails with `error`, asks the application to stop, and drains what it still sends. */
  abandon(error: GatewayError): void {
    if (this.#state !== State.Open) return;
    this.#state = State.Draining;
    this.#release();
    const drainTimeout = this.#options.drainTimeout ?? 1_000;
    if (!this.#ready || drainTimeout === 0) this.#close();
    else {
      this.#drainTimer = setTimeout(() => this.#close(), drainTimeout);
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
  }

  stderr(bytes: Uint8Array): void {
    this.#answered = true;
    if (this.#state === State.Open) this.#sink.stderr(bytes);
  }

  end(result: RequestEnd): void {
    if (this.#finish()) this.#sink.end(result);
  }

  /** A kept connection may have been closed just before it was used: another one is tried then. */
  failed(error: GatewayError): void {
    const lost = error.code === ErrorCode.ClosedWithoutAnswer && this.#channel.reused;
    if (lost && this.#replayable && this.#state === State.Open) {
      this.#ready = false;
      this.#channel = this.#openChannel();
      return;
    }
    if (this.#finish()) this.#sink.failed(error);
  }

  #expire(): void {
    const within = `within ${Math.ceil(this.#options.timeout)} ms`;
    this.abandon(
      this.#ready
        ? this.#lateAnswer(within)
        : new GatewayError(ErrorCode.ConnectTimeout, `no connection ${within}`),
    );
  }

  /** Why an answer is not complete in time, as far as that shows from here. */
  #lateAnswer(within: string): GatewayError {
    const late = (message: string, hint: string | undefined): GatewayError =>
      new GatewayError(ErrorCode.Deadline, `${message} ${within}`, { hint });
    if (this.#paused) {
      const hint = "the backend waits for what takes its answer: read faster, or raise the timeout";
      return late("the answer was not taken", hint);
    }
    if (this.#answered) {
      const hint =
        "the answer had begun: the application is slow or stuck; see its slow log, or raise the timeout";
      return late("no complete answer", hint);
    }
    const { silenceHint } = this.#options;
    return this.#channel.machine.unanswered?.() ?? late("no complete answer", silenceHint);
  }

  /** @returns whether the sink still waits for the news */
  #finish(): boolean {
    const open = this.#state === State.Open;
    this.#state = State.Done;
    clearTimeout(this.#drainTimer);
    this.#release();
    return open;
  }

  #close(): void {
    this.#state = State.Done;
    this.#channel.close();
  }

  /** Lets go of the timer, the signal and whoever waits to send. */
  #release(): void {
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.drained();
    this.onRelease?.();
  }
}

/** The start of what a backend writes to its error stream, for the message of a failure. */
export class ErrorStreamStart {
  readonly #limit: number;
  readonly #bytes = new ByteCollector();
  #dropped = 0;

  /** @param limit bytes that are kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  push(bytes: Uint8Array): void {
    const kept = bytes.subarray(0, this.#limit - this.#bytes.length);
    this.#bytes.push(kept);
    this.#dropped += bytes.length - kept.length;
  }

  /** As UTF-8; says how much was left out. Empty when nothing came. */
  get text(): string {
    if (this.#bytes.length === 0) return "";
    const text = utf8(this.#bytes.bytes);
    return this.#dropped === 0 ? text : `${text}\n… and ${this.#dropped} more bytes`;
  }
}
