import { StreamStart } from "../bytes.js";
import type { ResponseHead } from "../cgi/response-head.js";
import { otherServerError } from "../cgi/spoken-protocol.js";
import type { GatewayError } from "../errors.js";

/**
 * The first bytes of an SCGI or uwsgi answer, which is a response and nothing else: they tell a
 * peer that speaks another protocol.
 */
export class AnswerStart {
  readonly #spoken: string;
  readonly #start = new StreamStart();

  /** @param spoken what the peer should speak */
  constructor(spoken: string) {
    this.#spoken = spoken;
  }

  /** Takes the next bytes, until eight are here. */
  take(bytes: Uint8Array): void {
    this.#start.take(bytes);
  }

  /** What is wrong with an answer that has no head: it may be another protocol's. */
  explain(error: GatewayError): GatewayError {
    return otherServerError(this.#start.text, this.#spoken) ?? error;
  }

  /**
   * Whether a head is what a web server says to bytes that it cannot read. Backends do begin with a
   * status line (uWSGI), and do answer 400, but leave the connection to their front end.
   */
  refusal(head: ResponseHead): GatewayError | undefined {
    const closes = head.get("connection")?.toLowerCase() === "close";
    if (head.status !== 400 || !closes || !this.#start.text.startsWith("HTTP/")) return undefined;
    return otherServerError(this.#start.text, this.#spoken);
  }
}
