/** How protocols begin that no gateway speaks: the first bytes, and what to call the peer. */
const greetings: readonly (readonly [start: string, protocol: string])[] = [
  ["HTTP/", "HTTP"],
  ["<", "HTML or XML"],
  ["SSH-", "SSH"],
  ["\x15\x03", "TLS"],
  ["\x16\x03", "TLS"],
  ["220 ", "SMTP or FTP"],
  ["-ERR", "Redis or POP3"],
];

/** The protocol of a peer that says this first, in ISO-8859-1; undefined when it is nobody's greeting. */
export function greetedProtocol(text: string): string | undefined {
  return greetings.find(([start]) => text.startsWith(start))?.[1];
}
