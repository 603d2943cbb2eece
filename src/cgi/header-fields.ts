/** What is true of HTTP header fields wherever they are carried. */

/** Fields about one connection, which no gateway passes on (RFC 9110 §7.6.1), in lower case. */
export const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** 1 for the bytes that a field name may have (RFC 9110 §5.6.2 token). */
export const tokenBytes: Uint8Array = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  tokenBytes[char.charCodeAt(0)] = 1;
}

/** Whether `text` is a token: a field name, or a method. */
export function isToken(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (tokenBytes[text.charCodeAt(at)] !== 1) return false;
  }
  return text !== "";
}

/** Whether a field value could not be written in one line: it has a NUL, CR or LF. */
export function breaksLine(value: string): boolean {
  return /[\0\r\n]/.test(value);
}
