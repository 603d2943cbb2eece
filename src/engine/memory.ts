/**
 * The memory map of an engine: areas, and the words in them. assembly/memory.ts has the same numbers;
 * a test compares the two.
 */

/** The state that a decoder lends for a call: byte offset, and number of 32-bit words. */
export const STATE = 0;
export const STATE_WORDS = 16;
/** The results of a call. */
export const RESULT = 64;
export const RESULT_WORDS = 16;
/** Rows of {@link ROW_WORDS} words: byte offset, and size in bytes (128 KiB). */
export const TABLE = 65_536;
export const TABLE_SIZE = 131_072;
/** The bytes to work on (64 KiB). Sockets read into it directly. */
export const WINDOW = 196_608;
export const WINDOW_SIZE = 65_536;
/** The stderr that {@link Engine.demultiplex} has found (64 KiB). */
export const ASIDE = 262_144;
export const MEMORY_SIZE = 393_216;

/** Words of a row, and how many rows the table holds. */
export const ROW_WORDS = 4;
export const TABLE_ROWS = 8_192;

/**
 * The halves of the table when it holds lines: rows of {@link LineValue}, which callers copy out and
 * read later, and rows of {@link LineKey}, which they look at once.
 */
export const LINE_VALUES = 65_536;
export const LINE_KEYS = 131_072;
export const TABLE_LINES = 4_096;
/** The word of {@link Engine.table} at which the keys of lines begin. */
export const FIRST_LINE_KEY = 16_384;

/** Negative results of an engine call. */
export const EngineError = {
  /** `start` and `length` do not lie inside the window. */
  Range: -1,
  /** A FastCGI record whose version is not 1. Found when its header is complete. */
  Version: -2,
  /** A BEGIN_REQUEST or END_REQUEST whose content is not 8 bytes. */
  BodyLength: -3,
  /** The lengths of a name-value pair add up to more than 32 bits. */
  Overflow: -4,
  /** A netstring whose length is not 1 to 10 decimal digits, or (strict) has a leading zero. */
  Digits: -5,
  /** A netstring longer than the caller's limit. */
  Limit: -6,
  /** A netstring that does not end in a comma: `ErrorOffset` is where the comma should be. */
  Comma: -7,
  /** An SCGI header with an empty name. */
  EmptyName: -8,
} as const;

/** State words of the FastCGI jobs. All are zero before the first call, except `RequestId`. */
export const DemultiplexState = {
  /** Header bytes seen, 0 to 7; 8 inside a record. */
  HeaderLength: 0,
  /** The header bytes, as two little-endian words. */
  HeaderLow: 1,
  HeaderHigh: 2,
  ContentRemaining: 3,
  PaddingRemaining: 4,
  /** END_REQUEST content bytes seen, and the bytes as two little-endian words. */
  EndLength: 5,
  EndLow: 6,
  EndHigh: 7,
  /** The request whose records {@link Engine.demultiplex} keeps. */
  RequestId: 8,
  /** 1 after END_REQUEST and its padding. Calls consume nothing from then on. */
  Ended: 9,
} as const;

/** Result words of {@link Engine.demultiplex}. */
export const DemultiplexResult = {
  StdoutStart: 0,
  StdoutLength: 1,
  /** stderr starts at {@link ASIDE}. */
  StderrLength: 2,
  Consumed: 3,
  Ended: 4,
  /** END_REQUEST's fields, meaningful when `Ended` is 1. appStatus is unsigned. */
  AppStatus: 5,
  ProtocolStatus: 6,
  /** Records of other requests, or of none, whose header became complete in this call. */
  OtherRequests: 7,
  /** Records of this request, of a type that a response does not have, likewise. */
  OtherTypes: 8,
  /** On an error: where in the chunk the bad element starts; negative if in an earlier chunk. */
  ErrorOffset: 9,
} as const;

/** Result words of the jobs that fill the table. */
export const TableResult = {
  /** Bytes taken, from `start`. */
  Consumed: 0,
  /** splitPairs, splitVariables: size of the next pair when its lengths are known, else 0. Unsigned. */
  Needed: 1,
  /** Netstrings, packets or (demultiplexConnection) records completed in this call. */
  Complete: 2,
  /** On an error: where in the chunk the bad element starts; negative if in an earlier chunk. */
  ErrorOffset: 3,
} as const;

/** Columns of a row of {@link Engine.demultiplexConnection}. */
export const RecordRow = {
  RequestId: 0,
  /** The record type in the low byte, {@link RecordFlag} in the next. */
  Type: 1,
  Start: 2,
  Length: 3,
} as const;

export const RecordFlag = {
  /** The row starts at the start of a record's content. */
  Begins: 1,
  /** The row ends at the end of a record's content. */
  Ends: 2,
} as const;

/** Columns of a row of splitPairs, splitHeaders and splitVariables. Starts are absolute. */
export const PairRow = { NameStart: 0, NameLength: 1, ValueStart: 2, ValueLength: 3 } as const;

/** Columns of a row of splitNetstrings and splitPackets: a piece of one frame's content. */
export const FrameRow = {
  Start: 0,
  Length: 1,
  /** {@link FrameFlag}. */
  Flags: 2,
  /** Netstring: its whole length. uwsgi: modifier1 | datasize << 8 | modifier2 << 24. */
  Head: 3,
} as const;

export const FrameFlag = {
  /** The frame begins with this piece. */
  Begins: 1,
  /** The frame's content ends with this piece; a netstring's comma may still be missing. */
  Ends: 2,
} as const;

/** State words of {@link Engine.splitNetstrings}. Set `Strict` and `Limit` before the first call. */
export const NetstringState = {
  /** 0: in the length; 1: in the data; 2: at the comma. */
  Phase: 0,
  /** Digits seen, and their value. */
  Digits: 1,
  Length: 2,
  Remaining: 3,
  /** 1: a leading zero is an error. */
  Strict: 4,
  /** The longest netstring that is accepted, at most 2^31 - 1. */
  Limit: 5,
} as const;

/** State words of {@link Engine.splitPackets}. All are zero before the first call. */
export const PacketState = {
  /** Header bytes seen, 0 to 3; 4 inside a packet. */
  HeaderLength: 0,
  /** The header bytes, as one little-endian word. */
  Header: 1,
  Remaining: 2,
} as const;

/** The states that httpd shows in its scoreboard, in the order of its legend. */
export const SCOREBOARD_LETTERS = "_SRWKDCLGI.";

/** Columns of the row of a line's value. Starts and ends are absolute. */
export const LineValue = {
  /** As a double, words 0 and 1: a number, a date's seconds since 1970, or 0 for other kinds. */
  Number: 0,
  /** After the colon and the blanks (space, tab) that follow it. */
  Start: 2,
  /** The newline, or the carriage return before it. */
  End: 3,
} as const;

/** Columns of the row of a line's key. */
export const LineKey = {
  /** The line's start. */
  Start: 0,
  /** The first colon; the line's end if it has none. */
  End: 1,
  /** hashKey (hash-key.ts) of the key, or of a line without a colon: known keys need no decoding. */
  Hash: 2,
  /** {@link LineKind} of the value. */
  Kind: 3,
} as const;

export const LineKind = {
  /** The line has no colon. */
  Bare: 0,
  Text: 1,
  Number: 2,
  /** An integer from 2^63 to 2^64 - 1: a negative number that was printed as unsigned. */
  Wrapped: 3,
  /** A number that needs a correctly rounding parser: hand the text to `Number()`. */
  Long: 4,
  /** A date as access logs and PHP-FPM write it (log-date.ts). */
  Date: 5,
} as const;

/** The views of an engine's memory: bytes, the areas that hold words, and unaligned words. */
export interface Memory {
  readonly bytes: Uint8Array;
  readonly state: Int32Array;
  readonly results: Int32Array;
  readonly table: Int32Array;
  readonly numbers: Float64Array;
  readonly view: DataView;
}

/**
 * Returns the views of a memory.
 *
 * @throws RangeError if it has less than {@link MEMORY_SIZE} bytes or is not aligned to 8
 */
export function viewMemory(bytes: Uint8Array): Memory {
  const { buffer, byteOffset } = bytes;
  return {
    bytes,
    state: new Int32Array(buffer, byteOffset + STATE, STATE_WORDS),
    results: new Int32Array(buffer, byteOffset + RESULT, RESULT_WORDS),
    table: new Int32Array(buffer, byteOffset + TABLE, TABLE_SIZE >> 2),
    numbers: new Float64Array(buffer, byteOffset + TABLE, TABLE_SIZE >> 3),
    view: new DataView(buffer, byteOffset, MEMORY_SIZE),
  };
}

/** Whether a part of the memory is not inside the window. */
export function isOutside(start: number, length: number): boolean {
  return start < WINDOW || length < 0 || start > WINDOW + WINDOW_SIZE - length;
}

/** Writes the results of a job that fills the table. */
export function setTableResult(
  results: Int32Array,
  consumed: number,
  needed: number,
  complete: number,
  errorOffset: number,
): void {
  results[TableResult.Consumed] = consumed;
  results[TableResult.Needed] = needed;
  results[TableResult.Complete] = complete;
  results[TableResult.ErrorOffset] = errorOffset;
}
