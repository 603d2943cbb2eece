const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;
/** A double holds any number of this many digits exactly. */
const EXACT_DIGITS = 15;
const powers = Array.from({ length: EXACT_DIGITS + 1 }, (_, index) => 10 ** index);

/** Reads a whole number without a sign; `undefined` for anything else, such as `-`. */
export function readInteger(
  text: string,
  start = 0,
  end: number = text.length,
): number | undefined {
  if (start >= end || end - start > EXACT_DIGITS) return undefined;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return value;
}

/** Reads a number as APR prints it: `0.25`, `.25`, `25`, `1.e-5`; `undefined` for anything else. */
export function readDecimal(text: string): number | undefined {
  const { length } = text;
  let value = 0;
  let point = length;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code >= ZERO && code <= NINE) value = value * 10 + (code - ZERO);
    else if (code === POINT && point === length) point = at;
    else return readLongDecimal(text);
  }
  const digits = point === length ? length : length - 1;
  if (digits === 0 || digits > EXACT_DIGITS) return readLongDecimal(text);
  return point === length ? value : value / powers[length - 1 - point]!;
}

function readLongDecimal(text: string): number | undefined {
  if (!/^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return undefined;
  const value = Number(text);
  return value < Number.POSITIVE_INFINITY ? value : undefined;
}

/** Keeps one copy of each text, without the page that it was cut from. */
export class TextPool {
  readonly #texts = new Map<string, string>();

  take(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    // A slice keeps the whole page in memory. A slice of this short text keeps only the short text.
    const own = ` ${text}`.slice(1);
    this.#texts.set(own, own);
    return own;
  }
}
