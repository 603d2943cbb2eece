import type { Readable, Writable } from "node:stream";
import { Protocol } from "../address.js";
import { checkObject, hasMethod, wrongArgument } from "../arguments.js";
import type { ServerRequest } from "../cgi/server-machine.js";
import { Variables } from "../cgi/variables.js";
import { ErrorCode, GatewayError } from "../errors.js";
import {
  dropClientProxy,
  type Environment,
  environmentVariables,
  hasChunkedBody,
} from "../transport/environment.js";
import { checkHandler, type HandlerLike } from "./handler.js";
import {
  defaultRunnerOptions,
  RequestRunner,
  type Responder,
  type RunnerConnection,
  responderOf,
} from "./run-request.js";
import { checkServeOptions } from "./serving-options.js";

/** Options of `serveCgi`. */
export interface ServeCgiOptions {
  /**
   * The request's variables. Default: this process's environment. HTTP_PROXY, which a client sets by
   * a `Proxy` header, is left out, and removed from this process's environment.
   */
  env?: Environment | undefined;
  /** The request's body. Default: this process's standard input. */
  stdin?: Readable | undefined;
  /** Takes the response. Default: this process's standard output. */
  stdout?: Writable | undefined;
  /** Takes what the handler logs. Default: this process's standard error. */
  stderr?: Writable | undefined;
  /** Milliseconds between two pieces of the body. Default: 60,000; 0 waits forever. */
  bodyTimeout?: number | undefined;
  /** Milliseconds until the handler returns its response. Default: 60,000; 0 waits forever. */
  responseTimeout?: number | undefined;
  /** Aborts the handler's signal. Abort it on SIGTERM, which front ends send to stop CGI programs. */
  signal?: AbortSignal | undefined;
}

/**
 * Answers one request as a CGI program (RFC 3875): the environment and standard input are the
 * request, standard output takes the response.
 *
 * @returns the exit code: 0, or 1 when the handler failed or the response could not be completed;
 * the client gets 500 if nothing was sent before, and standard error has the reason
 * @throws GatewayError `bad_input` for a timeout that no timer can wait for, when this process was not
 * started as a CGI program, or when Node has taken a client's HTTP_PROXY for its own proxy
 * (NODE_USE_ENV_PROXY)
 */
export async function serveCgi(
  application: HandlerLike,
  options: ServeCgiOptions = {},
): Promise<number> {
  checkHandler("application", application);
  checkObject("options", options);
  const { env = process.env, bodyTimeout, responseTimeout, signal } = options;
  checkServeOptions({ bodyTimeout, responseTimeout, signal });
  checkObject("env", env);
  checkStream("stdin", options.stdin, "resume");
  checkStream("stdout", options.stdout, "write");
  checkStream("stderr", options.stderr, "write");
  if (env === process.env) dropClientProxy();
  const variables = new Variables(environmentVariables(env));
  if (variables.get("REQUEST_METHOD") === undefined) {
    throw new GatewayError(ErrorCode.BadInput, "there is no request: REQUEST_METHOD is not set", {
      hint: "this is a CGI program: let a web server run it, or set the variables of RFC 3875",
    });
  }
  const exchange = new CgiExchange(variables, responderOf(application), options);
  return exchange.exitCode;
}

/** @throws TypeError for what is not a stream of Node's */
function checkStream(name: string, value: unknown, method: "resume" | "write"): void {
  if (value === undefined || hasMethod(value, method)) return;
  throw wrongArgument(name, value, method === "write" ? "a Writable" : "a Readable");
}

/** The one request of a CGI program, and the connection that it is on: the standard streams. */
class CgiExchange implements ServerRequest, RunnerConnection {
  readonly protocol = Protocol.Cgi;
  readonly headBegin = "status-field";
  readonly role = "responder";
  readonly variables: Variables;
  readonly exitCode: Promise<number>;
  readonly #stdin: Readable;
  readonly #stdout: Writable;
  readonly #stderr: Writable;
  readonly #signal: AbortSignal | undefined;
  readonly #runner: RequestRunner;
  readonly #expected: number;
  #resolve!: (exitCode: number) => void;
  #received = 0;
  #ended = false;
  #failed = false;
  #waiting: (() => void) | undefined;
  readonly #onData = (bytes: Uint8Array): void => this.#receive(bytes);
  readonly #onEnd = (): void => this.#endBody();
  readonly #onLost = (error: Error): void => this.#abort(`standard output: ${error.message}`);
  readonly #onAbort = (): void => this.#abort("this program was asked to end");
  readonly #onDrain = (): void => this.#release();

  constructor(variables: Variables, respond: Responder, options: ServeCgiOptions) {
    this.variables = variables;
    this.#stdin = options.stdin ?? process.stdin;
    this.#stdout = options.stdout ?? process.stdout;
    this.#stderr = options.stderr ?? process.stderr;
    this.#signal = options.signal;
    this.exitCode = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#expected = bodyLength(variables);
    const { bodyBuffer, bodyTimeout, responseTimeout } = defaultRunnerOptions;
    this.#runner = new RequestRunner(this, respond, this, {
      bodyBuffer,
      bodyTimeout: options.bodyTimeout ?? bodyTimeout,
      responseTimeout: options.responseTimeout ?? responseTimeout,
    });
    this.#stdout.on("error", this.#onLost);
    this.#stdout.on("drain", this.#onDrain);
    this.#signal?.addEventListener("abort", this.#onAbort);
    if (this.#signal?.aborted === true) this.#onAbort();
    this.#read();
  }

  get ended(): boolean {
    return this.#ended;
  }

  respond(bytes: Uint8Array): void {
    if (!this.#ended) this.#stdout.write(bytes);
  }

  error(bytes: Uint8Array): void {
    this.#stderr.write(bytes);
  }

  errorOutput(bytes: Uint8Array): void {
    this.#stderr.write(bytes);
  }

  end(): void {
    this.#ended = true;
  }

  /** CGI shows a broken response by the exit code alone. */
  fail(): void {
    this.#ended = true;
    this.#failed = true;
  }

  refuse(): void {
    this.fail();
  }

  drained(): Promise<void> | undefined {
    if (!this.#stdout.writableNeedDrain) return undefined;
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  resumeReading(): void {
    if (!this.#runner.full) this.#stdin.resume();
  }

  report(): void {
    this.#failed = true;
  }

  /** Releases the streams, so that a process that has nothing else to do ends. */
  finished(): void {
    this.#stopReading();
    if (this.#stdin === process.stdin) this.#stdin.destroy();
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#stdout.off("drain", this.#onDrain);
    const exit = (): void => {
      this.#stdout.off("error", this.#onLost);
      this.#resolve(this.#failed ? 1 : 0);
    };
    if (this.#stdout.destroyed || !this.#stdout.writable) exit();
    else this.#stdout.write(new Uint8Array(0), exit);
  }

  /** Reads the body up to its length: a front end need not close the input after it. */
  #read(): void {
    if (this.#expected === 0) {
      this.#runner.endBody();
      return;
    }
    this.#stdin.on("data", this.#onData);
    this.#stdin.once("end", this.#onEnd);
    this.#stdin.once("error", this.#onEnd);
    this.#stdin.resume();
  }

  #receive(bytes: Uint8Array): void {
    this.#received += bytes.length;
    this.#runner.body(bytes);
    if (this.#received >= this.#expected) this.#endBody();
    else if (this.#runner.full) this.#stdin.pause();
  }

  #endBody(): void {
    this.#stopReading();
    this.#runner.endBody();
  }

  #stopReading(): void {
    this.#stdin.off("data", this.#onData);
    this.#stdin.off("end", this.#onEnd);
    this.#stdin.off("error", this.#onEnd);
    this.#stdin.pause();
  }

  #abort(why: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failed = true;
    this.#runner.aborted(new GatewayError(ErrorCode.Aborted, why));
    this.#release();
  }

  #release(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}

/** The number of bytes of the input that are the body. */
function bodyLength(variables: Variables): number {
  try {
    return variables.contentLength ?? (hasChunkedBody(variables) ? Number.POSITIVE_INFINITY : 0);
  } catch {
    // The runner refuses the request.
    return 0;
  }
}
