import * as map from "./memory";

const HEADER_LENGTH: i32 = 4;

export function splitPackets(start: i32, length: i32, most: i32): i32 {
  if (map.isOutside(start, length)) return map.ENGINE_ERROR_RANGE;
  const end = start + length;
  let headerLength = map.getState(map.PACKET_STATE_HEADER_LENGTH);
  let header = map.getState(map.PACKET_STATE_HEADER);
  let remaining = map.getState(map.PACKET_STATE_REMAINING);

  let at = start;
  let rows = 0;
  let complete = 0;
  while (at < end && complete < most) {
    if (headerLength < HEADER_LENGTH) {
      if (!headerLength && rows === map.TABLE_ROWS) break;
      header |= (<i32>load<u8>(at++)) << (headerLength++ << 3);
      if (headerLength < HEADER_LENGTH) continue;
      remaining = (header >> 8) & 0xffff;
      if (remaining) continue;
    }
    const size = (header >> 8) & 0xffff;
    const taken = min(remaining, end - at);
    const begins = remaining === size ? map.FRAME_FLAG_BEGINS : 0;
    const ends = remaining === taken ? map.FRAME_FLAG_ENDS : 0;
    map.setRow(rows++, at, taken, begins | ends, header);
    at += taken;
    remaining -= taken;
    if (remaining) break;
    complete++;
    headerLength = 0;
    header = 0;
  }

  map.setState(map.PACKET_STATE_HEADER_LENGTH, headerLength);
  map.setState(map.PACKET_STATE_HEADER, header);
  map.setState(map.PACKET_STATE_REMAINING, remaining);
  map.setTableResult(at - start, 0, complete, 0);
  return rows;
}

export function splitVariables(start: i32, length: i32): i32 {
  if (map.isOutside(start, length)) return map.ENGINE_ERROR_RANGE;
  const end = start + length;
  let at = start;
  let rows = 0;
  let needed = 0;
  while (at + 2 <= end && rows < map.TABLE_ROWS) {
    const nameLength = <i32>load<u16>(at);
    const valueAt = at + 2 + nameLength;
    if (valueAt + 2 > end) break;
    const valueLength = <i32>load<u16>(valueAt);
    const next = valueAt + 2 + valueLength;
    if (next > end) {
      needed = next - at;
      break;
    }
    map.setRow(rows++, at + 2, nameLength, valueAt + 2, valueLength);
    at = next;
  }
  map.setTableResult(at - start, needed, 0, 0);
  return rows;
}
