import type { Engine } from "../../src/engine/engine.js";
import {
  FIRST_LINE_KEY,
  LineKey,
  LineValue,
  PairRow,
  ROW_WORDS,
  TableResult,
} from "../../src/engine/memory.js";
import { type Failure, result, row, textAt, windows } from "./drive.js";
import { WaitingBytes } from "./waiting-bytes.js";

/** Drives jobs without a state: bytes that they do not consume are put before the next chunk. */

export interface Pairs {
  pairs: [name: string, value: string][];
  consumed: number;
  needed: number;
  failure: Failure | undefined;
}

/**
 * Runs a job without a state: bytes that it does not consume are put before the next chunk. It
 * ends where an element is longer than the window.
 */
export function split(
  engine: Engine,
  job: "splitPairs" | "splitHeaders" | "splitVariables",
  chunks: readonly Uint8Array[],
): Pairs {
  const pairs: Pairs["pairs"] = [];
  let consumed = 0;
  let needed = 0;
  const waiting = new WaitingBytes(engine);
  for (const chunk of windows(chunks)) {
    let left = chunk;
    do {
      left = waiting.add(left);
      const count = engine[job](waiting.start, waiting.length);
      if (count < 0) {
        const offset = consumed + result(engine, TableResult.ErrorOffset);
        return { pairs, consumed, needed: 0, failure: { error: count, offset } };
      }
      for (let index = 0; index < count; index++) pairs.push(readPair(engine, index));
      const taken = result(engine, TableResult.Consumed);
      consumed += taken;
      needed = result(engine, TableResult.Needed) >>> 0;
      waiting.take(taken);
    } while (left.length > 0 && !waiting.isFull);
  }
  return { pairs, consumed, needed, failure: undefined };
}

function readPair(engine: Engine, index: number): Pairs["pairs"][number] {
  const words = row(engine, index);
  const of = (start: number, length: number) => textAt(engine, words[start]!, words[length]!);
  return [of(PairRow.NameStart, PairRow.NameLength), of(PairRow.ValueStart, PairRow.ValueLength)];
}

export interface Line {
  key: string;
  value: string;
  kind: number;
  number: number;
  hash: number;
}

/** The lines of a page. Bytes that are not consumed are put before the next chunk. */
export function splitLines(engine: Engine, chunks: readonly Uint8Array[], final = true): Line[] {
  const lines: Line[] = [];
  const waiting = new WaitingBytes(engine);
  chunks.forEach((chunk, index) => {
    waiting.add(chunk);
    const isLast = final && index === chunks.length - 1;
    const count = engine.splitLines(waiting.start, waiting.length, isLast ? 1 : 0);
    for (let line = 0; line < count; line++) lines.push(readLine(engine, line));
    waiting.take(result(engine, TableResult.Consumed));
  });
  return lines;
}

function readLine(engine: Engine, index: number): Line {
  const { table, numbers } = engine;
  const value = index * ROW_WORDS;
  const key = FIRST_LINE_KEY + value;
  const between = (from: number, to: number) => {
    const start = table[from]!;
    return textAt(engine, start, table[to]! - start);
  };
  return {
    key: between(key + LineKey.Start, key + LineKey.End),
    value: between(value + LineValue.Start, value + LineValue.End),
    kind: table[key + LineKey.Kind]!,
    number: numbers[(value + LineValue.Number) >> 1]!,
    hash: table[key + LineKey.Hash]!,
  };
}

/** Columns of {@link splitLineRows}. Starts and ends are offsets in the page. */
export const PageLine = {
  Start: 0,
  KeyEnd: 1,
  ValueStart: 2,
  End: 3,
  KeyHash: 4,
  Kind: 5,
  Number: 6,
} as const;
export const PAGE_LINE_COLUMNS = 7;

/** The result of {@link splitLines} as rows in one list, which is faster to make and to compare. */
export function splitLineRows(engine: Engine, chunks: readonly Uint8Array[]): number[] {
  const { table, numbers } = engine;
  const rows: number[] = [];
  const waiting = new WaitingBytes(engine);
  let taken = 0;
  for (const [index, chunk] of chunks.entries()) {
    waiting.add(chunk);
    const isLast = index === chunks.length - 1;
    const count = engine.splitLines(waiting.start, waiting.length, isLast ? 1 : 0);
    const base = taken - waiting.start;
    for (let line = 0; line < count; line++) {
      const value = line * ROW_WORDS;
      const key = FIRST_LINE_KEY + value;
      rows.push(table[key + LineKey.Start]! + base);
      rows.push(table[key + LineKey.End]! + base);
      rows.push(table[value + LineValue.Start]! + base);
      rows.push(table[value + LineValue.End]! + base);
      rows.push(table[key + LineKey.Hash]!, table[key + LineKey.Kind]!);
      rows.push(numbers[(value + LineValue.Number) >> 1]!);
    }
    taken += result(engine, TableResult.Consumed);
    waiting.take(result(engine, TableResult.Consumed));
  }
  return rows;
}
