const MAX_TEXTS = 256;
/** Longer texts are rare, and not kept. */
const MAX_LENGTH = 64;

/** A function of a text that remembers what it gave: clients send the same names over and over. */
export function remembered<Result>(compute: (text: string) => Result): (text: string) => Result {
  const known = new Map<string, Result>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined || known.has(text)) return before as Result;
    const result = compute(text);
    if (known.size < MAX_TEXTS && text.length < MAX_LENGTH) known.set(text, result);
    return result;
  };
}
