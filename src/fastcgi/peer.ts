import { greetedProtocol } from "../cgi/greetings.js";
import { ErrorCode, GatewayError } from "../errors.js";

const KEPT = 8;

/** The first bytes of a connection, which tell a peer that does not speak FastCGI. */
export class PeerGreeting {
  readonly #bytes = new Uint8Array(KEPT);
  #length = 0;

  /** Takes the next bytes, until eight are here. */
  take(bytes: Uint8Array): void {
    if (this.#length === KEPT) return;
    const part = bytes.subarray(0, KEPT - this.#length);
    this.#bytes.set(part, this.#length);
    this.#length += part.length;
  }

  /** The request id of the first record; undefined before it is there. */
  get requestId(): number | undefined {
    const [, , high = 0, low = 0] = this.#bytes;
    return this.#length < 4 ? undefined : high * 256 + low;
  }

  /** A `wrong_protocol` error; undefined when the bytes are nobody's greeting. */
  error(): GatewayError | undefined {
    const text = String.fromCharCode(...this.#bytes.subarray(0, this.#length));
    const protocol = /^(Status:|Content)/.test(text) ? "SCGI" : greetedProtocol(text);
    if (protocol === undefined) return undefined;
    const message = `the peer speaks ${protocol}, not FastCGI`;
    return new GatewayError(ErrorCode.WrongProtocol, message, { offset: 0 });
  }
}
