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
    // A copy: V8 would keep the 64 kB of a head whose part a text is.
    if (known.size < MAX_TEXTS && text.length < MAX_LENGTH) known.set(` ${text}`.slice(1), result);
    return result;
  };
}
