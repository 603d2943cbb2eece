import { Protocol } from "../address.js";
import { StreamStart } from "../bytes.js";
import type { ResponseHead } from "../cgi/response-head.js";
import { ResponseHeadReader } from "../cgi/response-head-reader.js";
import { otherServerError } from "../cgi/spoken-protocol.js";
import type { GatewayError } from "../errors.js";
import type { Limits } from "../limits.js";

/** The protocols whose answer is a response without framing, with their names in error messages. */
const unframed = new Map<Protocol, string>([
  [Protocol.Scgi, "SCGI"],
  [Protocol.Uwsgi, "uwsgi"],
]);

/**
 * Reads the head of an answer, and explains bytes that are not a head. The first bytes of an answer
 * without framing show a peer that speaks another protocol.
 */
export class AnswerHead {
  readonly #reader: ResponseHeadReader;
  /** The protocol that the peer should speak; undefined where the framing shows another one. */
  readonly #expected: string | undefined;
  readonly #start = new StreamStart();

  constructor(protocol: Protocol, limits: Limits) {
    this.#reader = new ResponseHeadReader(limits);
    this.#expected = unframed.get(protocol);
  }

  /**
   * Takes the next bytes of the answer.
   *
   * @returns the head, once it is complete
   * @throws GatewayError `wrong_protocol`, `malformed`, `limit_exceeded`
   */
  push(bytes: Uint8Array): ResponseHead | undefined {
    if (this.#expected !== undefined) this.#start.take(bytes);
    let head: ResponseHead | undefined;
    try {
      head = this.#reader.push(bytes);
    } catch (error) {
      throw this.#otherProtocol() ?? error;
    }
    if (head === undefined || !isHttpRefusal(head)) return head;
    const error = this.#start.text.startsWith("HTTP/") ? this.#otherProtocol() : undefined;
    if (error !== undefined) throw error;
    return head;
  }

  /** Explains an answer that ends before its head is complete. */
  closed(): GatewayError {
    return this.#otherProtocol() ?? this.#reader.closed();
  }

  #otherProtocol(): GatewayError | undefined {
    if (this.#expected === undefined) return undefined;
    return otherServerError(this.#start.text, this.#expected);
  }
}

/**
 * Whether a head is what a web server answers to bytes that it cannot read. A backend may also
 * begin with a status line (uWSGI does) and answer 400, but leaves `Connection` to its front end.
 */
function isHttpRefusal(head: ResponseHead): boolean {
  return head.status === 400 && head.get("connection")?.toLowerCase() === "close";
}
