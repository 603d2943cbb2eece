import {
  ASIDE,
  DemultiplexResult,
  DemultiplexState,
  type Engine,
  FrameFlag,
  FrameRow,
  LINE_ROW_WORDS,
  LineRow,
  NetstringState,
  PairRow,
  RESULT,
  RecordFlag,
  RecordRow,
  ROW_WORDS,
  STATE,
  STATE_WORDS,
  TABLE,
  TableResult,
  WINDOW,
} from "../../src/engine/engine.js";
import { text } from "./bytes.js";

/** Drives one job over chunks, as decoders do: the state is theirs and lent for each call. */

const NOT_ALIGNED = WINDOW + 3;

export function result(engine: Engine, word: number): number {
  return engine.words[(RESULT >> 2) + word] as number;
}

function slice(engine: Engine, start: number, length: number): Uint8Array {
  return engine.memory.slice(start, start + length);
}

function row(engine: Engine, index: number, words = ROW_WORDS): Int32Array {
  const start = (TABLE >> 2) + index * words;
  return engine.words.subarray(start, start + words);
}

/** Puts a chunk into the window. Not at its start, so that nothing relies on alignment. */
function put(engine: Engine, chunk: Uint8Array): number {
  engine.memory.set(chunk, NOT_ALIGNED);
  return NOT_ALIGNED;
}

function lend(engine: Engine, state: Int32Array, call: () => number): number {
  engine.words.set(state, STATE >> 2);
  const returned = call();
  state.set(engine.words.subarray(STATE >> 2, (STATE >> 2) + STATE_WORDS));
  return returned;
}

/** What is told of an error, with the offset counted from the first chunk's start. */
export interface Failure {
  error: number;
  offset: number;
}

export interface Response {
  stdout: string;
  stderr: string;
  records: number;
  consumed: number;
  otherRequests: number;
  otherTypes: number;
  end: { appStatus: number; protocolStatus: number } | undefined;
  failure: Failure | undefined;
  state: number[];
}

export function demultiplex(
  engine: Engine,
  chunks: readonly Uint8Array[],
  requestId = 1,
): Response {
  const state = new Int32Array(STATE_WORDS);
  state[DemultiplexState.RequestId] = requestId;
  const response: Response = {
    stdout: "",
    stderr: "",
    records: 0,
    consumed: 0,
    otherRequests: 0,
    otherTypes: 0,
    end: undefined,
    failure: undefined,
    state: [],
  };
  for (const chunk of chunks) {
    const start = put(engine, chunk);
    const returned = lend(engine, state, () => engine.demultiplex(start, chunk.length));
    const of = (word: number) => result(engine, word);
    const stdoutStart = of(DemultiplexResult.StdoutStart);
    response.stdout += text(slice(engine, stdoutStart, of(DemultiplexResult.StdoutLength)));
    response.stderr += text(slice(engine, ASIDE, of(DemultiplexResult.StderrLength)));
    response.otherRequests += of(DemultiplexResult.OtherRequests);
    response.otherTypes += of(DemultiplexResult.OtherTypes);
    if (returned < 0) {
      const offset = response.consumed + of(DemultiplexResult.ErrorOffset);
      response.failure = { error: returned, offset };
      return response;
    }
    response.consumed += of(DemultiplexResult.Consumed);
    response.records += returned;
    if (of(DemultiplexResult.Ended) === 1) {
      response.end = {
        appStatus: of(DemultiplexResult.AppStatus) >>> 0,
        protocolStatus: of(DemultiplexResult.ProtocolStatus),
      };
    }
  }
  response.state = [...state];
  return response;
}

export interface Run {
  type: number;
  requestId: number;
  content: string;
  begins: boolean;
  ends: boolean;
}

/** The rows of a connection; those that a cut has parted are put together again. */
export function demultiplexConnection(
  engine: Engine,
  chunks: readonly Uint8Array[],
): { rows: Run[]; records: number; failure: Failure | undefined; state: number[] } {
  const state = new Int32Array(STATE_WORDS);
  const rows: Run[] = [];
  let records = 0;
  let consumed = 0;
  for (const chunk of chunks) {
    const start = put(engine, chunk);
    const count = lend(engine, state, () => engine.demultiplexConnection(start, chunk.length));
    if (count < 0) {
      const offset = consumed + result(engine, TableResult.ErrorOffset);
      return { rows, records, failure: { error: count, offset }, state: [] };
    }
    for (let index = 0; index < count; index++) addRun(rows, readRun(engine, index));
    consumed += result(engine, TableResult.Consumed);
    records += result(engine, TableResult.Complete);
  }
  return { rows, records, failure: undefined, state: [...state] };
}

function readRun(engine: Engine, index: number): Run {
  const words = row(engine, index);
  const type = words[RecordRow.Type] as number;
  const start = words[RecordRow.Start] as number;
  return {
    type: type & 0xff,
    requestId: words[RecordRow.RequestId] as number,
    content: text(slice(engine, start, words[RecordRow.Length] as number)),
    begins: ((type >> 8) & RecordFlag.Begins) !== 0,
    ends: ((type >> 8) & RecordFlag.Ends) !== 0,
  };
}

const isStream = (type: number) => type >= 4 && type <= 8;

function addRun(rows: Run[], next: Run): void {
  const last = rows.at(-1);
  const continues =
    last !== undefined &&
    last.type === next.type &&
    last.requestId === next.requestId &&
    (!next.begins || (isStream(next.type) && last.content !== "" && next.content !== ""));
  if (continues) {
    last.content += next.content;
    last.ends = next.ends;
  } else {
    rows.push(next);
  }
}

export interface Pairs {
  pairs: [name: string, value: string][];
  consumed: number;
  needed: number;
  failure: Failure | undefined;
}

/** Runs a job that has no state: what it does not take comes again, in front of the next chunk. */
export function split(
  engine: Engine,
  job: "splitPairs" | "splitHeaders" | "splitVariables",
  chunks: readonly Uint8Array[],
): Pairs {
  const pairs: Pairs["pairs"] = [];
  let consumed = 0;
  let needed = 0;
  let rest: Uint8Array = new Uint8Array();
  for (const chunk of chunks) {
    const bytes = new Uint8Array(rest.length + chunk.length);
    bytes.set(rest);
    bytes.set(chunk, rest.length);
    const count = engine[job](put(engine, bytes), bytes.length);
    if (count < 0) {
      const offset = consumed + result(engine, TableResult.ErrorOffset);
      return { pairs, consumed, needed: 0, failure: { error: count, offset } };
    }
    for (let index = 0; index < count; index++) {
      const words = row(engine, index);
      const of = (start: number, length: number) =>
        text(slice(engine, words[start] as number, words[length] as number));
      pairs.push([
        of(PairRow.NameStart, PairRow.NameLength),
        of(PairRow.ValueStart, PairRow.ValueLength),
      ]);
    }
    const taken = result(engine, TableResult.Consumed);
    consumed += taken;
    needed = result(engine, TableResult.Needed) >>> 0;
    rest = bytes.slice(taken);
  }
  return { pairs, consumed, needed, failure: undefined };
}

export interface Frames {
  frames: { content: string; head: number; ended: boolean }[];
  complete: number;
  consumed: number;
  failure: Failure | undefined;
  state: number[];
}

export interface FrameOptions {
  strict?: boolean;
  limit?: number;
  most?: number;
}

/** Frames netstrings or packets; pieces of one frame are put together again. */
export function frame(
  engine: Engine,
  job: "splitNetstrings" | "splitPackets",
  chunks: readonly Uint8Array[],
  { strict = true, limit = 1_000_000, most = 1_000_000 }: FrameOptions = {},
): Frames {
  const state = new Int32Array(STATE_WORDS);
  if (job === "splitNetstrings") {
    state[NetstringState.Strict] = strict ? 1 : 0;
    state[NetstringState.Limit] = limit;
  }
  const all: Frames = { frames: [], complete: 0, consumed: 0, failure: undefined, state: [] };
  for (const chunk of chunks) {
    const start = put(engine, chunk);
    const left = most - all.complete;
    const count = lend(engine, state, () => engine[job](start, chunk.length, left));
    if (count < 0) {
      const offset = all.consumed + result(engine, TableResult.ErrorOffset);
      return { ...all, failure: { error: count, offset } };
    }
    for (let index = 0; index < count; index++) addPiece(all, engine, index);
    all.consumed += result(engine, TableResult.Consumed);
    all.complete += result(engine, TableResult.Complete);
  }
  return { ...all, state: [...state] };
}

function addPiece({ frames }: Frames, engine: Engine, index: number): void {
  const words = row(engine, index);
  const flags = words[FrameRow.Flags] as number;
  const head = words[FrameRow.Head] as number;
  if ((flags & FrameFlag.Begins) !== 0) frames.push({ content: "", head, ended: false });
  const last = frames.at(-1);
  if (last === undefined || last.ended || last.head !== head) throw new Error("a piece of nothing");
  last.content += text(
    slice(engine, words[FrameRow.Start] as number, words[FrameRow.Length] as number),
  );
  last.ended = (flags & FrameFlag.Ends) !== 0;
}

export interface Line {
  key: string;
  value: string;
  kind: number;
  number: number;
  hash: number;
}

/** The lines of a page; what is not taken comes again, in front of the next chunk. */
export function splitLines(engine: Engine, chunks: readonly Uint8Array[], final = true): Line[] {
  const lines: Line[] = [];
  let rest: Uint8Array = new Uint8Array();
  chunks.forEach((chunk, index) => {
    const bytes = new Uint8Array(rest.length + chunk.length);
    bytes.set(rest);
    bytes.set(chunk, rest.length);
    const isLast = final && index === chunks.length - 1;
    const count = engine.splitLines(put(engine, bytes), bytes.length, isLast ? 1 : 0);
    for (let line = 0; line < count; line++) lines.push(readLine(engine, line));
    rest = bytes.slice(result(engine, TableResult.Consumed));
  });
  return lines;
}

function readLine(engine: Engine, index: number): Line {
  const words = row(engine, index, LINE_ROW_WORDS);
  const between = (from: number, to: number) =>
    text(engine.memory.subarray(words[from] as number, words[to] as number));
  return {
    key: between(LineRow.Start, LineRow.KeyEnd),
    value: between(LineRow.ValueStart, LineRow.End),
    kind: words[LineRow.Kind] as number,
    number: engine.numbers[(words.byteOffset >> 3) + (LineRow.Number >> 1)] as number,
    hash: words[LineRow.KeyHash] as number,
  };
}
