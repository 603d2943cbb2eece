import type { RequestReceiver, ServerRequest } from "../cgi/server-machine.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { errorText } from "./error-log.js";
import { type Handler, type HandlerLike, handlerOf, runStreams } from "./handler.js";
import { BodyDeadline, RequestBody } from "./request-body.js";
import { type ContextConnection, type LazyFetch, RunningRequest } from "./request-context.js";
import { type ResponseConnection, ResponseSender } from "./send-response.js";

/** Answers a request. A responder that needs a Request makes it, see {@link RunningRequest}. */
export type Responder = (running: RunningRequest) => Response | Promise<Response>;

/** Responders of handlers below Fetch, for use where no middleware stands before them. */
const respondersBelow = new WeakMap<Handler, Responder>();

/** Marks a handler that needs no Request: it also gets requests that no Request can represent. */
export function belowFetch(handler: Handler, responder: Responder): Handler {
  respondersBelow.set(handler, responder);
  return handler;
}

/** The responder of an application. One below Fetch gets all of a request, and no Request is made. */
export function responderOf(application: HandlerLike): Responder {
  if (typeof application === "object" && "streams" in application) {
    return ({ input, context }) => runStreams(application, input, context);
  }
  const handler = handlerOf(application);
  return (
    respondersBelow.get(handler) ?? ((running) => handler(running.createRequest(), running.context))
  );
}

/** What a request needs of the connection that it is on. */
export interface RunnerConnection extends ResponseConnection, ContextConnection {
  /** A stream of the request has room again. */
  resumeReading(): void;
  /** The request has ended, and its handler has returned. */
  finished(runner: RequestRunner): void;
  /** Takes errors for the server's log, which the peer cannot or should not read. */
  report(error: unknown): void;
  /** Whether `report` writes to the same place as the error streams of requests. Default: false. */
  readonly showsErrors?: boolean;
}

export interface RunnerOptions {
  /** Bytes of each of a request's streams that may wait for the handler. */
  bodyBuffer: number;
  /** Milliseconds to wait for the next piece of the body. 0 waits forever. */
  bodyTimeout: number;
  /** Milliseconds to wait for the handler to return its response. 0 waits forever. */
  responseTimeout: number;
  /** Undefined: Requests and Responses are the runtime's own. */
  lazyFetch?: LazyFetch | undefined;
}

/** The defaults of {@link RunnerOptions}. */
export const defaultRunnerOptions = {
  bodyBuffer: 262_144,
  bodyTimeout: 60_000,
  responseTimeout: 60_000,
} as const satisfies RunnerOptions;

/** Runs the handler for one request and sends what it returns. */
export class RequestRunner implements RequestReceiver {
  readonly #connection: RunnerConnection;
  readonly #respondTo: Responder;
  readonly #options: RunnerOptions;
  readonly #request: ServerRequest;
  readonly #running: RunningRequest;
  readonly #body: RequestBody;
  readonly #data: RequestBody | undefined;
  #bodyDeadline: BodyDeadline | undefined;
  readonly #sender: ResponseSender;
  /** Why the response is no longer wanted. */
  #aborted: GatewayError | undefined;

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
    const { lazyFetch } = options;
    this.#running = new RunningRequest(connection, request, lazyFetch, this.#body, this.#data);
    this.#sender = new ResponseSender(request, connection, lazyFetch);
    void this.#run();
  }

  /** True while a stream holds as much as it may. */
  get full(): boolean {
    return this.#body.full || this.#data?.full === true;
  }

  body(bytes: Uint8Array): void {
    this.#body.push(bytes);
    this.#bodyDeadline?.restart();
  }

  endBody(): void {
    this.#body.end();
    if (this.#data === undefined) this.#bodyDeadline?.stop();
  }

  data(bytes: Uint8Array): void {
    this.#data?.push(bytes);
    this.#bodyDeadline?.restart();
  }

  endData(): void {
    this.#data?.end();
    this.#bodyDeadline?.stop();
  }

  aborted(error: GatewayError): void {
    this.#aborted ??= error;
    this.#failStreams(error);
    // In a microtask, like the handler itself: listeners are its code.
    queueMicrotask(() => {
      this.#running.abort(error);
      if (this.#request.ended) this.#sender.cancel(error);
    });
  }

  /** Aborts the request, whose handler reads too slowly: others on the connection must not wait. */
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
    // In a microtask: the engine's window still holds what follows this request.
    await undefined;
    try {
      this.#startBodyDeadline();
      const response = await this.#respond();
      if (response !== undefined) await this.#sender.send(response);
    } catch (error) {
      this.#breakOff(error);
    } finally {
      this.#bodyDeadline?.stop();
      this.#dropStreams();
      this.#running.finish();
      this.#connection.finished(this);
    }
  }

  #startBodyDeadline(): void {
    const { bodyTimeout } = this.#options;
    if (bodyTimeout === 0 || (this.#body.ended && this.#data?.ended !== false)) return;
    this.#bodyDeadline = new BodyDeadline(bodyTimeout, () => {
      // While a stream is full, the peer waits for the handler.
      if (this.full) this.#bodyDeadline?.restart();
      else this.#failStreams(deadline("no more of the request arrived", bodyTimeout));
    });
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
    const running = this.#running;
    try {
      running.checkLength();
      const response: unknown = await this.#inTime(this.#respondTo(running));
      if (isResponse(response)) return response;
      this.#answer(500, new TypeError("the handler returned no Response"));
    } catch (error) {
      const { refusal } = running;
      if (refusal === undefined || error !== refusal) this.#answer(500, error);
      else this.#answer(refusal.code === ErrorCode.BadInput ? 501 : 400, error);
    }
    return undefined;
  }

  /** Waits for the handler up to its timeout. A response that comes later is cancelled. */
  async #inTime(returned: Response | Promise<Response>): Promise<Response> {
    const { responseTimeout } = this.#options;
    if (responseTimeout === 0 || !("then" in returned)) return returned;
    // A promise of any kind, whose own `then` may throw.
    const answer = Promise.resolve(returned);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        isOver = true;
        const error = deadline("the handler has not returned", responseTimeout);
        this.#running.abort(error);
        reject(error);
      }, responseTimeout);
    });
    answer.then(
      (response) => {
        if (isOver && isResponse(response)) response.body?.cancel().catch(() => {});
      },
      (error: unknown) => {
        if (isOver) this.#connection.report(error);
      },
    );
    try {
      return await Promise.race([answer, timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Logs the error, and answers 500 or, once the head has been sent, breaks the response off. */
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

  /** A handler that fails because its client has left has done nothing wrong. */
  #log(error: unknown): void {
    if (this.#aborted !== undefined) return;
    this.#connection.report(error);
    if (!this.#connection.showsErrors) this.#running.errors.write(`${errorText(error)}\n`);
  }
}

/** The body's length by CONTENT_LENGTH. A value that is not a length is refused with the request. */
function expectedLength({ variables, role }: ServerRequest): number | undefined {
  if (role === "authorizer") return undefined;
  try {
    return variables.contentLength;
  } catch {
    return undefined;
  }
}

export function isResponse(value: unknown): value is Response {
  return (
    value instanceof Response ||
    (typeof value === "object" &&
      value !== null &&
      typeof (value as Response).status === "number" &&
      typeof (value as Response).headers?.getSetCookie === "function")
  );
}

function deadline(what: string, milliseconds: number): GatewayError {
  return new GatewayError(ErrorCode.Deadline, `${what} within ${milliseconds} ms`, {
    hint: "look for what the handler, or the client, waits for",
  });
}
