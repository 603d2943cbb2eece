import type { RequestReceiver, ServerRequest } from "../cgi/server-machine.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { errorText } from "./error-text.js";
import { RequestBody } from "./request-body.js";
import { type ContextConnection, RequestContext } from "./request-context.js";
import type { Responder } from "./responder.js";
import { type ResponseConnection, ResponseSender } from "./send-response.js";

/** What a request needs of the connection that it is on. */
export interface RunnerConnection extends ResponseConnection, ContextConnection {
  /** A stream of the request has room again. */
  resumeReading(): void;
  /** The request is over, and its handler has returned. */
  finished(runner: RequestRunner): void;
  /** For the server's log: the peer cannot be told, or should not. */
  report(error: unknown): void;
  /** Whether what is reported is to be read where the error streams of requests go. */
  readonly showsErrors?: boolean;
}

export interface RunnerOptions {
  /** Bytes of each of a request's streams that may wait for the handler. */
  bodyBuffer: number;
  /** Milliseconds that the next piece of the body may take. 0 is for ever. */
  bodyTimeout: number;
  /** Milliseconds that the handler may take to return its response. 0 is for ever. */
  responseTimeout: number;
}

/** Runs the handler for one request and sends what it returns. */
export class RequestRunner implements RequestReceiver {
  readonly #connection: RunnerConnection;
  readonly #respondTo: Responder;
  readonly #options: RunnerOptions;
  readonly #request: ServerRequest;
  readonly #context: RequestContext;
  readonly #body: RequestBody;
  readonly #data: RequestBody | undefined;
  #bodyTimer: NodeJS.Timeout | undefined;
  readonly #sender: ResponseSender;
  /** Set when nobody waits for the response any more. */
  #gone: GatewayError | undefined;

  constructor(
    request: ServerRequest,
    respondTo: Responder,
    connection: RunnerConnection,
    options: RunnerOptions,
  ) {
    this.#request = request;
    this.#respondTo = respondTo;
    this.#connection = connection;
    this.#options = options;
    this.#body = this.#createStream(expectedLength(request));
    this.#data = request.role === "filter" ? this.#createStream(undefined) : undefined;
    this.#context = new RequestContext(connection, request, this.#body, this.#data);
    this.#sender = new ResponseSender(request, connection);
    void this.#run();
  }

  /** True while a stream holds as much as it may. */
  get full(): boolean {
    return this.#body.full || this.#data?.full === true;
  }

  body(bytes: Uint8Array): void {
    this.#body.push(bytes);
    this.#bodyTimer?.refresh();
  }

  endBody(): void {
    this.#body.end();
    if (this.#data === undefined) clearTimeout(this.#bodyTimer);
  }

  data(bytes: Uint8Array): void {
    this.#data?.push(bytes);
    this.#bodyTimer?.refresh();
  }

  endData(): void {
    this.#data?.end();
    clearTimeout(this.#bodyTimer);
  }

  aborted(error: GatewayError): void {
    this.#gone ??= error;
    this.#failStreams(error);
    // Later, as the handler itself: listeners are its code.
    queueMicrotask(() => {
      this.#context.abort(error);
      if (this.#request.ended) this.#sender.cancel(error);
    });
  }

  /** More has come than the handler reads, and others on the connection must not wait for it. */
  overflow(): void {
    const error = new GatewayError(
      ErrorCode.LimitExceeded,
      `the handler leaves more than ${this.#options.bodyBuffer} bytes of the body unread on a multiplexed connection`,
      { hint: "read the body faster, raise bodyBuffer, or do not multiplex" },
    );
    this.#log(error);
    this.aborted(error);
    this.#dropStreams();
    if (this.#sender.headSent) this.#request.fail();
    else this.#request.refuse();
  }

  #createStream(expected: number | undefined): RequestBody {
    const stream = new RequestBody(expected, this.#options.bodyBuffer);
    stream.onRoom = () => this.#connection.resumeReading();
    return stream;
  }

  async #run(): Promise<void> {
    // Later: a handler must not run while the engine's window holds what follows this request.
    await undefined;
    try {
      this.#startBodyTimer();
      const response = await this.#respond();
      if (response !== undefined) await this.#sender.send(response);
    } catch (error) {
      this.#breakOff(error);
    } finally {
      clearTimeout(this.#bodyTimer);
      this.#dropStreams();
      this.#context.finish();
      this.#connection.finished(this);
    }
  }

  #startBodyTimer(): void {
    const { bodyTimeout } = this.#options;
    if (bodyTimeout === 0 || (this.#body.ended && this.#data?.ended !== false)) return;
    this.#bodyTimer = setTimeout(() => {
      // While a stream is full it is the handler that is late.
      if (this.full) this.#bodyTimer?.refresh();
      else this.#failStreams(late("no more of the request came", bodyTimeout));
    }, bodyTimeout);
  }

  #failStreams(error: GatewayError): void {
    this.#body.fail(error);
    this.#data?.fail(error);
  }

  #dropStreams(): void {
    this.#body.drop();
    this.#data?.drop();
  }

  /** @returns the handler's response; undefined when the request has been answered without it */
  async #respond(): Promise<Response | undefined> {
    const context = this.#context;
    try {
      context.checkLength();
      const response: unknown = await this.#inTime(this.#respondTo(context));
      if (isResponse(response)) return response;
      this.#answer(500, new TypeError("the handler returned no Response"));
    } catch (error) {
      const { refusal } = context;
      if (refusal === undefined || error !== refusal) this.#answer(500, error);
      else this.#answer(refusal.code === ErrorCode.BadInput ? 501 : 400, error);
    }
    return undefined;
  }

  /** Waits for the handler as long as it may take. A response that comes later is cancelled. */
  async #inTime(returned: Response | Promise<Response>): Promise<Response> {
    const { responseTimeout } = this.#options;
    if (responseTimeout === 0 || !("then" in returned)) return returned;
    let timer: NodeJS.Timeout | undefined;
    let isLate = false;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        isLate = true;
        const error = late("the handler has not returned", responseTimeout);
        this.#context.abort(error);
        reject(error);
      }, responseTimeout);
    });
    returned.then(
      (response) => {
        if (isLate && isResponse(response)) response.body?.cancel().catch(() => {});
      },
      (error: unknown) => {
        if (isLate) this.#connection.report(error);
      },
    );
    try {
      return await Promise.race([returned, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** What went wrong is logged, and the client told in the way that is left. */
  #breakOff(error: unknown): void {
    if (this.#sender.headSent) {
      this.#log(error);
      this.#request.fail();
    } else {
      this.#answer(500, error);
    }
  }

  #answer(status: 400 | 500 | 501, error: unknown): void {
    this.#log(error);
    this.#sender.answer(status);
  }

  /** A handler that fails because its client has gone has done nothing wrong. */
  #log(error: unknown): void {
    if (this.#gone !== undefined) return;
    this.#connection.report(error);
    // Once is enough.
    if (!this.#connection.showsErrors) this.#context.errors.write(`${errorText(error)}\n`);
  }
}

/** The body's length by CONTENT_LENGTH; what cannot be a length is refused with the request. */
function expectedLength({ variables, role }: ServerRequest): number | undefined {
  if (role === "authorizer") return undefined;
  try {
    return variables.contentLength;
  } catch {
    return undefined;
  }
}

function isResponse(value: unknown): value is Response {
  return (
    value instanceof Response ||
    (typeof value === "object" &&
      value !== null &&
      typeof (value as Response).status === "number" &&
      typeof (value as Response).headers?.getSetCookie === "function")
  );
}

function late(what: string, milliseconds: number): GatewayError {
  return new GatewayError(ErrorCode.Deadline, `${what} within ${milliseconds} ms`, {
    hint: "look for what the handler, or the client, waits for",
  });
}
