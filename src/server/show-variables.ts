import { type Variable, valueBytes } from "../cgi/variables.js";
import type { Handler } from "./handler.js";

/**
 * A handler that answers with the variables of its request, one on a line: `REQUEST_METHOD: 'GET'`.
 * `fcgi-probe serve` without an application serves it.
 */
export const showVariables: Handler = (_request, { variables }) => {
  const lines = [...variables].map(([name, value]) => `${name}: ${quote(value)}\n`);
  return new Response(lines.join(""), { headers: { "content-type": "text/plain" } });
};

const escapes = new Map([
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0d, "\\r"],
  [0x5c, "\\\\"],
]);

/** A value between quotes, in ASCII, as Python writes byte strings. */
function quote(value: Variable[1]): string {
  const bytes = valueBytes(value);
  const mark = bytes.includes(0x27) && !bytes.includes(0x22) ? '"' : "'";
  let text = mark;
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    if (char === mark) text += `\\${mark}`;
    else if (escapes.has(byte)) text += escapes.get(byte);
    else if (byte < 0x20 || byte > 0x7e) text += `\\x${byte.toString(16).padStart(2, "0")}`;
    else text += char;
  }
  return text + mark;
}
