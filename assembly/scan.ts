/** 16 bytes of ones, then 16 of zeros: a mask is 16 of them, from the right place on. */
const MASKS = memory.data<u64>([-1, -1, 0, 0], 16);

/** A mask of the first bytes of a vector, `length` of 0 to 16. */
export function firstBytes(length: usize): v128 {
  return v128.load(MASKS + 16 - length);
}

/**
 * A vector of 16 times the byte at an address. Vectors that loops need are loaded from memory: V8
 * builds a constant from two halves wherever it is used, which made counting 2.5 times slower.
 */
export function splatAt(address: usize): v128 {
  return v128.load8_splat(address);
}

/** A bit for each byte of a vector that equals the other vector's byte in its place. */
export function hitsOf(vector: v128, wanted: v128): u32 {
  return i8x16.bitmask(i8x16.eq(vector, wanted));
}

/**
 * Finds the first place of a byte, 16 bytes at a time. Reads up to 15 bytes after `end`.
 *
 * @param wanted a vector of 16 times the byte
 * @returns its address, or `end`
 */
export function findByte(wanted: v128, at: usize, end: usize): usize {
  while (at < end) {
    const hits = hitsOf(v128.load(at), wanted);
    if (hits) return min(at + <usize>ctz(hits), end);
    at += 16;
  }
  return end;
}
