import { describe, expect } from "vitest";
import type { Engine } from "../../src/engine/engine.js";
import { hashKey } from "../../src/engine/hash-key.js";
import { EngineError, LineKind, SCOREBOARD_LETTERS, WINDOW } from "../../src/engine/memory.js";
import {
  apacheTextPages,
  fastCgiAnswers,
  fastCgiConnections,
  poolTextPages,
  scgiConnections,
  uwsgiConnections,
} from "../captures/captures.js";
import { latin1, plainPairs, plainParams, plainRecords } from "../captures/plain.js";
import { everyFile, row } from "../captures/table.js";
import { latin1 as bytesOf } from "./bytes.js";
import { demultiplex, demultiplexConnection, frame, result } from "./drive.js";
import { PAGE_LINE_COLUMNS, PageLine, split, splitLineRows } from "./drive-split.js";
import { engines } from "./engines.js";

const reference = engines[1]?.[1] as Engine;
const STREAMS = { first: 4, last: 8 };

/** The rows of a connection: records, and runs of records of one stream. */
function runsOf(bytes: Uint8Array) {
  const runs: { type: number; requestId: number; content: string }[] = [];
  for (const { type, requestId, content } of plainRecords(bytes)) {
    const last = runs.at(-1);
    const isStream = type >= STREAMS.first && type <= STREAMS.last;
    const continues = last?.type === type && last.requestId === requestId && last.content !== "";
    if (isStream && continues && content.length > 0) last.content += latin1(content);
    else runs.push({ type, requestId, content: latin1(content) });
  }
  return runs;
}

/** Malformed probes, and the offsets of their errors. */
const failures = new Map([
  ["probes/15-version-0.c2s.bin", { error: EngineError.Version, offset: 0 }],
  ["probes/16-version-2-begin.c2s.bin", { error: EngineError.Version, offset: 0 }],
  ["probes/17-version-2-params.c2s.bin", { error: EngineError.Version, offset: 16 }],
  ["probes/52-not-fastcgi-http.c2s.bin", { error: EngineError.Version, offset: 0 }],
  ["probes/55-begin-short-body.c2s.bin", { error: EngineError.BodyLength, offset: 0 }],
  ["probes/56-begin-long-body.c2s.bin", { error: EngineError.BodyLength, offset: 0 }],
]);

/** The content of the netstring, or of the packet, that an SCGI or uwsgi request begins with. */
const headOf = (job: "splitNetstrings" | "splitPackets") => (bytes: Uint8Array) => [
  bytesOf(frame(reference, job, [bytes], { most: 1 }).frames[0]?.content ?? ""),
];

/** The lines of a page, read by functions for strings. */
const linesOf = (bytes: Uint8Array) =>
  latin1(bytes)
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => /^([^:]*):[ \t]*(.*)$/.exec(line)?.slice(1) ?? [line, ""]);

const scoreboardOf = (bytes: Uint8Array) => [
  bytesOf(/^Scoreboard: (.*)$/m.exec(latin1(bytes))?.[1] ?? ""),
];

/** The sum of the counts of all chunks. */
function countScoreboard(engine: Engine, chunks: readonly Uint8Array[]): number[] {
  const counts = new Array<number>(SCOREBOARD_LETTERS.length + 1).fill(0);
  for (const chunk of chunks) {
    engine.memory.set(chunk, WINDOW);
    engine.countScoreboard(WINDOW, chunk.length);
    for (const [index, count] of counts.entries()) counts[index] = count + result(engine, index);
  }
  return counts;
}

const rows = [
  row({
    decoder: "demultiplex",
    files: fastCgiAnswers,
    decode: (chunks, engine) => demultiplex(engine, chunks),
    facts({ stdout, stderr, end, otherRequests, consumed }, _, bytes) {
      const of = (wanted: number) =>
        plainRecords(bytes)
          .filter(({ type }) => type === wanted)
          .map(({ content }) => latin1(content))
          .join("");
      expect({ stdout, stderr, end, otherRequests, consumed }).toEqual({
        stdout: of(6),
        stderr: of(7),
        end: { appStatus: 0, protocolStatus: 0 },
        otherRequests: 0,
        consumed: bytes.length,
      });
      expect(stdout).toContain("\r\n\r\n");
    },
  }),
  row({
    decoder: "demultiplexConnection",
    files: [...fastCgiConnections, ...fastCgiAnswers],
    decode(chunks, engine) {
      const found = demultiplexConnection(engine, chunks);
      // The rows before a malformed record in the same chunk are not returned.
      return found.failure === undefined ? found : { ...found, rows: [], records: 0 };
    },
    facts({ rows: runs, records, failure }, file, bytes) {
      expect(failure, file).toEqual(failures.get(file));
      if (failure !== undefined) return;
      expect(records, file).toBe(plainRecords(bytes).length);
      expect(
        runs.map(({ type, requestId, content }) => ({ type, requestId, content })),
        file,
      ).toEqual(runsOf(bytes));
    },
  }),
  row({
    decoder: "splitPairs",
    files: fastCgiConnections,
    part: plainParams,
    decode: (chunks, engine) => split(engine, "splitPairs", chunks),
    facts({ pairs, failure }, file, bytes) {
      expect(failure, file).toBeUndefined();
      // The engine's window does not hold any other pair; PairDecoder takes this one.
      const isLong = file === "probes/35-single-value-100KB.c2s.bin";
      expect(pairs, file).toEqual(plainPairs(bytes).slice(0, isLong ? -1 : undefined));
      if (file.startsWith("wire/")) expect(pairs.map(([name]) => name)).toContain("REQUEST_METHOD");
    },
  }),
  row({
    decoder: "splitNetstrings",
    files: scgiConnections,
    decode: (chunks, engine) => frame(engine, "splitNetstrings", chunks, { most: 1 }),
    facts({ frames, complete, consumed }, file, bytes) {
      expect([frames.length, complete], file).toEqual([1, 1]);
      const { content = "" } = frames[0] ?? {};
      expect(latin1(bytes.subarray(0, consumed)), file).toBe(`${content.length}:${content},`);
      const length = /^CONTENT_LENGTH\0(\d+)\0/.exec(content)?.[1];
      expect(bytes.length - consumed, file).toBe(Number(length));
    },
  }),
  row({
    decoder: "splitHeaders",
    files: scgiConnections,
    part: headOf("splitNetstrings"),
    decode: (chunks, engine) => split(engine, "splitHeaders", chunks),
    facts({ pairs }, file, bytes) {
      expect(pairs.flat().join("\0"), file).toBe(latin1(bytes.subarray(0, -1)));
      expect(pairs[0]?.[0], file).toBe("CONTENT_LENGTH");
      expect(pairs, file).toContainEqual(["SCGI", "1"]);
    },
  }),
  row({
    decoder: "splitPackets",
    files: uwsgiConnections,
    decode: (chunks, engine) => frame(engine, "splitPackets", chunks, { most: 1 }),
    facts({ frames: [packet], complete, consumed }, file, bytes) {
      expect(complete, file).toBe(1);
      const { head = -1, content } = packet ?? {};
      expect([head & 0xff, head >>> 24], file).toEqual([file.includes("modifier") ? 9 : 0, 0]);
      expect(content, file).toBe(latin1(bytes.subarray(4, consumed)));
      expect(content, file).toContain("REQUEST_METHOD");
    },
  }),
  row({
    decoder: "splitVariables",
    files: uwsgiConnections,
    part: headOf("splitPackets"),
    decode: (chunks, engine) => split(engine, "splitVariables", chunks),
    facts({ pairs, consumed, needed }, file, bytes) {
      expect([consumed, needed], file).toEqual([bytes.length, 0]);
      const sizes = pairs
        .flat()
        .map((text) => latin1(Uint8Array.of(text.length, text.length >> 8)));
      expect(
        pairs
          .flat()
          .map((text, index) => `${sizes[index]}${text}`)
          .join(""),
        file,
      ).toBe(latin1(bytes));
      expect(
        pairs.map(([name]) => name),
        file,
      ).toContain("REQUEST_METHOD");
    },
  }),
  row({
    decoder: "countScoreboard",
    files: apacheTextPages,
    part: scoreboardOf,
    decode: (chunks, engine) => countScoreboard(engine, chunks),
    facts(counts, file, bytes) {
      expect(bytes.length, file).toBeGreaterThan(0);
      const count = (letter: string) => latin1(bytes).split(letter).length - 1;
      expect(counts, file).toEqual([...Array.from(SCOREBOARD_LETTERS, count), 0]);
    },
  }),
  row({
    decoder: "splitLines",
    files: [...poolTextPages, ...apacheTextPages],
    decode: (chunks, engine) => splitLineRows(engine, chunks),
    facts(rows, file, bytes) {
      const text = latin1(bytes);
      const lines = Array.from({ length: rows.length / PAGE_LINE_COLUMNS }, (_, index) => {
        const of = (column: number) => rows[index * PAGE_LINE_COLUMNS + column]!;
        const key = text.slice(of(PageLine.Start), of(PageLine.KeyEnd));
        const value = text.slice(of(PageLine.ValueStart), of(PageLine.End));
        expect(of(PageLine.KeyHash), file).toBe(hashKey(key));
        if (of(PageLine.Kind) === LineKind.Number) {
          expect(of(PageLine.Number), file).toBe(Number(value));
        }
        return [key, value];
      });
      expect(lines, file).toEqual(linesOf(bytes));
      expect(
        lines.filter(([key]) => key === "pool" || key === "Scoreboard"),
        file,
      ).toHaveLength(1);
    },
  }),
];

describe.each(engines)("captured bytes however they are cut, %s", (_, engine) => {
  everyFile(rows, engine);
});
