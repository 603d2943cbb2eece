import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { MEMORY_SIZE } from "../../src/engine/memory.js";
import { createTypeScriptEngine, getEngine } from "../../src/engine/select.js";

const dist = new URL("../../dist/engine/select.js", import.meta.url).href;

/** The engine of a new process, its reason, and whether it works. */
function choice(forced?: string, before = "", ...flags: string[]) {
  const script = `${before}
    const { defaultEngine, engineChoice, getEngine } = await import(${JSON.stringify(dist)});
    const engine = defaultEngine();
    const counted = engine.countScoreboard(196608, 16);
    const same = engine === defaultEngine() && engine === getEngine(engine.name);
    console.log(JSON.stringify({ ...engineChoice(), counted, same }));`;
  const { FCGI_PROBE_ENGINE: _, ...env } = process.env;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, "--input-type=module", "--eval", script],
    {
      encoding: "utf8",
      env: forced === undefined ? env : { ...env, FCGI_PROBE_ENGINE: forced },
    },
  );
  return stdout === "" ? stderr : JSON.parse(stdout);
}

describe("defaultEngine", () => {
  it("is WebAssembly, once for the process, and says why", () => {
    expect(choice()).toEqual({
      name: "webassembly",
      reason: "WebAssembly is the faster one for every job and size",
      counted: 16,
      same: true,
    });
  });

  it.each(["webassembly", "typescript"])("is %s if FCGI_PROBE_ENGINE says so", (name) => {
    expect(choice(name)).toMatchObject({
      name,
      reason: "FCGI_PROBE_ENGINE asks for it",
      counted: 16,
      same: true,
    });
  });

  it("ignores an empty FCGI_PROBE_ENGINE", () => {
    expect(choice("")).toMatchObject({
      name: "webassembly",
      reason: "WebAssembly is the faster one for every job and size",
    });
  });

  it("refuses an FCGI_PROBE_ENGINE that names no engine", () => {
    expect(choice("wasm")).toContain('FCGI_PROBE_ENGINE is webassembly or typescript, not "wasm"');
  });

  it("falls back to TypeScript without WebAssembly, and says why", () => {
    const fallen = choice(undefined, "", "--jitless");
    expect(fallen).toMatchObject({ name: "typescript", counted: 16, same: true });
    expect(fallen.reason).toMatch(/^WebAssembly cannot run here: .*WebAssembly is not defined/);
  });

  it("falls back to TypeScript if compiling is forbidden", () => {
    const forbid = `WebAssembly.Module = class { constructor() {
      throw new WebAssembly.CompileError("blocked by Content Security Policy");
    } };`;
    expect(choice(undefined, forbid)).toMatchObject({
      name: "typescript",
      reason: "WebAssembly cannot run here: blocked by Content Security Policy",
    });
  });

  it("does not fall back from a forced engine", () => {
    expect(choice("webassembly", "", "--jitless")).toContain("WebAssembly is not defined");
  });

  it("works if reading the environment is forbidden", () => {
    const forbid = `process.env = new Proxy(process.env, { get(env, name) {
      if (name === "FCGI_PROBE_ENGINE") throw new Error("NotCapable");
      return env[name];
    } });`;
    expect(choice("typescript", forbid)).toMatchObject({ name: "webassembly" });
  });
});

describe("getEngine", () => {
  it.each(["webassembly", "typescript"] as const)("has one engine %s", (name) => {
    const engine = getEngine(name);
    expect(engine.name).toBe(name);
    expect(getEngine(name)).toBe(engine);
  });
});

describe("createTypeScriptEngine", () => {
  it("works on a given memory", () => {
    const memory = new Uint8Array(new ArrayBuffer(MEMORY_SIZE + 16), 8, MEMORY_SIZE);
    const engine = createTypeScriptEngine(memory);
    memory.set([0x57, 0x57], 196_608);
    expect(engine.countScoreboard(196_608, 2)).toBe(2);
    expect(memory[64 + 12]).toBe(2);
  });

  it("refuses a memory that is too small or not aligned", () => {
    expect(() => createTypeScriptEngine(new Uint8Array(MEMORY_SIZE - 8))).toThrow(RangeError);
    const buffer = new ArrayBuffer(MEMORY_SIZE + 16);
    expect(() => createTypeScriptEngine(new Uint8Array(buffer, 1, MEMORY_SIZE))).toThrow(
      RangeError,
    );
  });
});
