const ZEROS: u64 = 0x3030_3030_3030_3030;

/** The `length` bytes before an address less '0' each, zeros before them. 1 to 8 bytes. */
export function digitsBefore(end: usize, length: usize): u64 {
  const others = (8 - <u64>length) << 3;
  return ((load<u64>(end - 8) ^ ZEROS) >> others) << others;
}

/** The highest bit of each byte that is more than 9. */
export function othersOf(bytes: u64): u64 {
  return ((bytes + 0x7676_7676_7676_7676) | bytes) & 0x8080_8080_8080_8080;
}

/** Eight decimal digits, the first in the lowest byte: pairs, then fours, then all. */
export function valueOfDigits(digits: u64): u64 {
  const pairs = ((digits * 2_561) >> 8) & 0x00ff_00ff_00ff_00ff;
  const fours = ((pairs * 6_553_601) >> 16) & 0x0000_ffff_0000_ffff;
  return (fours * 42_949_672_960_001) >> 32;
}
