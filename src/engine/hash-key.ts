/**
 * Returns a signed 32-bit hash of a line's key, whose characters are bytes. It is made of nine words:
 * bytes 0 to 15 as four little-endian words, padded with zeros; the last 16 bytes as four words, zeros
 * if the key has at most 16; and the length. Each word is folded and multiplied by its own factor, and
 * the products are added, so that SIMD can compute them at once. Bytes that are neither among the
 * first 16 nor among the last 16 do not count.
 */
export function hashKey(key: string): number {
  const { length } = key;
  const tail = length > 16 ? length - 16 : length;
  return finish(
    length,
    product(wordOf(key, 0), 0x6a09e667) +
      product(wordOf(key, 4), 0xbb67ae85) +
      product(wordOf(key, 8), 0x3c6ef373) +
      product(wordOf(key, 12), 0xa54ff53b) +
      tailSum(
        wordOf(key, tail),
        wordOf(key, tail + 4),
        wordOf(key, tail + 8),
        wordOf(key, tail + 12),
      ),
  );
}

/** {@link hashKey} of bytes in memory. Reads up to 16 bytes after the key, which do not count. */
export function hashBytes(view: DataView, start: number, length: number): number {
  if (length <= 16) {
    return finish(
      length,
      product(view.getInt32(start, true) & keep(length), 0x6a09e667) +
        product(view.getInt32(start + 4, true) & keep(length - 4), 0xbb67ae85) +
        product(view.getInt32(start + 8, true) & keep(length - 8), 0x3c6ef373) +
        product(view.getInt32(start + 12, true) & keep(length - 12), 0xa54ff53b),
    );
  }
  const tail = start + length - 16;
  return finish(
    length,
    product(view.getInt32(start, true), 0x6a09e667) +
      product(view.getInt32(start + 4, true), 0xbb67ae85) +
      product(view.getInt32(start + 8, true), 0x3c6ef373) +
      product(view.getInt32(start + 12, true), 0xa54ff53b) +
      tailSum(
        view.getInt32(tail, true),
        view.getInt32(tail + 4, true),
        view.getInt32(tail + 8, true),
        view.getInt32(tail + 12, true),
      ),
  );
}

function tailSum(word4: number, word5: number, word6: number, word7: number): number {
  return (
    product(word4, 0x510e527f) +
    product(word5, 0x9b05688d) +
    product(word6, 0x1f83d9ab) +
    product(word7, 0x5be0cd19)
  );
}

/** Folds a word, so that its high bits reach the low ones, and multiplies it. */
function product(word: number, factor: number): number {
  return Math.imul(word ^ (word >>> 16), factor);
}

function finish(length: number, sum: number): number {
  const hash = (sum + Math.imul(length, 0xcbbb9d5d)) | 0;
  return hash ^ (hash >>> 15);
}

/** A mask of the bytes of a word that belong to the key, of which `left` bytes remain. */
function keep(left: number): number {
  return left >= 4 ? -1 : left <= 0 ? 0 : (1 << (left << 3)) - 1;
}

function wordOf(key: string, at: number): number {
  let word = 0;
  for (let index = 0; index < 4; index++) {
    if (at + index < key.length) word |= (key.charCodeAt(at + index) & 0xff) << (index << 3);
  }
  return word;
}
