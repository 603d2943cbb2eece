import { latin1 } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";

/** How front ends of other protocols begin, and what they speak. */
const greetings: readonly (readonly [start: RegExp, protocol: string])[] = [
  [/^[A-Z]{3,7} |^[A-Z]{8}/, "HTTP"],
  [/^\d{1,6}:/, "SCGI"],
  [/^\x16\x03/, "TLS"],
  [/^\0[\s\S]{2}\0/, "uwsgi"],
];

/**
 * Recognises a front end that does not speak FastCGI by the first bytes that it sends.
 *
 * @returns a `wrong_protocol` error, or undefined when the bytes are nobody's greeting
 */
export function describeFrontEnd(first: Uint8Array): GatewayError | undefined {
  const text = latin1(first);
  for (const [start, protocol] of greetings) {
    if (start.test(text)) {
      return new GatewayError(
        ErrorCode.WrongProtocol,
        `the front end speaks ${protocol}, and this server FastCGI`,
        { offset: 0, hint: "give the front end and this server the same protocol" },
      );
    }
  }
  return undefined;
}
