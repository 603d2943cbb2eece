import { latin1 } from "../bytes.js";
import { greetedProtocol } from "../cgi/greetings.js";
import type { ResponseHead } from "../cgi/response-head.js";
import { ErrorCode, GatewayError } from "../errors.js";

const KEPT = 8;

/**
 * The first bytes of an SCGI or uwsgi answer, which is a response and nothing else: they tell a
 * peer that speaks another protocol.
 */
export class AnswerStart {
  readonly #spoken: string;
  #text = "";

  /** @param spoken what the peer should speak */
  constructor(spoken: string) {
    this.#spoken = spoken;
  }

  /** Takes the next bytes, until eight are here. */
  take(bytes: Uint8Array): void {
    const wanted = KEPT - this.#text.length;
    if (wanted > 0) this.#text += latin1(bytes, 0, Math.min(wanted, bytes.length));
  }

  /** What is wrong with an answer that has no head: it may be another protocol's. */
  explain(error: GatewayError): GatewayError {
    const isFastCgi = /^\x01[\x01-\x0b]/.test(this.#text);
    const protocol = isFastCgi ? "FastCGI" : greetedProtocol(this.#text);
    return protocol === undefined ? error : this.#wrong(protocol);
  }

  /**
   * Whether a head is what a web server says to bytes that it cannot read. Backends do begin with a
   * status line (uWSGI), and do answer 400, but leave the connection to their front end.
   */
  refusal(head: ResponseHead): GatewayError | undefined {
    const closes = head.get("connection")?.toLowerCase() === "close";
    if (head.status !== 400 || !closes || !this.#text.startsWith("HTTP/")) return undefined;
    return this.#wrong("HTTP");
  }

  #wrong(protocol: string): GatewayError {
    const message = `the peer speaks ${protocol}, not ${this.#spoken}`;
    return new GatewayError(ErrorCode.WrongProtocol, message, { offset: 0 });
  }
}
