import * as map from "./memory";

export const HEADER_LENGTH: i32 = 8;

/** From here on memory.copy, which calls out of the module, is faster than 16 bytes a step. */
const BULK_FROM: usize = 512;

/** The header's fields, from its eight bytes as one little-endian number (FastCGI 1.0 §3.3). */
export function versionOf(header: u64): i32 {
  return <i32>header & 0xff;
}

export function typeOf(header: u64): i32 {
  return (<i32>header >> 8) & 0xff;
}

export function requestIdOf(header: u64): i32 {
  return ((<i32>header >> 8) & 0xff00) | <i32>(<u32>header >> 24);
}

export function contentLengthOf(header: u64): i32 {
  const high = <i32>(header >> 32);
  return ((high & 0xff) << 8) | ((high >> 8) & 0xff);
}

export function paddingLengthOf(header: u64): i32 {
  return <i32>(header >> 48) & 0xff;
}

export function loadHeader(): u64 {
  return load<u64>(map.STATE + (map.DEMULTIPLEX_STATE_HEADER_LOW << 2));
}

/** Appends bytes to the header in the state, of which `seen` are there. */
export function gatherHeader(seen: i32, at: usize, length: i32): u64 {
  const to = map.STATE + (map.DEMULTIPLEX_STATE_HEADER_LOW << 2);
  if (!seen) store<u64>(to, 0);
  memory.copy(to + seen, at, length);
  return load<u64>(to);
}

export function storeProgress(headerLength: i32, header: u64, content: i32, padding: i32): void {
  map.setState(map.DEMULTIPLEX_STATE_HEADER_LENGTH, headerLength);
  store<u64>(map.STATE + (map.DEMULTIPLEX_STATE_HEADER_LOW << 2), header);
  map.setState(map.DEMULTIPLEX_STATE_CONTENT_REMAINING, content);
  map.setState(map.DEMULTIPLEX_STATE_PADDING_REMAINING, padding);
}

/**
 * Copies content to a lower address: over the header of its own record, at least 8 bytes below.
 * Overwrites up to 7 bytes after the copy, which have been read.
 */
function copyDown(to: usize, from: usize, length: usize): void {
  if (length >= BULK_FROM) {
    memory.copy(to, from, length);
    return;
  }
  const end = from + length;
  while (from + 16 <= end) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
  while (from < end) {
    store<u64>(to, load<u64>(from));
    to += 8;
    from += 8;
  }
}

/** The end of what the last {@link joinRecords} wrote, and how many records it took. */
export let joinedEnd = 0;
export let joinedRecords = 0;

/**
 * Joins the contents of complete records that follow one another and have the same version, type and
 * id. Most of the time goes into this loop. As a function of its own it is 1.5 times faster than
 * inside the callers' loops, because all that it needs stays in registers.
 *
 * @param usual the first half of their headers
 * @param least the least content length of a record that belongs here
 * @returns where the first record is that does not
 */
export function joinRecords(at: i32, end: i32, usual: i32, to: i32, least: i32): i32 {
  let records = 0;
  while (at + HEADER_LENGTH <= end && load<i32>(at) === usual) {
    const content = ((<i32>load<u8>(at, 4)) << 8) | <i32>load<u8>(at, 5);
    const next = at + HEADER_LENGTH + content + <i32>load<u8>(at, 6);
    if (next > end || content < least) break;
    copyDown(to, at + HEADER_LENGTH, content);
    to += content;
    at = next;
    records++;
  }
  joinedEnd = to;
  joinedRecords = records;
  return at;
}
