import type { Protocol } from "../address.js";
import { utf8Bytes } from "../bytes.js";
import { requestParts, urlOf } from "../cgi/request-from-variables.js";
import type { ServerRequest, ServerRole } from "../cgi/server-machine.js";
import type { Variables } from "../cgi/variables.js";
import { GatewayError } from "../errors.js";
import type { Context, ErrorStream } from "./handler.js";
import { createRequest } from "./lazy-fetch/create-request.js";
import type { RequestBody } from "./request-body.js";

/** What a context needs of the connection that its request is on. */
export interface ContextConnection {
  readonly protocol: Protocol;
  /** Takes what is written to the error stream when the request is over. */
  errorOutput(bytes: Uint8Array): void;
}

/** A handler's context. What few handlers use is made when it is asked for. */
export class RequestContext implements Context {
  /** What is wrong with the request itself: the client is at fault, or its front end. */
  refusal: GatewayError | undefined;
  readonly #connection: ContextConnection;
  readonly #request: ServerRequest;
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
    body: RequestBody,
    data: RequestBody | undefined,
  ) {
    this.#connection = connection;
    this.#request = request;
    this.#body = body;
    this.#data = data;
  }

  /**
   * Makes the Request for a handler of Fetch's.
   *
   * @throws GatewayError `malformed` or `bad_input`, which is the {@link refusal}
   */
  createRequest(): Request {
    return this.#read(() => {
      const body = this.#body.empty ? undefined : this.#body;
      return createRequest(requestParts(this.variables), body, this);
    });
  }

  /** The URL that a Request would have. @throws GatewayError `malformed`, which is the {@link refusal} */
  get url(): string {
    return this.#read(() => urlOf(this.variables));
  }

  /** @throws GatewayError `malformed`, which is the {@link refusal}, for what can be no length */
  checkLength(): void {
    this.#read(() => this.variables.contentLength);
  }

  get protocol(): Protocol {
    return this.#connection.protocol;
  }

  get input(): ReadableStream<Uint8Array> {
    return this.#body.stream;
  }

  get errors(): ErrorStream {
    this.#errors ??= { write: (text) => this.#writeError(text) };
    return this.#errors;
  }

  get role(): ServerRole {
    return this.#request.role;
  }

  get variables(): Variables {
    return this.#request.variables;
  }

  get data(): ReadableStream<Uint8Array> | null {
    return this.#data?.stream ?? null;
  }

  /** Made late: an AbortController costs more than all the rest of a small request. */
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

  #read<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof GatewayError) this.refusal = error;
      throw error;
    }
  }

  /** A front end takes errors until it has the whole answer. What comes later is for our own log. */
  #writeError(text: string | Uint8Array): void {
    const bytes = typeof text === "string" ? utf8Bytes(text) : text;
    if (this.#request.ended) this.#connection.errorOutput(bytes);
    else this.#request.error(bytes);
  }

  abort(reason: GatewayError): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }

  finish(): void {
    this.#isFinished = true;
    this.#settle?.();
  }
}
