const BACKSLASH = 0x5c;
const QUOTE = 0x22;

/** The first bytes in quotes, what is not printable ASCII escaped, and how many more there are. */
export function excerpt(bytes: Uint8Array, most: number, length = bytes.length): string {
  let text = "";
  const shown = Math.min(most, bytes.length);
  for (let at = 0; at < shown; at++) text += escapeByte(bytes[at]!);
  const more = length - shown;
  return `"${text}"${more > 0 ? `… and ${more} more` : ""}`;
}

function escapeByte(byte: number): string {
  switch (byte) {
    case 0x0a:
      return "\\n";
    case 0x0d:
      return "\\r";
    case 0x09:
      return "\\t";
    case BACKSLASH:
      return "\\\\";
    case QUOTE:
      return '\\"';
  }
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}
