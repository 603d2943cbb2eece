import { readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as map from "../../src/engine/memory.js";
import { engines } from "./engines.js";

const root = new URL("../../", import.meta.url);
const path = new URL("dist/codec.wasm", root);
const module = new WebAssembly.Module(readFileSync(path));

const jobs = [
  "demultiplex",
  "demultiplexConnection",
  "splitPairs",
  "splitNetstrings",
  "splitHeaders",
  "splitPackets",
  "splitVariables",
  "countScoreboard",
  "splitLines",
] as const;

describe("codec.wasm", () => {
  it("imports nothing", () => {
    expect(WebAssembly.Module.imports(module)).toEqual([]);
  });

  it("exports the jobs and its memory, and nothing else", () => {
    const names = WebAssembly.Module.exports(module).map(({ name }) => name);
    expect(names.toSorted()).toEqual([...jobs, "memory"].toSorted());
  });

  it("has a memory that cannot grow", () => {
    const { exports } = new WebAssembly.Instance(module);
    const memory = exports["memory"] as WebAssembly.Memory;
    expect(memory.buffer.byteLength).toBe(map.MEMORY_SIZE);
    expect(() => memory.grow(1)).toThrow(RangeError);
  });

  it("keeps its own data after the areas of the memory map", () => {
    const { exports } = new WebAssembly.Instance(module);
    const { buffer } = exports["memory"] as WebAssembly.Memory;
    const used = new Uint8Array(buffer).findIndex((byte) => byte !== 0);
    expect(used).toBeGreaterThanOrEqual(map.ASIDE + map.WINDOW_SIZE);
  });

  it("is smaller than 10 KiB", () => {
    expect(statSync(path).size).toBeLessThan(10_240);
  });

  it("is what the inlined module holds", async () => {
    const inline = readFileSync(new URL("dist/wasm/inline.js", root), "utf8");
    expect(inline).toContain(readFileSync(path).toString("base64"));
  });
});

describe("the memory map", () => {
  const assembly = readFileSync(new URL("assembly/memory.ts", root), "utf8");
  const mirrored = new Map(
    [...assembly.matchAll(/^export const ([A-Z_]+): \w+ = (-?[\d_]+);$/gm)].map(
      ([, name, value]) => [name as string, Number(value?.replaceAll("_", ""))] as const,
    ),
  );
  const upper = (name: string) => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
  const known = new Map<string, number>();
  for (const [name, value] of Object.entries(map)) {
    if (typeof value === "number") known.set(name, value);
    if (typeof value !== "object") continue;
    for (const [key, member] of Object.entries(value))
      known.set(`${upper(name)}_${upper(key)}`, member);
  }
  known.set("ROW_BYTES", map.ROW_WORDS * 4);

  it("is the same in assembly/ and in src/", () => {
    expect(mirrored.size).toBeGreaterThan(60);
    for (const [name, value] of mirrored) expect([name, value]).toEqual([name, known.get(name)]);
  });

  it("is complete in assembly/ except for names that it does not use", () => {
    const missing = [...known.keys()].filter((name) => !mirrored.has(name));
    expect(missing.toSorted()).toEqual([
      "DEMULTIPLEX_STATE_HEADER_HIGH",
      "FIRST_LINE_KEY",
      "MEMORY_SIZE",
      "RESULT_WORDS",
      "ROW_WORDS",
      "STATE_WORDS",
      "TABLE_SIZE",
    ]);
  });

  it("has areas that do not touch", () => {
    const areas = [
      [map.STATE, map.STATE_WORDS * 4],
      [map.RESULT, map.RESULT_WORDS * 4],
      [map.TABLE, map.TABLE_SIZE],
      [map.WINDOW, map.WINDOW_SIZE],
      [map.ASIDE, map.WINDOW_SIZE],
    ] as const;
    areas.reduce((end, [start, size]) => {
      expect(start).toBeGreaterThanOrEqual(end);
      return start + size;
    }, 0);
    expect(map.TABLE_ROWS * map.ROW_WORDS * 4).toBe(map.TABLE_SIZE);
    const half = map.TABLE_LINES * map.ROW_WORDS * 4;
    expect([map.LINE_VALUES, map.LINE_KEYS]).toEqual([map.TABLE, map.TABLE + half]);
    expect(map.FIRST_LINE_KEY * 4).toBe(half);
    expect(2 * half).toBe(map.TABLE_SIZE);
  });
});

describe.each(engines)("the engine %s", (_, engine) => {
  const end = map.WINDOW + map.WINDOW_SIZE;

  it.each([
    [map.WINDOW - 1, 1],
    [map.WINDOW, -1],
    [map.WINDOW, map.WINDOW_SIZE + 1],
    [map.WINDOW + 1, map.WINDOW_SIZE],
    [end, 1],
    [end + 1, 0],
    [0, 16],
    [-1, 1],
    [0x7fffffff, 0x7fffffff],
    [-0x80000000, -0x80000000],
    [map.WINDOW, 0x7fffffff],
  ])("refuses the stretch of %i, %i and writes nothing", (start, length) => {
    engine.memory.fill(0x31, 0, 256);
    for (const job of jobs) {
      expect(engine[job](start, length, 1), job).toBe(map.EngineError.Range);
    }
    expect(engine.memory.subarray(0, 256)).toEqual(new Uint8Array(256).fill(0x31));
  });

  it("accepts the whole window, and no bytes at all", () => {
    for (const job of jobs) {
      engine.memory.fill(0, 0, 128);
      expect(engine[job](end, 0, 1), job).toBe(0);
    }
    engine.memory.fill(1, map.WINDOW, end);
    expect(engine.countScoreboard(map.WINDOW, map.WINDOW_SIZE)).toBe(map.WINDOW_SIZE);
  });

  it("sees one memory in several ways", () => {
    const { memory, state, results, table, numbers } = engine;
    expect(memory.length).toBe(map.MEMORY_SIZE);
    state[1] = results[1] = 0x3f;
    expect([memory[map.STATE + 4], memory[map.RESULT + 4]]).toEqual([0x3f, 0x3f]);
    numbers[1] = 1.5;
    expect([memory[map.TABLE + 15], table[3]]).toEqual([0x3f, 0x3ff80000]);
    expect([state.length, results.length]).toEqual([map.STATE_WORDS, map.RESULT_WORDS]);
    expect([table.byteLength, numbers.byteLength]).toEqual([map.TABLE_SIZE, map.TABLE_SIZE]);
  });
});
