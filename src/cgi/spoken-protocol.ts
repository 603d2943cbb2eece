/**
 * Which protocol a peer speaks, by the first bytes that it sends. They are byte strings here: a
 * character for each byte.
 */
import { ErrorCode, GatewayError } from "../errors.js";

/** The protocols that are recognised, by the names that errors use. */
type SpokenProtocol =
  | "FastCGI"
  | "SCGI"
  | "uwsgi"
  | "HTTP"
  | "TLS"
  | "SSH"
  | "HTML or XML"
  | "SMTP or FTP"
  | "Redis or POP3";

type Signature = readonly [start: RegExp, protocol: SpokenProtocol];

/** How clients begin. They match however few of the first bytes are known. */
const clientSignatures: readonly Signature[] = [
  [/^\x01/, "FastCGI"],
  [/^\d{1,6}(?::|$)/, "SCGI"],
  [/^\0(?:.{0,2}$|..\0)/s, "uwsgi"],
  [/^\x16(?:\x03|$)/, "TLS"],
  [/^(?:[A-Z]{1,7}(?: |$)|[A-Z]{8})/, "HTTP"],
];

/** How servers begin. */
const serverSignatures: readonly Signature[] = [
  [/^\x01[\x01-\x0b]/, "FastCGI"],
  [/^HTTP(?:\/|$)/, "HTTP"],
  [/^</, "HTML or XML"],
  [/^SSH-/, "SSH"],
  [/^[\x15\x16]\x03/, "TLS"],
  [/^220 /, "SMTP or FTP"],
  [/^-ERR/, "Redis or POP3"],
];

/** The head of a CGI response: SCGI and uwsgi backends send it as it is. */
const responseHead = /^(?:Status:|Content)/;

/**
 * The first four bytes of HTTP, from either side. This list is stricter than
 * {@link clientSignatures}, because any four bytes are a valid uwsgi header: `GET ` would announce
 * 21,573 bytes. `HTTP` has the modifier1 that uwsgi reserves for it.
 */
const httpStart = /^(?:GET |HEAD|POST|PUT |DELE|OPTI|PATC|CONN|TRAC|HTTP)/;

function recognise(signatures: readonly Signature[], first: string): SpokenProtocol | undefined {
  return signatures.find(([start]) => start.test(first))?.[1];
}

/** The protocol of a client that sends these bytes first; undefined for an unknown one. */
export function clientProtocol(first: string): SpokenProtocol | undefined {
  return recognise(clientSignatures, first);
}

/** Whether the first four bytes of a uwsgi connection are those of HTTP. */
export function beginsLikeHttp(first: string): boolean {
  return httpStart.test(first);
}

/** A `wrong_protocol` error when a client begins with another protocol's bytes; else undefined. */
export function otherClientError(
  first: string,
  expected: "FastCGI" | "SCGI",
): GatewayError | undefined {
  const protocol = clientProtocol(first);
  if (protocol === undefined || protocol === expected) return undefined;
  const message = `the client speaks ${protocol}, not ${expected}`;
  return new GatewayError(ErrorCode.WrongProtocol, message, {
    offset: 0,
    hint: "give the front end and this server the same protocol",
  });
}

/**
 * A `wrong_protocol` error when a backend begins with another protocol's bytes; else undefined.
 *
 * @param expected the protocol that it should speak
 */
export function otherServerError(first: string, expected: string): GatewayError | undefined {
  const isHead = expected === "FastCGI" && responseHead.test(first);
  const protocol = isHead ? "SCGI" : recognise(serverSignatures, first);
  if (protocol === undefined || protocol === expected) return undefined;
  const message = `the peer speaks ${protocol}, not ${expected}`;
  return new GatewayError(ErrorCode.WrongProtocol, message, { offset: 0 });
}
