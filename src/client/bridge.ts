import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Address, Protocol } from "../address.js";
import { ByteCollector, latin1, utf8Bytes } from "../bytes.js";
import type { RequestEnd } from "../cgi/client-machine.js";
import type { Variable } from "../cgi/variables.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultLimits, type Limits } from "../limits.js";
import { checkMilliseconds } from "../numbers.js";
import { type Environment, requestVariablesFromEnvironment } from "../transport/environment.js";
import { AnswerHead } from "./answer-head.js";
import { type BridgeRequest, readRequest } from "./bridge-request.js";
import { checkOptions } from "./check-options.js";
import { createMachineFor } from "./client-machines.js";
import { type ConnectOptions, channelsTo, targetAddress } from "./connect.js";
import { Exchange, type ExchangeSink, timerDelay } from "./exchange.js";
import { bodySource } from "./send-body.js";

export interface BridgeOptions extends ConnectOptions {
  /**
   * The environment to take the request's variables from: those of RFC 3875, those that web servers
   * add to them (REQUEST_URI, SCRIPT_FILENAME, HTTPS and so on), and all that begin with HTTP_,
   * except HTTP_PROXY. Default: this process's environment.
   */
  env?: Environment | undefined;
  /** The names of other variables in `env` to forward. Default: none. */
  forward?: readonly string[] | undefined;
  /** The body of the request. Default: standard input. */
  stdin?: Readable | undefined;
  /** Where the answer goes. Default: standard output. */
  stdout?: Writable | undefined;
  /** Where errors and the application's error stream go. Default: standard error. */
  stderr?: Writable | undefined;
  /**
   * Milliseconds to wait before each further try when the connection is refused, as it is while a
   * backend restarts. Default: 1,000, 2,000, 4,000 and 8,000; an empty list does not try again.
   */
  retryDelays?: readonly number[] | undefined;
  /**
   * Milliseconds that the whole answer may take. Default: 300,000, because front ends have limits
   * of their own; 0 leaves no time; more than a timer can wait, such as Infinity, is 24.8 days.
   */
  timeout?: number | undefined;
  /** Limits of what is sent and received, see {@link Limits}. Default: `defaultLimits`. */
  limits?: Partial<Limits> | undefined;
  /** Cancels the request. Abort it on SIGTERM, which front ends send to stop CGI programs. */
  signal?: AbortSignal | undefined;
}

/** Milliseconds for an answer whose caller sets no other time. */
const TIMEOUT = 300_000;
const retryDelays = [1_000, 2_000, 4_000, 8_000];

/**
 * Runs as a CGI program that forwards its request to a backend, as cgi2scgi does. The environment
 * becomes the variables, with CONTENT_LENGTH first; standard input is the body; the answer goes to
 * standard output.
 *
 * @returns the exit code: the application's exit status, at most 255; or 1 when the answer is not
 * complete. Standard error then says why, and the client gets 502 or 504 unless the answer had begun
 * @throws GatewayError `bad_address`; `bad_input` for HTTP_PROXY, for an invalid name in
 * `forward`, and for a time that is none
 */
export async function bridge(
  target: string | Address,
  options: BridgeOptions = {},
): Promise<number> {
  checkOptions("options", options);
  const address = targetAddress(target);
  timerDelay("timeout", options.timeout ?? TIMEOUT);
  for (const delay of options.retryDelays ?? []) checkMilliseconds("retryDelays", delay);
  const { stdout = process.stdout, stderr = process.stderr } = options;
  const streams = { stdin: options.stdin ?? process.stdin, stdout, stderr };
  const variables = requestVariablesFromEnvironment(options.env, options.forward ?? []);
  try {
    return await forward(address, variables, streams, options);
  } finally {
    if (streams.stdin === process.stdin) streams.stdin.destroy();
    await new Promise<void>((resolve) => {
      if (stdout.writable) stdout.write("", () => resolve());
      else resolve();
    });
  }
}

interface Streams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

/** Tries again while the connection is refused: until then, no streamed body has been read. */
async function forward(
  address: Address,
  variables: readonly Variable[],
  { stdin, stdout, stderr }: Streams,
  options: BridgeOptions,
): Promise<number> {
  const limits = { ...defaultLimits, ...options.limits };
  const { timeout = TIMEOUT, signal } = options;
  const delays = [...(options.retryDelays ?? retryDelays)];
  let request: BridgeRequest | undefined;
  for (;;) {
    const answer = new BridgeAnswer(address.protocol, stdout, stderr, limits);
    try {
      request ??= await readRequest(variables, stdin, timeout, signal);
      answer.start(sendRequest(address, request, answer, limits, options));
      const { appStatus } = await answer.ended;
      return Math.min(appStatus, 255);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      const delay = error.code === ErrorCode.Refused ? delays.shift() : undefined;
      if (delay === undefined || signal?.aborted === true) {
        const { message, hint } = error;
        stderr.write(`fcgi-probe: ${address.text}: ${message}\nhint: ${hint}\n`);
        if (!answer.begun) stdout.write(errorPage(error));
        return 1;
      }
      await sleep(delay, undefined, { signal }).catch(() => {});
    }
  }
}

function sendRequest(
  address: Address,
  request: BridgeRequest,
  answer: BridgeAnswer,
  limits: Limits,
  options: BridgeOptions,
): Exchange {
  const { protocol } = address;
  const { variables, contentLength } = request;
  const createMachine = createMachineFor(protocol, variables, contentLength, limits, {});
  return new Exchange(channelsTo(address, options), createMachine, answer, {
    timeout: options.timeout ?? TIMEOUT,
    signal: options.signal,
    bodies: (machine) => [
      bodySource(machine, { content: request.content(), length: contentLength }),
    ],
  });
}

function errorPage({ code }: GatewayError): Uint8Array {
  const isTimeout = code === ErrorCode.Deadline || code === ErrorCode.ConnectTimeout;
  const reason = isTimeout ? "504 Gateway Timeout" : "502 Bad Gateway";
  return utf8Bytes(`Status: ${reason}\r\nContent-Type: text/plain\r\n\r\n${reason}\n`);
}

/** Writes a backend's answer as a CGI program does, as fast as it is read. */
export class BridgeAnswer implements ExchangeSink {
  /** Settles when the answer is complete. */
  readonly ended: Promise<RequestEnd>;
  readonly #stdout: Writable;
  readonly #stderr: Writable;
  readonly #head: AnswerHead;
  readonly #kept = new ByteCollector();
  #resolve!: (end: RequestEnd) => void;
  #reject!: (error: GatewayError) => void;
  #exchange: Exchange | undefined;
  #headDone = false;
  readonly #onDrain = (): void => this.#exchange?.resume();
  readonly #onError = (): void => this.#exchange?.abort();

  constructor(protocol: Protocol, stdout: Writable, stderr: Writable, limits: Limits) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#head = new AnswerHead(protocol, limits);
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    stdout.on("drain", this.#onDrain);
    stdout.on("error", this.#onError);
  }

  /** Whether a part of the answer has been written. */
  get begun(): boolean {
    return this.#headDone;
  }

  start(exchange: Exchange): void {
    this.#exchange = exchange;
  }

  stdout(bytes: Uint8Array): void {
    if (this.#headDone) this.#write(bytes.slice());
    else this.#readHead(bytes);
  }

  stderr(bytes: Uint8Array): void {
    this.#stderr.write(bytes.slice());
  }

  end(result: RequestEnd): void {
    this.#release();
    if (this.#headDone) this.#resolve(result);
    else this.#reject(this.#head.closed());
  }

  failed(error: GatewayError): void {
    this.#release();
    this.#reject(error);
  }

  #readHead(bytes: Uint8Array): void {
    this.#kept.push(bytes);
    const head = this.#head.push(bytes);
    if (head === undefined) return;
    this.#headDone = true;
    const answer = this.#kept.take();
    // uWSGI begins with a status line, as HTTP does. A front end reads the status from a field.
    const begin = latin1(answer, 0, Math.min(5, answer.length));
    if (begin === "HTTP/") {
      this.#write(utf8Bytes(`Status: ${head.status} ${head.statusText}`.trimEnd().concat("\r\n")));
      this.#write(answer.subarray(answer.indexOf(0x0a) + 1));
    } else this.#write(answer);
  }

  #write(bytes: Uint8Array): void {
    if (!this.#stdout.write(bytes)) this.#exchange?.pause();
  }

  #release(): void {
    this.#stdout.off("drain", this.#onDrain);
    this.#stdout.off("error", this.#onError);
  }
}
