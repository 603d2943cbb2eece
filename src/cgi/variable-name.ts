import { utf8 } from "../bytes.js";

/** The names that came last, each where its hash says: finding a text costs half of making it. */
const known: (string | undefined)[] = new Array(512).fill(undefined);

/** Longer names are rare, and not kept. */
const MAX_KNOWN = 64;

/** The name of a variable, which is read as UTF-8. Front ends send the same ones over and over. */
export function variableName(bytes: Uint8Array, start: number, length: number): string {
  if (length > MAX_KNOWN) return utf8(bytes, start, start + length);
  let hash = length;
  for (let at = start; at < start + length; at++) {
    hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
  }
  const place = hash & (known.length - 1);
  const before = known[place];
  if (before !== undefined && isWritten(before, bytes, start, length)) return before;
  const name = utf8(bytes, start, start + length);
  known[place] = name;
  return name;
}

/** Whether bytes are those of a name in ASCII. */
function isWritten(name: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let at = 0; at < length; at++) {
    if (name.charCodeAt(at) !== bytes[start + at] || bytes[start + at]! > 0x7f) {
      return false;
    }
  }
  return true;
}
