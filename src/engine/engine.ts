import type {
  ASIDE,
  DemultiplexResult,
  DemultiplexState,
  EngineError,
  FrameRow,
  LineKey,
  LineValue,
  NetstringState,
  PacketState,
  PairRow,
  RecordRow,
  ROW_WORDS,
  SCOREBOARD_LETTERS,
  STATE_WORDS,
  TableResult,
} from "./memory.js";

export type EngineName = "webassembly" | "typescript";

/**
 * Decodes bytes for everything in this package: in WebAssembly, or in TypeScript with the same
 * results. `getEngine` of `fcgi-probe/codec` returns one by its name, to be passed as an option
 * `engine`; the default is the engine of the process, `defaultEngine`. One engine serves any number
 * of decoders and connections.
 */
export interface Engine {
  readonly name: EngineName;
}

/** @internal What the codecs see of an engine: its memory, and jobs that work on it. */
export interface Engine extends EngineJobs {
  /** The whole memory. Its buffer never grows and never detaches. */
  readonly memory: Uint8Array;
  /**
   * {@link STATE_WORDS} words of state, lent for a call. A decoder sets them to its own before it
   * calls a job that has a state, and copies them back after the call.
   */
  readonly state: Int32Array;
  /** The results of the last call: {@link DemultiplexResult}, {@link TableResult} or counts. */
  readonly results: Int32Array;
  /** The rows that the last call wrote, {@link ROW_WORDS} words each. */
  readonly table: Int32Array;
  /** The table as doubles: the numbers of {@link EngineJobs.splitLines}. */
  readonly numbers: Float64Array;
}

/**
 * The hot path of every protocol here: whole jobs on bytes that are already in memory. A job reads
 * `length` bytes at `start`, which lie in the window.
 *
 * Both implementations work over one memory map (memory.ts) and leave the same bytes in it, so that
 * callers read results without knowing which one ran. No job allocates memory or throws: a negative
 * result is an {@link EngineError}. After an error, `Consumed` and `ErrorOffset` are valid, the rows
 * of the table are not, and the state is of no further use; the results of {@link demultiplex}
 * describe what came before the error. A `Range` error writes nothing.
 *
 * @internal
 */
export interface EngineJobs {
  /**
   * Decodes the FastCGI records of one request. Makes stdout contiguous where it lies in the window,
   * copies stderr to {@link ASIDE}, and skips and counts records of other ids and types. Stops after
   * END_REQUEST. State: {@link DemultiplexState}; results: {@link DemultiplexResult}.
   *
   * @returns the number of records completed
   */
  demultiplex(start: number, length: number): number;

  /**
   * Decodes the FastCGI records of all requests on a connection into rows of {@link RecordRow}. A
   * run of stream records with content, of one id and type, becomes one row, with its content made
   * contiguous; any other record has its own rows. The table holds the rows of a whole window.
   * State: {@link DemultiplexState}; results: {@link TableResult}.
   *
   * @returns the number of rows
   */
  demultiplexConnection(start: number, length: number): number;

  /**
   * Splits FastCGI name-value pairs (FastCGI 1.0 §3.4) into rows of {@link PairRow}. Stops before
   * an incomplete pair. Results: {@link TableResult}.
   *
   * @returns the number of rows
   */
  splitPairs(start: number, length: number): number;

  /**
   * Frames netstrings into rows of {@link FrameRow}, at most `most` complete ones. State:
   * {@link NetstringState}; results: {@link TableResult}.
   *
   * @returns the number of rows
   */
  splitNetstrings(start: number, length: number, most: number): number;

  /**
   * Splits SCGI headers (name NUL value NUL) into rows of {@link PairRow}. Stops before an
   * incomplete header. Results: {@link TableResult}.
   *
   * @returns the number of rows
   */
  splitHeaders(start: number, length: number): number;

  /**
   * Frames uwsgi packets into rows of {@link FrameRow}, at most `most` complete ones. State:
   * {@link PacketState}; results: {@link TableResult}.
   *
   * @returns the number of rows
   */
  splitPackets(start: number, length: number, most: number): number;

  /**
   * Splits the variables of a uwsgi packet (16-bit little-endian lengths) into rows of
   * {@link PairRow}. Stops before an incomplete variable. Results: {@link TableResult}.
   *
   * @returns the number of rows
   */
  splitVariables(start: number, length: number): number;

  /**
   * Counts the letters of an Apache scoreboard: results 0 to 10 are the counts of
   * {@link SCOREBOARD_LETTERS} in that order, result 11 counts all other bytes.
   *
   * @returns `length`
   */
  countScoreboard(start: number, length: number): number;

  /**
   * Splits "key: value" lines into a row of {@link LineValue} and a row of {@link LineKey} each, and
   * reads the numbers and dates among the values. Takes a last line without a newline
   * only if `final` is not 0. Results: {@link TableResult}.
   *
   * @returns the number of lines
   */
  splitLines(start: number, length: number, final: number): number;
}
