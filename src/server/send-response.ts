import { noBytes } from "../bytes.js";
import { formatResponseHead, hasNullBody, parseResponseLength } from "../cgi/response.js";
import type { ResponseStart, ServerRequest } from "../cgi/server-machine.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { EventLoopYield } from "../transport/event-loop-yield.js";
import { bytesOf } from "./lazy-fetch/response.js";
import { PeekedBody } from "./peeked-body.js";

/** What a response needs of the connection that it goes to. */
export interface ResponseConnection {
  readonly headBegin: "status-field" | "status-line";
  /** Settles when the peer has taken what was sent; undefined when it has already. */
  drained(): Promise<void> | undefined;
}

/** By these a front end sends a file, or another's answer, in place of the body. */
const bodyElsewhere = ["x-accel-redirect", "x-sendfile", "x-lighttpd-send-file", "x-reproxy-url"];

/** A body of up to this many bytes travels with its head. */
const SMALL = 16_384;

/** Of a read that fails while the peer is waited for: it is waited for next. */
const ignore = (): void => {};

/** Sends the response to one request. */
export class ResponseSender {
  readonly #request: ServerRequest;
  readonly #connection: ResponseConnection;
  #headSent = false;
  #body: PeekedBody | undefined;

  constructor(request: ServerRequest, connection: ResponseConnection) {
    this.#request = request;
    this.#connection = connection;
  }

  /** Whether it is too late for another response. */
  get headSent(): boolean {
    return this.#headSent;
  }

  /** Settles when the response has been handed over, or the request has ended otherwise. */
  async send(response: Response): Promise<void> {
    if (response.bodyUsed) throw used();
    const bytes = bytesOf(response);
    const stream = bytes === undefined ? response.body : null;
    if (stream?.locked === true) throw used();
    const body = stream === null ? undefined : new PeekedBody(stream);
    this.#body = body;
    const whole = body === undefined ? (bytes ?? noBytes) : await body.whole();
    const promised = promisedLength(response);
    const isBodyless = this.#isHead || hasNullBody(response.status);
    let start: ResponseStart = response;
    if (whole !== undefined && promised !== undefined && whole.length !== promised) {
      const isEmpty = whole.length === 0;
      if (isEmpty && !isBodyless && isSentElsewhere(response)) start = withoutLength(response);
      // A response without a body may say how long the body is that GET would get.
      else if (!isEmpty || !isBodyless) throw wrongLength(whole.length, promised);
    }
    const head = this.#head(start, whole?.length);
    this.#headSent = true;
    if (isBodyless) {
      this.#request.respond(head);
      this.cancel(undefined);
    } else if (whole !== undefined) {
      await this.#sendBytes(head, whole);
    } else if (body !== undefined) {
      this.#request.respond(head);
      await this.#sendStream(body, promised);
    }
    this.#request.end();
  }

  /** Sends a page in place of the response that there is not. */
  answer(status: 400 | 500 | 501): void {
    const { reason, text } = pages[status];
    const headers = new Headers({ "content-type": "text/plain; charset=utf-8" });
    const response = { status, statusText: reason, headers };
    this.#headSent = true;
    this.cancel(undefined);
    this.#request.respond(this.#head(response, text.length));
    if (!this.#isHead) this.#request.respond(text);
    this.#request.end();
  }

  /** Lets go of a body that nobody waits for. */
  cancel(reason: unknown): void {
    this.#body?.cancel(reason);
  }

  /** The head's bytes; none where the request has begun with it in its own way. */
  #head(response: ResponseStart, length: number | undefined): Uint8Array {
    const request = this.#request;
    // Handlers answer HEAD with an empty body, which says nothing of what GET would get.
    const contentLength = length === 0 && this.#isHead ? undefined : length;
    if (request.begin === undefined) {
      const { headBegin } = this.#connection;
      const head = formatResponseHead(response, { begin: headBegin, contentLength });
      return Buffer.from(head, "latin1");
    }
    request.begin(response, contentLength);
    return noBytes;
  }

  get #isHead(): boolean {
    return this.#request.variables.get("REQUEST_METHOD") === "HEAD";
  }

  async #sendBytes(head: Uint8Array, bytes: Uint8Array): Promise<void> {
    if (head.length > 0 && bytes.length <= SMALL) {
      this.#request.respond(Buffer.concat([head, bytes]));
    } else {
      this.#request.respond(head);
      this.#request.respond(bytes);
      await this.#connection.drained();
    }
  }

  async #sendStream(body: PeekedBody, promised: number | undefined): Promise<void> {
    const turns = new EventLoopYield();
    let sent = 0;
    try {
      let next = body.read();
      while (!this.#request.ended) {
        const { done, value } = await next;
        if (done) break;
        if (!(value instanceof Uint8Array)) {
          throw new TypeError("the response's body has a chunk that is no Uint8Array");
        }
        sent += value.length;
        if (promised !== undefined && sent > promised) throw wrongLength(sent, promised);
        this.#request.respond(value);
        // One chunk ahead: it is made while the peer takes this one.
        next = body.read();
        const turn = turns.sent(value.length);
        const drained = this.#connection.drained();
        if (turn === undefined && drained === undefined) continue;
        next.catch(ignore);
        await drained;
        await turn;
      }
    } finally {
      this.cancel(undefined);
    }
    if (promised !== undefined && sent < promised && !this.#request.ended) {
      throw wrongLength(sent, promised);
    }
  }
}

const page = (reason: string) => ({ reason, text: new TextEncoder().encode(`${reason}\n`) });

/** All that a client gets to know of what went wrong. */
const pages = {
  400: page("Bad Request"),
  500: page("Internal Server Error"),
  501: page("Not Implemented"),
};

/** @throws GatewayError `bad_input` for a Content-Length that is no number */
function promisedLength({ headers }: Response): number | undefined {
  const text = headers.get("content-length");
  return text === null ? undefined : parseResponseLength(text);
}

function isSentElsewhere({ headers }: Response): boolean {
  return bodyElsewhere.some((name) => headers.has(name));
}

/** A front end that sends a file states the file's length: an application's is of no use to it. */
function withoutLength({ status, statusText, headers: given }: Response): ResponseStart {
  const headers = new Headers(given);
  headers.delete("content-length");
  return { status, statusText, headers };
}

function used(): Error {
  return new TypeError("the handler returned a Response whose body is already used");
}

function wrongLength(length: number, promised: number): GatewayError {
  return new GatewayError(
    ErrorCode.BadInput,
    `the response's body has ${length} bytes, and its Content-Length is ${promised}`,
    { hint: "leave Content-Length out, or count bytes, not characters: Buffer.byteLength(text)" },
  );
}
