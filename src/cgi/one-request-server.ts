import { latin1Bytes } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type {
  Ending,
  RequestReceiver,
  ServerHandlers,
  ServerMachine,
  ServerRequest,
} from "./server-machine.js";
import { noVariables, type Variables } from "./variables.js";

/** The head of the one request that a connection carries. */
export interface RequestHead {
  variables: Variables;
  /** Bytes of the body that follows. */
  contentLength: number;
  /** The bytes after the head in the same chunk. */
  rest: Uint8Array;
}

/** Reads a connection's first bytes. */
export interface RequestHeadReader {
  /**
   * Takes the next bytes.
   *
   * @returns the head once it is complete, or bytes that answer a connection without a request
   * @throws GatewayError when the bytes are not a request
   */
  push(bytes: Uint8Array): RequestHead | Uint8Array | undefined;
  /** @throws GatewayError `truncated` when the connection ends inside the head */
  end(): void;
}

/**
 * The application's side of an SCGI or uwsgi connection, which carries one request: the body
 * follows the head unframed, and the response lasts until the connection closes.
 *
 * An invalid head is answered with 400, one that is too long with 431. Bytes after the body are
 * ignored.
 */
export class OneRequestServer implements ServerMachine, ServerRequest {
  readonly headBegin: "status-field" | "status-line";
  readonly role = "responder";
  /** How many bytes followed the request. */
  ignored = 0;
  readonly #handlers: ServerHandlers;
  readonly #reader: RequestHeadReader;
  #variables = noVariables;
  #receiver: RequestReceiver | undefined;
  #state: "head" | "body" | "complete" = "head";
  /** Bytes of the body that have not arrived. */
  #missing = 0;
  #received = 0;
  #ended = false;

  constructor(
    reader: RequestHeadReader,
    handlers: ServerHandlers,
    headBegin: "status-field" | "status-line",
  ) {
    this.headBegin = headBegin;
    this.#reader = reader;
    this.#handlers = handlers;
  }

  /** An accepted connection counts as a request, so that a server that stops waits for it. */
  get active(): number {
    return this.#ended ? 0 : 1;
  }

  get receiving(): number {
    return this.#ended || this.#state === "complete" ? 0 : 1;
  }

  get incomplete(): number | undefined {
    return this.#state === "head" && !this.#ended ? 0 : undefined;
  }

  get variables(): Variables {
    return this.#variables;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** @throws GatewayError when the head is invalid, after a response with status 400 or 431 */
  take(bytes: Uint8Array): void {
    this.#received += bytes.length;
    if (this.#state === "head" && !this.#ended) this.#head(bytes);
    else this.#body(bytes);
  }

  closed(): GatewayError | undefined {
    if (this.#ended) return undefined;
    if (this.#state === "head") return this.#endInHead();
    const left = new GatewayError(ErrorCode.Aborted, "the front end closed the connection");
    this.#receiver?.aborted(this.#state === "complete" ? left : this.#shortBody());
    return left;
  }

  connectionLost(): void {
    if (this.#ended) return;
    this.#ended = true;
    const left = new GatewayError(ErrorCode.Aborted, "the connection to the front end broke");
    this.#receiver?.aborted(left);
  }

  respond(bytes: Uint8Array): void {
    if (!this.#ended && bytes.length > 0) this.#handlers.send([bytes]);
  }

  error(bytes: Uint8Array): void {
    if (!this.#ended && bytes.length > 0) this.#handlers.errorOutput?.(bytes);
  }

  end(): void {
    const isWhole = this.#state === "complete" && this.ignored === 0;
    this.#finish(isWhole ? "finished" : "lingering");
  }

  /** An orderly close would complete the response. */
  fail(): void {
    this.#finish("reset");
  }

  refuse(): void {
    this.#answer("503 Service Unavailable");
  }

  #head(bytes: Uint8Array): void {
    let head: RequestHead | Uint8Array | undefined;
    try {
      head = this.#reader.push(bytes);
    } catch (error) {
      if (error instanceof GatewayError) this.#refuseHead(error);
      throw error;
    }
    if (head === undefined) return;
    if (head instanceof Uint8Array) {
      this.respond(head);
      this.end();
      return;
    }
    this.#variables = head.variables;
    this.#missing = head.contentLength;
    this.#state = "body";
    const receiver = this.#handlers.request(this);
    if (this.#ended) return;
    this.#receiver = receiver;
    this.#body(head.rest);
  }

  #body(bytes: Uint8Array): void {
    const wanted = bytes.subarray(0, this.#missing);
    this.ignored += bytes.length - wanted.length;
    if (this.#state !== "body") return;
    this.#missing -= wanted.length;
    if (wanted.length > 0) this.#receiver?.body(wanted);
    if (this.#missing > 0) return;
    this.#state = "complete";
    this.#receiver?.endBody();
    this.#receiver?.endData();
  }

  /**
   * A connection without a byte is not an error: front ends check in this way that a server runs.
   */
  #endInHead(): GatewayError | undefined {
    try {
      this.#reader.end();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#refuseHead(error);
      return error;
    }
    this.#ended = true;
    return undefined;
  }

  #refuseHead(error: GatewayError): void {
    const isLong = error.code === ErrorCode.LimitExceeded;
    this.#answer(isLong ? "431 Request Header Fields Too Large" : "400 Bad Request");
  }

  #answer(status: string): void {
    const begin = this.headBegin === "status-line" ? "HTTP/1.1" : "Status:";
    const body = `${status.slice(4)}\n`;
    const fields = `content-type: text/plain; charset=utf-8\r\ncontent-length: ${body.length}`;
    this.respond(latin1Bytes(`${begin} ${status}\r\n${fields}\r\n\r\n${body}`));
    this.end();
  }

  #finish(ending: Ending): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#handlers.close(ending);
  }

  #shortBody(): GatewayError {
    const offset = this.#received;
    const message = `the front end closed the connection ${this.#missing} bytes before the end of the request's body`;
    return new GatewayError(ErrorCode.Truncated, message, {
      offset,
      hint: "the client or the front end disconnected during the upload",
    });
  }
}
