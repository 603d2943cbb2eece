import { compile } from "#wasm";
import type { Engine, EngineJobs, EngineName } from "./engine.js";
import { MEMORY_SIZE, type Memory, viewMemory } from "./memory.js";
import { countScoreboard } from "./typescript/count-scoreboard.js";
import { demultiplex } from "./typescript/demultiplex.js";
import { demultiplexConnection } from "./typescript/demultiplex-connection.js";
import { splitHeaders } from "./typescript/split-headers.js";
import { splitLines } from "./typescript/split-lines.js";
import { splitNetstrings } from "./typescript/split-netstrings.js";
import { splitPackets } from "./typescript/split-packets.js";
import { splitPairs } from "./typescript/split-pairs.js";
import { splitVariables } from "./typescript/split-variables.js";

const VARIABLE = "FCGI_PROBE_ENGINE";

/** The engine of this process, and why it is that one. */
export interface EngineChoice {
  readonly name: EngineName;
  /** A sentence for `--version` and bug reports. */
  readonly reason: string;
}

const engines = new Map<EngineName, Engine>();
let chosen: Engine | undefined;
let reason = "";

/**
 * The engine of this process, which everything uses that is given no other. It is WebAssembly, or
 * TypeScript where WebAssembly cannot run; the environment variable FCGI_PROBE_ENGINE can name one
 * of the two. The first call chooses.
 *
 * No job is so small that TypeScript would be the faster engine for it. Measured on Node 20 in
 * nanoseconds a call, TypeScript / WebAssembly: a FastCGI record of 4 bytes 44 / 34, a name-value
 * pair 22 / 15, an SCGI header 17 / 16, a uwsgi variable 15 / 14, a netstring of 4 bytes 34 / 26, a
 * scoreboard of one slot 42 / 24, a short line 53 / 29. Only a call without bytes costs 4 ns more.
 *
 * @throws Error if FCGI_PROBE_ENGINE names WebAssembly and it cannot run, or names no engine
 */
export function defaultEngine(): Engine {
  chosen ??= choose(environmentVariable());
  return chosen;
}

/**
 * The engine with this name: one for the process, made by the first call.
 *
 * @throws Error for WebAssembly where it is missing, forbidden, or has no address space left
 */
export function getEngine(name: EngineName): Engine {
  let engine = engines.get(name);
  if (engine === undefined) {
    engine = name === "webassembly" ? createWebAssemblyEngine() : createTypeScriptEngine();
    engines.set(name, engine);
  }
  return engine;
}

/** Which engine {@link defaultEngine} is, and why. */
export function engineChoice(): EngineChoice {
  return { name: defaultEngine().name, reason };
}

function choose(name: string | undefined): Engine {
  switch (name) {
    case "webassembly":
    case "typescript":
      reason = `${VARIABLE} asks for it`;
      return getEngine(name);
    case undefined:
    case "":
      return webAssemblyOrTypeScript();
    default:
      throw new Error(`${VARIABLE} is webassembly or typescript, not ${JSON.stringify(name)}`);
  }
}

function webAssemblyOrTypeScript(): Engine {
  try {
    const engine = getEngine("webassembly");
    reason = "WebAssembly is the faster one for every job and size";
    return engine;
  } catch (error) {
    // Missing (--jitless), forbidden (a content security policy), or out of address space.
    const message = error instanceof Error ? error.message : String(error);
    reason = `WebAssembly cannot run here: ${message}`;
    return getEngine("typescript");
  }
}

/** Read without `node:process`, for runtimes that have no such module. */
function environmentVariable(): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  try {
    return process?.env?.[VARIABLE];
  } catch {
    // Deno throws if it may not read the environment.
    return undefined;
  }
}

/**
 * A WebAssembly engine with a memory of its own. A process should have one: V8 runs out of address
 * space near 13,000.
 *
 * @throws where WebAssembly is missing, forbidden, or has no address space left
 */
export function createWebAssemblyEngine(): Engine {
  const { exports } = new WebAssembly.Instance(compile());
  const { memory, ...jobs } = exports as unknown as EngineJobs & { memory: WebAssembly.Memory };
  return createEngine("webassembly", viewMemory(new Uint8Array(memory.buffer)), jobs);
}

/**
 * An engine without WebAssembly: the reference, and what runs where WebAssembly cannot.
 *
 * @param bytes the memory to work on, at least {@link MEMORY_SIZE} bytes, aligned to 8
 * @throws RangeError if it is shorter or not aligned
 */
export function createTypeScriptEngine(bytes: Uint8Array = new Uint8Array(MEMORY_SIZE)): Engine {
  const memory = viewMemory(bytes);
  return createEngine("typescript", memory, {
    demultiplex: (start, length) => demultiplex(memory, start, length),
    demultiplexConnection: (start, length) => demultiplexConnection(memory, start, length),
    splitPairs: (start, length) => splitPairs(memory, start, length),
    splitNetstrings: (start, length, most) => splitNetstrings(memory, start, length, most),
    splitHeaders: (start, length) => splitHeaders(memory, start, length),
    splitPackets: (start, length, most) => splitPackets(memory, start, length, most),
    splitVariables: (start, length) => splitVariables(memory, start, length),
    countScoreboard: (start, length) => countScoreboard(memory, start, length),
    splitLines: (start, length, final) => splitLines(memory, start, length, final),
  });
}

/** Every property by name, so that V8 sees one shape where a process has both engines. */
function createEngine(name: EngineName, memory: Memory, jobs: EngineJobs): Engine {
  const engine = {
    name,
    memory: memory.bytes,
    state: memory.state,
    results: memory.results,
    table: memory.table,
    numbers: memory.numbers,
    demultiplex: jobs.demultiplex,
    demultiplexConnection: jobs.demultiplexConnection,
    splitPairs: jobs.splitPairs,
    splitNetstrings: jobs.splitNetstrings,
    splitHeaders: jobs.splitHeaders,
    splitPackets: jobs.splitPackets,
    splitVariables: jobs.splitVariables,
    countScoreboard: jobs.countScoreboard,
    splitLines: jobs.splitLines,
  };
  // What console.log shows: the memory would fill the screen.
  return Object.defineProperty(engine, Symbol.for("nodejs.util.inspect.custom"), {
    value: () => `Engine { name: '${name}' }`,
  });
}
