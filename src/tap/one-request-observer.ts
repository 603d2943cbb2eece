import { Protocol } from "../address.js";
import type { Variables } from "../cgi/variables.js";
import { GatewayError } from "../errors.js";
import { ScgiRequestDecoder } from "../scgi/server.js";
import { UwsgiPacketDecoder } from "../uwsgi/packet-decoder.js";
import type { Observer, OnRequestEnd, RelaySide } from "./observer.js";
import type { TappedProtocol } from "./tapped-request.js";
import { OpenRequest, RequestOutcome, TAPPED_VARIABLES } from "./tapped-request.js";

/** The head of a request, once it is complete, and the bytes after it. */
interface ReadHead {
  readonly variables: Variables;
  readonly rest: Uint8Array;
}

/** Watches a connection of SCGI or uwsgi, which carries one request; its end ends the response. */
export class OneRequestObserver implements Observer {
  readonly #protocol: TappedProtocol;
  readonly #connection: number;
  readonly #onEnd: OnRequestEnd;
  #request: OpenRequest | undefined;
  /** Undefined once the head is complete, or cannot be read. */
  #decoder: { push(bytes: Uint8Array): ReadHead | undefined } | undefined;
  /** Bytes of the body that have not arrived; undefined when unknown. */
  #missing: number | undefined;
  #isAnswered = false;
  #isDone = false;

  constructor(protocol: TappedProtocol, connection: number, onEnd: OnRequestEnd) {
    this.#protocol = protocol;
    this.#connection = connection;
    this.#onEnd = onEnd;
    const limit = TAPPED_VARIABLES;
    this.#decoder =
      protocol === Protocol.Scgi
        ? new ScgiRequestDecoder({ limit })
        : new UwsgiPacketDecoder({ limit });
  }

  get open(): number {
    return this.#request === undefined || this.#isDone ? 0 : 1;
  }

  take(side: RelaySide, bytes: Uint8Array): void {
    if (this.#isDone) return;
    this.#request ??= new OpenRequest(this.#protocol, this.#connection, 0);
    if (side === "client") this.#sent(this.#request, bytes);
    else {
      this.#isAnswered = true;
      this.#request.stdout(bytes);
    }
  }

  ended(side: RelaySide): void {
    // The client may end its half and wait for the response.
    if (side === "client") {
      if (this.#missing !== undefined && this.#missing > 0) this.#request?.abort();
      return;
    }
    this.#end(this.#isAnswered ? RequestOutcome.Complete : RequestOutcome.Truncated);
  }

  broken(side: RelaySide): void {
    this.#end(side === "client" ? RequestOutcome.Aborted : RequestOutcome.Truncated);
  }

  closed(): void {
    this.#end(RequestOutcome.Aborted);
  }

  #sent(request: OpenRequest, bytes: Uint8Array): void {
    let body = bytes;
    if (this.#decoder !== undefined) {
      const head = this.#head(this.#decoder, bytes);
      if (head === undefined) return;
      this.#decoder = undefined;
      request.variables(head.variables);
      this.#missing = lengthOf(head.variables);
      body = head.rest;
    }
    request.body(body.length);
    if (this.#missing !== undefined) this.#missing -= body.length;
  }

  /** A head that is too long or malformed is not shown; what follows it counts as the body. */
  #head(decoder: { push(bytes: Uint8Array): ReadHead | undefined }, bytes: Uint8Array) {
    try {
      return decoder.push(bytes);
    } catch (error) {
      this.#decoder = undefined;
      throw error;
    }
  }

  #end(outcome: RequestOutcome): void {
    const request = this.#request;
    if (request === undefined || this.#isDone) return;
    this.#isDone = true;
    this.#onEnd(request.end(outcome));
  }
}

function lengthOf(variables: Variables): number | undefined {
  try {
    return variables.contentLength ?? 0;
  } catch (error) {
    if (error instanceof GatewayError) return undefined;
    throw error;
  }
}
