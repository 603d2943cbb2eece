import fc from "fast-check";
import { afterAll, describe, expect } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { hashKey } from "../../src/engine/hash-key.js";
import {
  ASIDE,
  DemultiplexResult,
  FIRST_LINE_KEY,
  LineKey,
  LineKind,
  LineValue,
  MEMORY_SIZE,
  RESULT,
  RecordRow,
  ROW_WORDS,
  SCOREBOARD_LETTERS,
  STATE_WORDS,
  TABLE,
  TableResult,
  WINDOW,
  WINDOW_SIZE,
} from "../../src/engine/memory.js";
import { createTypeScriptEngine, createWebAssemblyEngine } from "../../src/engine/select.js";
import { fuzz } from "../harness/fuzz.js";
import {
  alphabet,
  cut,
  headers,
  mutated,
  netstrings,
  offset,
  packets,
  page,
  pairs,
  points,
  records,
  variables,
} from "./arbitraries.js";
import { join, text } from "./bytes.js";
import { result } from "./drive.js";

/**
 * Both engines over the same bytes in the same chunks, their memories compared after every call:
 * the state, the results, and what the results describe: rows of the table, the stdout range or the
 * rows' ranges of the window, and stderr. What lies around the bytes differs between the two, so
 * that an engine which reads it is detected.
 */
const webassembly = createWebAssemblyEngine();
const typescript = createTypeScriptEngine();
const untouched = createWebAssemblyEngine();

type Job = (engine: Engine, start: number, length: number) => number;

/** The state of the memory after a call. */
type Left = readonly (Int32Array | Uint8Array)[];
type Meaning = (engine: Engine, returned: number) => Left;

/** Calls a job of one engine over a chunk and returns all that it has left. */
function leave(
  engine: Engine,
  state: Int32Array,
  chunk: Uint8Array,
  start: number,
  job: Job,
): Left {
  const around = engine === webassembly ? 0x00 : 0x37;
  engine.memory.fill(around, start - 64, start + chunk.length + 64);
  engine.memory.set(chunk, start);
  engine.state.set(state);
  return [
    Int32Array.of(job(engine, start, chunk.length)),
    engine.state.slice(),
    engine.results.slice(),
  ];
}

/** toEqual takes a hundred times longer than both engines: it runs only to show the difference. */
function same(actual: Left, expected: Left): void {
  const isSame = (piece: Int32Array | Uint8Array, index: number) => {
    const other = expected[index];
    return other?.length === piece.length && piece.every((word, at) => word === other[at]);
  };
  if (actual.length !== expected.length || !actual.every(isSame)) expect(actual).toEqual(expected);
}

/** Runs a job over chunks in both engines. A job without a state gets unconsumed bytes again. */
function compare(
  chunks: readonly Uint8Array[],
  job: Job,
  meaning: Meaning,
  { state = new Int32Array(STATE_WORDS), again = false, offset = 0 } = {},
): void {
  let rest: Uint8Array = new Uint8Array();
  for (const chunk of chunks) {
    const bytes = join(rest, chunk);
    const start = WINDOW + 64 + offset;
    const expected = leave(typescript, state, bytes, start, job);
    const actual = leave(webassembly, state, bytes, start, job);
    same(actual, expected);
    const [returned, next] = expected as [Int32Array, Int32Array];
    const count = returned[0]!;
    same(meaning(webassembly, count), meaning(typescript, count));
    if (count < 0) return;
    state.set(next);
    if (again) rest = bytes.slice(result(typescript, TableResult.Consumed));
  }
}

const rowsAt = (engine: Engine, first: number, rows: number) =>
  engine.table.slice(first, first + rows * ROW_WORDS);

const table: Meaning = (engine, rows) => (rows > 0 ? [rowsAt(engine, 0, rows)] : []);

const lineTable: Meaning = (engine, rows) => [
  rowsAt(engine, 0, rows),
  rowsAt(engine, FIRST_LINE_KEY, rows),
];

const response: Meaning = (engine) => {
  const start = result(engine, DemultiplexResult.StdoutStart);
  const length = result(engine, DemultiplexResult.StdoutLength);
  const stderrLength = result(engine, DemultiplexResult.StderrLength);
  return [
    engine.memory.slice(start, start + length),
    engine.memory.slice(ASIDE, ASIDE + stderrLength),
  ];
};

const runs: Meaning = (engine, rows) => {
  const [words = new Int32Array()] = table(engine, rows);
  const contents: Uint8Array[] = [];
  for (let at = 0; at < words.length; at += ROW_WORDS) {
    const start = words[at + RecordRow.Start]!;
    contents.push(engine.memory.slice(start, start + words[at + RecordRow.Length]!));
  }
  return [words, ...contents];
};

describe("both engines leave the same memory", () => {
  afterAll(() => {
    const isFree = (engine: Engine) =>
      engine.memory.subarray(RESULT + 64, TABLE).every((byte) => byte === 0);
    expect([isFree(webassembly), isFree(typescript)]).toEqual([true, true]);
    const own = (engine: Engine) => engine.memory.slice(ASIDE + WINDOW_SIZE, MEMORY_SIZE);
    expect(own(webassembly)).toEqual(own(untouched));
    expect(own(typescript)).toEqual(new Uint8Array(MEMORY_SIZE - ASIDE - WINDOW_SIZE));
  });

  fuzz("of demultiplex", () => {
    return fc.property(mutated(records), points, offset, (bytes, points, offset) => {
      const state = new Int32Array(STATE_WORDS);
      state[8] = 1;
      const job: Job = (engine, start, length) => engine.demultiplex(start, length);
      compare(cut(bytes, points), job, response, { state, offset });
    });
  });

  fuzz("of demultiplexConnection", () => {
    return fc.property(mutated(records), points, offset, (bytes, points, offset) => {
      const job: Job = (engine, start, length) => engine.demultiplexConnection(start, length);
      compare(cut(bytes, points), job, runs, { offset });
    });
  });

  const stateless = [
    ["splitPairs", pairs],
    ["splitHeaders", headers],
    ["splitVariables", variables],
  ] as const;
  for (const [name, arbitrary] of stateless) {
    fuzz(`of ${name}`, () => {
      return fc.property(mutated(arbitrary), points, offset, (bytes, points, offset) => {
        const job: Job = (engine, start, length) => engine[name](start, length);
        compare(cut(bytes, points), job, table, { again: true, offset });
      });
    });
  }

  fuzz("of splitNetstrings", () => {
    const options = fc.tuple(
      fc.nat({ max: 1 }),
      fc.constantFrom(0, 20, 1_000_000, 2 ** 31 - 1),
      fc.nat({ max: 9 }),
    );
    return fc.property(mutated(netstrings), points, options, (bytes, points, options) => {
      const [strict, limit, most] = options;
      const state = Int32Array.of(0, 0, 0, 0, strict, limit, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      const job: Job = (engine, start, length) => engine.splitNetstrings(start, length, most);
      compare(cut(bytes, points), job, table, { state });
    });
  });

  fuzz("of splitPackets", () => {
    return fc.property(mutated(packets), points, fc.nat({ max: 9 }), (bytes, points, most) => {
      const job: Job = (engine, start, length) => engine.splitPackets(start, length, most);
      compare(cut(bytes, points), job, table);
    });
  });

  fuzz("of countScoreboard", () => {
    const letters = alphabet(`${SCOREBOARD_LETTERS}...___ x`, 600);
    return fc.property(mutated(letters), fc.nat({ max: 12 }), offset, (bytes, times, offset) => {
      const job: Job = (engine, start, length) => engine.countScoreboard(start, length);
      compare([join(...Array.from({ length: times }, () => bytes))], job, () => [], { offset });
    });
  });

  fuzz("of splitLines", () => {
    return fc.property(
      mutated(page),
      points,
      offset,
      fc.nat({ max: 1 }),
      (bytes, points, offset, final) => {
        const job: Job = (engine, start, length) => engine.splitLines(start, length, final);
        compare(cut(bytes, points), job, lineTable, { again: true, offset });
      },
    );
  });
});

/** A date of an access log by the regular expression and the calendar of the language. */
function secondsOf(text: string): number {
  const fields =
    /^(\d\d)\/(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/.exec(
      text,
    );
  if (fields === null) return Number.NaN;
  const [, , name, , , , , sign] = fields;
  const [day, , year, hour, minute, second, , zoneHour, zoneMinute] = fields
    .slice(1)
    .map(Number) as [number, number, number, number, number, number, number, number, number];
  if (day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return Number.NaN;
  const date = new Date(0);
  date.setUTCFullYear(
    year,
    "JanFebMarAprMayJunJulAugSepOctNovDec".indexOf(name as string) / 3,
    day,
  );
  const zone = (zoneHour * 60 + zoneMinute) * 60 * (sign === "+" ? 1 : -1);
  return date.getTime() / 1000 + hour * 3600 + minute * 60 + second - zone;
}

describe("splitLines on any page", () => {
  const grammar = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[ \t]*$/;

  fuzz("finds what string functions find, and every number as Number() reads it", () => {
    return fc.property(page, (bytes) => {
      const start = WINDOW + 1;
      webassembly.memory.set(bytes, start);
      const rows = webassembly.splitLines(start, bytes.length, 1);
      const lines = text(bytes).split("\n");
      if (lines.at(-1) === "") lines.pop();
      expect(rows).toBe(lines.length);
      lines.forEach((whole, index) => {
        const line = whole.replace(/\r$/, "");
        const colon = line.indexOf(":");
        const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^[ \t]+/, "");
        const { memory, table, numbers } = webassembly;
        const valueRow = index * ROW_WORDS;
        const keyRow = FIRST_LINE_KEY + valueRow;
        const number = numbers[(valueRow + LineValue.Number) >> 1]!;
        const key = colon < 0 ? line : line.slice(0, colon);
        expect(table[keyRow + LineKey.Hash]).toBe(hashKey(key));
        const valueStart = table[valueRow + LineValue.Start];
        expect(text(memory.slice(valueStart, table[valueRow + LineValue.End]))).toBe(value);
        const kind = table[keyRow + LineKey.Kind]!;
        if (colon < 0) expect(kind).toBe(LineKind.Bare);
        else if (kind === LineKind.Date) expect(number, value).toBe(secondsOf(value));
        else if (!grammar.test(value))
          expect([kind, secondsOf(value)]).toEqual([LineKind.Text, NaN]);
        else if (kind === LineKind.Number) expect(number, value).toBe(Number(value));
        else if (kind === LineKind.Wrapped) {
          expect(BigInt.asUintN(64, BigInt(value.replace("+", "").trim()))).toBeGreaterThanOrEqual(
            2n ** 63n,
          );
        } else expect(kind, value).toBe(LineKind.Long);
        if (kind !== LineKind.Number && kind !== LineKind.Date) expect(number).toBe(0);
      });
    });
  });
});
