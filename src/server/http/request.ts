import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { utf8Bytes } from "../../bytes.js";
import { hopByHop, reasonPhrases } from "../../cgi/http.js";
import { lengthToState, parseResponseLength } from "../../cgi/response.js";
import type { ResponseStart, ServerRequest } from "../../cgi/server-machine.js";
import { Variables } from "../../cgi/variables.js";
import { variablesFromHttp } from "../../cgi/variables-from-http.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { LINGER } from "../peer.js";

/** What an HTTP request needs of the connection that it is on. */
export interface HttpRequestOwner {
  /** Whether this is the connection's last request. */
  readonly closing: boolean;
  /** Bytes have been written to the socket. */
  written(): void;
  /** The response has broken off. `isFramed`: its framing shows the client that it is incomplete. */
  cut(isFramed: boolean): void;
  errorOutput(bytes: Uint8Array): void;
}

/** One HTTP request, from Node's parser. */
export class HttpRequest implements ServerRequest {
  readonly role = "responder";
  readonly variables: Variables;
  readonly incoming: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #owner: HttpRequestOwner;
  #begun = false;
  #measured = false;
  #hasWritten = false;
  #ended = false;

  /** @throws GatewayError `malformed` */
  constructor(incoming: IncomingMessage, response: ServerResponse, owner: HttpRequestOwner) {
    this.incoming = incoming;
    this.#response = response;
    this.#owner = owner;
    this.variables = variablesOf(incoming);
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Whether the response has begun. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Whether a body follows the head. */
  get hasBody(): boolean {
    const { headers } = this.incoming;
    return (
      headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0
    );
  }

  begin(start: ResponseStart, length: number | undefined): void {
    if (this.#ended) return;
    const fields = this.#fieldsOf(start, length);
    try {
      this.#response.writeHead(start.status, reasonOf(start), fields);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new GatewayError(
        ErrorCode.BadInput,
        `the response's head is not valid in HTTP: ${why}`,
        {
          cause,
        },
      );
    }
    this.#begun = true;
    // A body of unknown length may take long. If its first bytes come at once, the head goes with them.
    if (length === undefined) process.nextTick(() => this.#flushHead());
  }

  respond(bytes: Uint8Array): void {
    if (this.#ended || bytes.length === 0) return;
    this.#hasWritten = true;
    this.#response.write(bytes);
    this.#owner.written();
  }

  error(bytes: Uint8Array): void {
    if (!this.#ended && bytes.length > 0) this.#owner.errorOutput(bytes);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const { incoming } = this;
    if (!this.#owner.closing || incoming.complete) this.#finish();
    else {
      // If it closed before the rest is read, the connection would be reset and the answer lost.
      const finish = () => {
        clearTimeout(timer);
        this.#finish();
      };
      const timer = setTimeout(finish, LINGER);
      incoming.once("close", finish);
      incoming.resume();
    }
  }

  /** A response without chunks and without a length ends with the connection. */
  fail(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#owner.cut(this.#measured || this.#response.chunkedEncoding);
  }

  refuse(): void {
    const status = 503;
    const page = utf8Bytes(`${reasonPhrases.get(status)}\n`);
    const headers = new Headers({ "content-type": "text/plain; charset=utf-8" });
    this.begin({ status, statusText: "", headers }, page.length);
    this.respond(page);
    this.end();
  }

  /** The connection has closed. */
  drop(): void {
    this.#ended = true;
  }

  #finish(): void {
    this.#response.end();
    this.#owner.written();
  }

  #flushHead(): void {
    if (!this.#ended && !this.#hasWritten) this.#response.flushHeaders();
  }

  /** Alternating names and values. The server sets the fields about the connection and the length. */
  #fieldsOf({ status, headers }: ResponseStart, length: number | undefined): string[] {
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw new GatewayError(ErrorCode.BadInput, `${status} is not the status of a response`);
    }
    const fields: string[] = [];
    let given: number | undefined;
    for (const [name, value] of headers) {
      if (name === "set-cookie" || name === "status" || hopByHop.has(name)) continue;
      if (name === "content-length") given = parseResponseLength(value);
      else fields.push(name, value);
    }
    for (const cookie of headers.getSetCookie()) fields.push("set-cookie", cookie);
    const stated = lengthToState(status, given, length);
    this.#measured = stated !== undefined;
    if (stated !== undefined) fields.push("content-length", `${stated}`);
    if (this.#owner.closing) fields.push("connection", "close");
    return fields;
  }
}

function variablesOf(incoming: IncomingMessage): Variables {
  const { method = "", url = "", httpVersion, rawHeaders } = incoming;
  const head = { method, target: url, version: httpVersion, fields: rawHeaders };
  return new Variables(variablesFromHttp(head, peersOf(incoming.socket)));
}

function peersOf({ remoteAddress, remotePort, localAddress, localPort }: Socket) {
  return { remoteAddress, remotePort, localAddress, localPort };
}

function reasonOf({ status, statusText }: ResponseStart): string {
  return statusText || (reasonPhrases.get(status) ?? "Unknown");
}
