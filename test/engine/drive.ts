import type { Engine } from "../../src/engine/engine.js";
import {
  ASIDE,
  DemultiplexResult,
  DemultiplexState,
  FrameFlag,
  FrameRow,
  NetstringState,
  RecordFlag,
  RecordRow,
  ROW_WORDS,
  STATE_WORDS,
  TableResult,
} from "../../src/engine/memory.js";
import { NOT_ALIGNED, ROOM } from "./waiting-bytes.js";

/** Drives one job over chunks as decoders do, which lend their state for each call. */

export function result(engine: Engine, word: number): number {
  return engine.results[word]!;
}

const buffers = new WeakMap<Engine, Buffer>();

/** Bytes of the engine's memory as Latin-1. */
export function textAt(engine: Engine, start: number, length: number): string {
  let buffer = buffers.get(engine);
  if (buffer === undefined) {
    buffer = Buffer.from(engine.memory.buffer);
    buffers.set(engine, buffer);
  }
  return buffer.toString("latin1", start, start + length);
}

export function row(engine: Engine, index: number, words = ROW_WORDS): Int32Array {
  const start = index * words;
  return engine.table.subarray(start, start + words);
}

/** Chunks that are longer than the window are passed in pieces that fill it. */
export function* windows(chunks: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const chunk of chunks) {
    if (chunk.length <= ROOM) yield chunk;
    else for (let at = 0; at < chunk.length; at += ROOM) yield chunk.subarray(at, at + ROOM);
  }
}

/** Puts a chunk into the window. */
function put(engine: Engine, chunk: Uint8Array): number {
  engine.memory.set(chunk, NOT_ALIGNED);
  return NOT_ALIGNED;
}

function lend(engine: Engine, state: Int32Array, call: () => number): number {
  engine.state.set(state);
  const returned = call();
  state.set(engine.state);
  return returned;
}

/** An error, with the offset counted from the first chunk's start. */
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
  for (const chunk of windows(chunks)) {
    const start = put(engine, chunk);
    const returned = lend(engine, state, () => engine.demultiplex(start, chunk.length));
    const of = (word: number) => result(engine, word);
    const stdoutStart = of(DemultiplexResult.StdoutStart);
    response.stdout += textAt(engine, stdoutStart, of(DemultiplexResult.StdoutLength));
    response.stderr += textAt(engine, ASIDE, of(DemultiplexResult.StderrLength));
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

/** The rows of a connection. Rows that a cut has divided are joined again. */
export function demultiplexConnection(
  engine: Engine,
  chunks: readonly Uint8Array[],
): { rows: Run[]; records: number; failure: Failure | undefined; state: number[] } {
  const state = new Int32Array(STATE_WORDS);
  const rows: Run[] = [];
  let records = 0;
  let consumed = 0;
  for (const chunk of windows(chunks)) {
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
  const type = words[RecordRow.Type]!;
  const start = words[RecordRow.Start]!;
  return {
    type: type & 0xff,
    requestId: words[RecordRow.RequestId]!,
    content: textAt(engine, start, words[RecordRow.Length]!),
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

/** Frames netstrings or packets. Pieces of one frame are joined again. */
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
  for (const chunk of windows(chunks)) {
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
  const flags = words[FrameRow.Flags]!;
  const head = words[FrameRow.Head]!;
  if ((flags & FrameFlag.Begins) !== 0) frames.push({ content: "", head, ended: false });
  const last = frames.at(-1);
  if (last === undefined || last.ended || last.head !== head) throw new Error("a piece of nothing");
  last.content += textAt(engine, words[FrameRow.Start]!, words[FrameRow.Length]!);
  last.ended = (flags & FrameFlag.Ends) !== 0;
}
