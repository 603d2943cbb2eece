import { load } from "./package.mjs";

const {
  DemultiplexResult,
  DemultiplexState,
  FIRST_LINE_KEY,
  FrameRow,
  LineKey,
  LineKind,
  LineValue,
  NetstringState,
  PairRow,
  ROW_WORDS,
  STATE_WORDS,
  WINDOW,
} = await load("engine/memory.js");

const responseState = new Int32Array(STATE_WORDS);
responseState[DemultiplexState.RequestId] = 1;
const netstringState = new Int32Array(STATE_WORDS);
netstringState[NetstringState.Strict] = 1;
netstringState[NetstringState.Limit] = 65_536;
const packetState = new Int32Array(STATE_WORDS);

/** Puts bytes into the window, as a socket does, and resets the state to that of a new stream. */
function begin(engine, bytes, state) {
  engine.memory.set(bytes, WINDOW);
  if (state !== undefined) engine.state.set(state);
}

/** @returns the length of stdout */
export function demultiplex(engine, bytes) {
  begin(engine, bytes, responseState);
  const records = engine.demultiplex(WINDOW, bytes.length);
  if (records < 0) throw new Error(`demultiplex: ${records}`);
  return engine.results[DemultiplexResult.StdoutLength];
}

/** A copy of the stdout of the last {@link demultiplex}. */
export function stdoutOf({ memory, results }) {
  const start = results[DemultiplexResult.StdoutStart];
  return memory.slice(start, start + results[DemultiplexResult.StdoutLength]);
}

export function splitPairs(engine, bytes) {
  begin(engine, bytes);
  return engine.splitPairs(WINDOW, bytes.length);
}

export function splitNetstrings(engine, bytes) {
  begin(engine, bytes, netstringState);
  return engine.splitNetstrings(WINDOW, bytes.length, 8192);
}

/** Decodes a whole SCGI request head: the netstring, then its headers. */
export function splitScgi(engine, bytes) {
  splitNetstrings(engine, bytes);
  const { table } = engine;
  return engine.splitHeaders(table[FrameRow.Start], table[FrameRow.Length]);
}

/** Decodes a whole uwsgi packet: its frame, then its variables. */
export function splitUwsgi(engine, bytes) {
  begin(engine, bytes, packetState);
  engine.splitPackets(WINDOW, bytes.length, 1);
  const { table } = engine;
  return engine.splitVariables(table[FrameRow.Start], table[FrameRow.Length]);
}

/** The pairs of the last job, as the package turns them into variables. */
export function pairsOf({ memory, table }, count, variableOf) {
  const pairs = new Array(count);
  for (let i = 0, row = 0; i < count; i++, row += ROW_WORDS) {
    pairs[i] = variableOf(
      memory,
      table[row + PairRow.NameStart],
      table[row + PairRow.NameLength],
      table[row + PairRow.ValueStart],
      table[row + PairRow.ValueLength],
    );
  }
  return pairs;
}

/** Start and length of the rows of the last {@link splitNetstrings}, as copies of the contents. */
export function framesOf({ memory, table }, count) {
  const frames = [];
  for (let i = 0, row = 0; i < count; i++, row += ROW_WORDS) {
    const start = table[row + FrameRow.Start];
    frames.push(memory.slice(start, start + table[row + FrameRow.Length]));
  }
  return frames;
}

export function countScoreboard(engine, bytes) {
  begin(engine, bytes);
  engine.countScoreboard(WINDOW, bytes.length);
  return engine.results[0];
}

/** Counts of the last {@link countScoreboard}: in the legend's order, then everything else. */
export function countsOf({ results }) {
  return Array.from(results.subarray(0, 12));
}

/** @returns the sum of the numbers among the values */
export function sumLines(engine, bytes) {
  begin(engine, bytes);
  const count = engine.splitLines(WINDOW, bytes.length, 1);
  const { table, numbers } = engine;
  let sum = 0;
  for (let i = 0, row = 0; i < count; i++, row += ROW_WORDS) {
    const kind = table[FIRST_LINE_KEY + row + LineKey.Kind];
    if (kind === LineKind.Number) sum += numbers[(row + LineValue.Number) >> 1];
  }
  return sum;
}
