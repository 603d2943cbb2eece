import { firstBytes } from "./scan";

/** For bytes 0 to 15, and for the last 16. In memory for the reason that {@link splatAt} gives. */
const FACTORS = memory.data<u32>(
  [0x6a09e667, 0xbb67ae85, 0x3c6ef373, 0xa54ff53b, 0x510e527f, 0x9b05688d, 0x1f83d9ab, 0x5be0cd19],
  16,
);
const LENGTH_FACTOR: usize = 0xcbbb9d5d;

/** The hash that src/engine/hash-key.ts describes. */
export function hashKey(start: usize, length: usize): i32 {
  let sum: v128;
  if (length <= 16) {
    sum = products(v128.and(v128.load(start), firstBytes(length)), 0);
  } else {
    const tail = products(v128.load(start + length - 16), 16);
    sum = i32x4.add(products(v128.load(start), 0), tail);
  }
  sum = i32x4.add(sum, i32x4.shuffle(sum, sum, 2, 3, 0, 1));
  sum = i32x4.add(sum, i32x4.shuffle(sum, sum, 1, 0, 3, 2));
  const hash = i32x4.extract_lane(sum, 0) + <i32>(length * LENGTH_FACTOR);
  return hash ^ (hash >>> 15);
}

/** Four words, each folded and multiplied. */
function products(words: v128, factors: usize): v128 {
  const folded = v128.xor(words, i32x4.shr_u(words, 16));
  return i32x4.mul(folded, v128.load(FACTORS + factors));
}
