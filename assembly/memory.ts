/**
 * The memory map: the same areas, words and numbers as src/engine/memory.ts, which describes
 * them. A test compares the two: each name is the other's, in capitals.
 */

export const STATE: usize = 0;
export const RESULT: usize = 64;
export const TABLE: usize = 65_536;
export const WINDOW: usize = 196_608;
export const WINDOW_SIZE: i32 = 65_536;
export const ASIDE: usize = 262_144;

/** Bytes of a row, not words: addresses are counted in bytes here. */
export const ROW_BYTES: usize = 16;
export const TABLE_ROWS: i32 = 8_192;
export const LINE_VALUES: usize = 65_536;
export const LINE_KEYS: usize = 131_072;
export const TABLE_LINES: i32 = 4_096;

export const ENGINE_ERROR_RANGE: i32 = -1;
export const ENGINE_ERROR_VERSION: i32 = -2;
export const ENGINE_ERROR_BODY_LENGTH: i32 = -3;
export const ENGINE_ERROR_OVERFLOW: i32 = -4;
export const ENGINE_ERROR_DIGITS: i32 = -5;
export const ENGINE_ERROR_LIMIT: i32 = -6;
export const ENGINE_ERROR_COMMA: i32 = -7;
export const ENGINE_ERROR_EMPTY_NAME: i32 = -8;

export const DEMULTIPLEX_STATE_HEADER_LENGTH: usize = 0;
export const DEMULTIPLEX_STATE_HEADER_LOW: usize = 1;
export const DEMULTIPLEX_STATE_CONTENT_REMAINING: usize = 3;
export const DEMULTIPLEX_STATE_PADDING_REMAINING: usize = 4;
export const DEMULTIPLEX_STATE_END_LENGTH: usize = 5;
export const DEMULTIPLEX_STATE_END_LOW: usize = 6;
export const DEMULTIPLEX_STATE_END_HIGH: usize = 7;
export const DEMULTIPLEX_STATE_REQUEST_ID: usize = 8;
export const DEMULTIPLEX_STATE_ENDED: usize = 9;

export const DEMULTIPLEX_RESULT_STDOUT_START: usize = 0;
export const DEMULTIPLEX_RESULT_STDOUT_LENGTH: usize = 1;
export const DEMULTIPLEX_RESULT_STDERR_LENGTH: usize = 2;
export const DEMULTIPLEX_RESULT_CONSUMED: usize = 3;
export const DEMULTIPLEX_RESULT_ENDED: usize = 4;
export const DEMULTIPLEX_RESULT_APP_STATUS: usize = 5;
export const DEMULTIPLEX_RESULT_PROTOCOL_STATUS: usize = 6;
export const DEMULTIPLEX_RESULT_OTHER_REQUESTS: usize = 7;
export const DEMULTIPLEX_RESULT_OTHER_TYPES: usize = 8;
export const DEMULTIPLEX_RESULT_ERROR_OFFSET: usize = 9;

export const TABLE_RESULT_CONSUMED: usize = 0;
export const TABLE_RESULT_NEEDED: usize = 1;
export const TABLE_RESULT_COMPLETE: usize = 2;
export const TABLE_RESULT_ERROR_OFFSET: usize = 3;

export const RECORD_ROW_REQUEST_ID: usize = 0;
export const RECORD_ROW_TYPE: usize = 1;
export const RECORD_ROW_START: usize = 2;
export const RECORD_ROW_LENGTH: usize = 3;
export const RECORD_FLAG_BEGINS: i32 = 1;
export const RECORD_FLAG_ENDS: i32 = 2;

export const PAIR_ROW_NAME_START: usize = 0;
export const PAIR_ROW_NAME_LENGTH: usize = 1;
export const PAIR_ROW_VALUE_START: usize = 2;
export const PAIR_ROW_VALUE_LENGTH: usize = 3;

export const FRAME_ROW_START: usize = 0;
export const FRAME_ROW_LENGTH: usize = 1;
export const FRAME_ROW_FLAGS: usize = 2;
export const FRAME_ROW_HEAD: usize = 3;
export const FRAME_FLAG_BEGINS: i32 = 1;
export const FRAME_FLAG_ENDS: i32 = 2;

export const NETSTRING_STATE_PHASE: usize = 0;
export const NETSTRING_STATE_DIGITS: usize = 1;
export const NETSTRING_STATE_LENGTH: usize = 2;
export const NETSTRING_STATE_REMAINING: usize = 3;
export const NETSTRING_STATE_STRICT: usize = 4;
export const NETSTRING_STATE_LIMIT: usize = 5;

export const PACKET_STATE_HEADER_LENGTH: usize = 0;
export const PACKET_STATE_HEADER: usize = 1;
export const PACKET_STATE_REMAINING: usize = 2;

export const LINE_VALUE_NUMBER: usize = 0;
export const LINE_VALUE_START: usize = 2;
export const LINE_VALUE_END: usize = 3;

export const LINE_KEY_START: usize = 0;
export const LINE_KEY_END: usize = 1;
export const LINE_KEY_HASH: usize = 2;
export const LINE_KEY_KIND: usize = 3;

export const LINE_KIND_BARE: i32 = 0;
export const LINE_KIND_TEXT: i32 = 1;
export const LINE_KIND_NUMBER: i32 = 2;
export const LINE_KIND_WRAPPED: i32 = 3;
export const LINE_KIND_LONG: i32 = 4;
export const LINE_KIND_DATE: i32 = 5;

/** Whether a stretch of memory leaves the window. */
export function isOutside(start: i32, length: i32): bool {
  const at = <u32>start - <u32>WINDOW;
  return at > <u32>WINDOW_SIZE || <u32>length > <u32>WINDOW_SIZE - at;
}

export function getState(word: usize): i32 {
  return load<i32>(STATE + (word << 2));
}

export function setState(word: usize, value: i32): void {
  store<i32>(STATE + (word << 2), value);
}

export function setResult(word: usize, value: i32): void {
  store<i32>(RESULT + (word << 2), value);
}

export function setTableResult(consumed: i32, needed: i32, complete: i32, errorOffset: i32): void {
  setResult(TABLE_RESULT_CONSUMED, consumed);
  setResult(TABLE_RESULT_NEEDED, needed);
  setResult(TABLE_RESULT_COMPLETE, complete);
  setResult(TABLE_RESULT_ERROR_OFFSET, errorOffset);
}

/** Writes a row of four words. */
export function setRow(index: i32, word0: i32, word1: i32, word2: i32, word3: i32): void {
  const row = TABLE + <usize>index * ROW_BYTES;
  store<i32>(row, word0);
  store<i32>(row, word1, 4);
  store<i32>(row, word2, 8);
  store<i32>(row, word3, 12);
}
