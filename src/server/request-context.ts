import type { Protocol } from "../address.js";
import { utf8Bytes } from "../bytes.js";
import {
  headersOf,
  isBodyless,
  type RequestParts,
  requestParts,
  urlOf,
} from "../cgi/request-from-variables.js";
import type { ServerRequest, ServerRole } from "../cgi/server-machine.js";
import type { Variables } from "../cgi/variables.js";
import { GatewayError } from "../errors.js";
import type { Context, ErrorStream } from "./handler.js";
import type { RequestBody } from "./request-body.js";

/** What a request needs of the connection that it is on. */
export interface ContextConnection {
  readonly protocol: Protocol;
  /** Takes what is written to the error stream after the request has ended. */
  errorOutput(bytes: Uint8Array): void;
}

/** Has the signal of a Request. It is read only when the Request's signal is. */
export type SignalSource = Pick<Context, "signal">;

/** Makes Requests and reads Responses without the runtime's own, where `lazyFetch` is on. */
export interface LazyFetch {
  createRequest(parts: RequestParts, body: RequestBody | undefined, source: SignalSource): Request;
  /** The bytes of a Response's body; undefined for a body that is a stream, and for none. */
  bytesOf(response: Response): Uint8Array | undefined;
}

/** A request whose handler runs. Parts that few handlers use are created when they are read. */
export class RunningRequest {
  /** What is wrong with the request itself: the fault of the client, or of its front end. */
  refusal: GatewayError | undefined;
  /** The part of this that the handler sees. */
  readonly context: Context = new RequestContext(this);
  readonly #connection: ContextConnection;
  readonly #request: ServerRequest;
  readonly #lazyFetch: LazyFetch | undefined;
  readonly #body: RequestBody;
  readonly #data: RequestBody | undefined;
  #errors: ErrorStream | undefined;
  #controller: AbortController | undefined;
  #reason: GatewayError | undefined;
  #finished: Promise<void> | undefined;
  #settle: (() => void) | undefined;
  #isFinished = false;

  constructor(
    connection: ContextConnection,
    request: ServerRequest,
    lazyFetch: LazyFetch | undefined,
    body: RequestBody,
    data: RequestBody | undefined,
  ) {
    this.#connection = connection;
    this.#request = request;
    this.#lazyFetch = lazyFetch;
    this.#body = body;
    this.#data = data;
  }

  /**
   * Makes the Request for a Fetch handler.
   *
   * @throws GatewayError `malformed` or `bad_input`, which is the {@link refusal}
   */
  createRequest(): Request {
    return this.#read(() => {
      const body = this.#body.empty ? undefined : this.#body;
      return createRequest(requestParts(this.variables), body, this, this.#lazyFetch);
    });
  }

  /** The URL of the Request. @throws GatewayError `malformed`, which is the {@link refusal} */
  get url(): string {
    return this.#read(() => urlOf(this.variables));
  }

  /** @throws GatewayError `malformed`, the {@link refusal}, if CONTENT_LENGTH is not a length */
  checkLength(): void {
    this.#read(() => this.variables.contentLength);
  }

  get protocol(): Protocol {
    return this.#connection.protocol;
  }

  get role(): ServerRole {
    return this.#request.role;
  }

  get variables(): Variables {
    return this.#request.variables;
  }

  get input(): ReadableStream<Uint8Array> {
    return this.#body.stream;
  }

  get data(): ReadableStream<Uint8Array> | null {
    return this.#data?.stream ?? null;
  }

  get errors(): ErrorStream {
    this.#errors ??= { write: (text) => this.#writeError(text) };
    return this.#errors;
  }

  /** Made on demand: an AbortController costs more than all the rest of a small request. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get finished(): Promise<void> {
    this.#finished ??= this.#isFinished
      ? Promise.resolve()
      : new Promise((resolve) => {
          this.#settle = resolve;
        });
    return this.#finished;
  }

  abort(reason: GatewayError): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }

  finish(): void {
    this.#isFinished = true;
    this.#settle?.();
  }

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof GatewayError) this.refusal = error;
      throw error;
    }
  }

  /** A front end takes errors until it has the complete answer. Later ones go to our own log. */
  #writeError(text: string | Uint8Array): void {
    const bytes = typeof text === "string" ? utf8Bytes(text) : text;
    if (this.#request.ended) this.#connection.errorOutput(bytes);
    else this.#request.error(bytes);
  }
}

/** The context of a handler: a running request without what the server alone may do with it. */
class RequestContext implements Context {
  readonly #running: RunningRequest;

  constructor(running: RunningRequest) {
    this.#running = running;
  }

  get protocol(): Protocol {
    return this.#running.protocol;
  }

  get role(): ServerRole {
    return this.#running.role;
  }

  get variables(): Variables {
    return this.#running.variables;
  }

  get input(): ReadableStream<Uint8Array> {
    return this.#running.input;
  }

  get errors(): ErrorStream {
    return this.#running.errors;
  }

  get signal(): AbortSignal {
    return this.#running.signal;
  }

  get data(): ReadableStream<Uint8Array> | null {
    return this.#running.data;
  }

  get finished(): Promise<void> {
    return this.#running.finished;
  }
}

/**
 * Makes the Request that a handler gets.
 *
 * @param body undefined for a request without one; not used for GET and HEAD, which cannot have one
 * @param lazyFetch undefined for the runtime's own Request
 */
export function createRequest(
  parts: RequestParts,
  body: RequestBody | undefined,
  source: SignalSource,
  lazyFetch?: LazyFetch,
): Request {
  const usable = isBodyless(parts.method) ? undefined : body;
  return lazyFetch === undefined
    ? createRuntimeRequest(parts, usable, source)
    : lazyFetch.createRequest(parts, usable, source);
}

/** The runtime's own class, whatever replaces the global. */
export const RuntimeRequest: typeof Request = globalThis.Request;

/** In Node, a Request's signal follows its source only while the Request exists: this keeps it. */
const followers = new WeakMap<AbortSignal, Request>();

/** Makes a Request of the runtime's own. Its signal follows the source's. */
export function createRuntimeRequest(
  { method, url, headers }: RequestParts,
  body: Pick<RequestBody, "stream"> | undefined,
  { signal }: SignalSource,
): Request {
  const init: RequestInit & { duplex?: "half" } = { method, headers: headersOf(headers), signal };
  if (body !== undefined) {
    init.body = body.stream;
    init.duplex = "half";
  }
  const request = new RuntimeRequest(url, init);
  followers.set(signal, request);
  return request;
}
