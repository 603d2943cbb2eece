import { createDefaultEngine } from "./default.js";
import type { Engine, EngineName } from "./engine.js";
import { createTypeScriptEngine } from "./typescript.js";
import { createWebAssemblyEngine } from "./webassembly.js";

export interface EngineChoice {
  readonly name: EngineName;
  /** Why this one, in words for `--version` and bug reports. */
  readonly reason: string;
}

const VARIABLE = "FCGI_PROBE_ENGINE";

let chosen: Engine | undefined;
let reason = "";

/**
 * The engine of this process, made at the first call. The environment variable FCGI_PROBE_ENGINE
 * forces `webassembly` or `typescript`.
 *
 * @throws Error where FCGI_PROBE_ENGINE asks for WebAssembly and it cannot run, or names no engine
 */
export function engine(): Engine {
  chosen ??= create(forced());
  return chosen;
}

/** Which engine this process runs, and why. */
export function engineChoice(): EngineChoice {
  return { name: engine().name, reason };
}

function create(name: string | undefined): Engine {
  switch (name) {
    case "webassembly":
      reason = `${VARIABLE} asks for it`;
      return createWebAssemblyEngine();
    case "typescript":
      reason = `${VARIABLE} asks for it`;
      return createTypeScriptEngine();
    case undefined:
    case "":
    case "default":
      return createDefaultOrFallback();
    default:
      throw new Error(`${VARIABLE} is webassembly or typescript, not ${JSON.stringify(name)}`);
  }
}

function createDefaultOrFallback(): Engine {
  try {
    const engine = createDefaultEngine();
    reason = "WebAssembly is the faster one for every job and size";
    return engine;
  } catch (error) {
    // Missing (--jitless), forbidden (a content security policy), or out of address space.
    const message = error instanceof Error ? error.message : String(error);
    reason = `WebAssembly cannot run here: ${message}`;
    return createTypeScriptEngine();
  }
}

/** Read without `node:process`, for runtimes that have no such module. */
function forced(): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  try {
    return process?.env?.[VARIABLE];
  } catch {
    // Deno throws where it may not read the environment.
    return undefined;
  }
}
