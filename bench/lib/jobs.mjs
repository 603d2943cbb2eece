import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./packages.mjs";

const map = await import(pathToFileURL(join(root, "dist", "engine", "engine.js")).href);
export const { ASIDE, STATE, STATE_WORDS, TABLE, WINDOW, WINDOW_SIZE } = map;

const {
  DemultiplexResult,
  DemultiplexState,
  LINE_KEYS,
  LINE_VALUES,
  LineKey,
  LineKind,
  LineValue,
  NetstringState,
  PairRow,
  RESULT,
  ROW_WORDS,
} = map;

const state = STATE >> 2;
const result = RESULT >> 2;
const table = TABLE >> 2;
const lineKeys = LINE_KEYS >> 2;
const lineValues = LINE_VALUES >> 2;

const responseState = new Int32Array(STATE_WORDS);
responseState[DemultiplexState.RequestId] = 1;
const netstringState = new Int32Array(STATE_WORDS);
netstringState[NetstringState.Strict] = 1;
netstringState[NetstringState.Limit] = 65_536;
const packetState = new Int32Array(STATE_WORDS);

/** Puts bytes where a socket would have put them, and the state of a new stream. */
function begin({ memory, words }, bytes, words0) {
  memory.set(bytes, WINDOW);
  if (words0 !== undefined) words.set(words0, state);
}

/** @returns the length of stdout */
export function demultiplex(engine, bytes) {
  begin(engine, bytes, responseState);
  const records = engine.demultiplex(WINDOW, bytes.length);
  if (records < 0) throw new Error(`demultiplex: ${records}`);
  return engine.words[result + DemultiplexResult.StdoutLength];
}

/** stdout of the last {@link demultiplex}, a copy. */
export function stdoutOf({ memory, words }) {
  const start = words[result + DemultiplexResult.StdoutStart];
  return memory.slice(start, start + words[result + DemultiplexResult.StdoutLength]);
}

export function splitPairs(engine, bytes) {
  begin(engine, bytes);
  return engine.splitPairs(WINDOW, bytes.length);
}

export function splitNetstrings(engine, bytes) {
  begin(engine, bytes, netstringState);
  return engine.splitNetstrings(WINDOW, bytes.length, 8192);
}

/** A whole SCGI request head: the netstring, then the headers in it. */
export function splitScgi(engine, bytes) {
  splitNetstrings(engine, bytes);
  const { words } = engine;
  return engine.splitHeaders(words[table], words[table + 1]);
}

/** A whole uwsgi packet: its frame, then the variables in it. */
export function splitUwsgi(engine, bytes) {
  begin(engine, bytes, packetState);
  engine.splitPackets(WINDOW, bytes.length, 1);
  const { words } = engine;
  return engine.splitVariables(words[table], words[table + 1]);
}

/** The rows of the last job that leaves pairs, as the package makes variables of them. */
export function pairsOf({ memory, words }, count, variableOf) {
  const pairs = new Array(count);
  for (let i = 0, row = table; i < count; i++, row += ROW_WORDS) {
    pairs[i] = variableOf(
      memory,
      words[row + PairRow.NameStart],
      words[row + PairRow.NameLength],
      words[row + PairRow.ValueStart],
      words[row + PairRow.ValueLength],
    );
  }
  return pairs;
}

/** Start and length of the rows of the last {@link splitNetstrings}, as copies of the contents. */
export function framesOf({ memory, words }, count) {
  const frames = [];
  for (let i = 0, row = table; i < count; i++, row += ROW_WORDS) {
    frames.push(memory.slice(words[row], words[row] + words[row + 1]));
  }
  return frames;
}

export function countScoreboard(engine, bytes) {
  begin(engine, bytes);
  engine.countScoreboard(WINDOW, bytes.length);
  return engine.words[result];
}

/** Counts of the last {@link countScoreboard}: in the legend's order, then everything else. */
export function countsOf({ words }) {
  return Array.from(words.subarray(result, result + 12));
}

/** @returns the sum of the numbers among the values */
export function sumLines(engine, bytes) {
  begin(engine, bytes);
  const count = engine.splitLines(WINDOW, bytes.length, 1);
  const { words, numbers } = engine;
  let sum = 0;
  for (let i = 0, row = 0; i < count; i++, row += ROW_WORDS) {
    const kind = words[lineKeys + row + LineKey.Kind];
    if (kind === LineKind.Number) sum += numbers[(lineValues + row + LineValue.Number) >> 1];
  }
  return sum;
}
