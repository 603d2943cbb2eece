import * as map from "./memory";

export function splitPairs(start: i32, length: i32): i32 {
  if (map.isOutside(start, length)) return map.ENGINE_ERROR_RANGE;
  const end = start + length;
  let at = start;
  let rows = 0;
  let needed: u64 = 0;
  while (at < end && rows < map.TABLE_ROWS) {
    let next = at;
    let nameLength = <u32>load<u8>(next++);
    if (nameLength > 127) {
      if (next + 3 > end) break;
      nameLength = bswap<u32>(load<u32>(at)) & 0x7fff_ffff;
      next += 3;
    }
    if (next >= end) break;
    let valueLength = <u32>load<u8>(next++);
    if (valueLength > 127) {
      if (next + 3 > end) break;
      valueLength = bswap<u32>(load<u32>(next - 1)) & 0x7fff_ffff;
      next += 3;
    }
    const size = <u64>(next - at) + nameLength + valueLength;
    if (size > 0xffff_ffff) {
      map.setTableResult(at - start, 0, 0, at - start);
      return map.ENGINE_ERROR_OVERFLOW;
    }
    if (size > <u64>(end - at)) {
      needed = size;
      break;
    }
    map.setRow(rows++, next, nameLength, next + nameLength, valueLength);
    at += <i32>size;
  }
  map.setTableResult(at - start, <i32>needed, 0, 0);
  return rows;
}
