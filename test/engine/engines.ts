import { createDefaultEngine } from "../../src/engine/default.js";
import type { Engine } from "../../src/engine/engine.js";
import { createTypeScriptEngine } from "../../src/engine/typescript.js";
import { createWebAssemblyEngine } from "../../src/engine/webassembly.js";

/** Every engine, each with a memory of its own: suites run on all of them. */
export const engines: readonly (readonly [name: string, engine: Engine])[] = [
  ["webassembly", createWebAssemblyEngine()],
  ["typescript", createTypeScriptEngine()],
  ["default", createDefaultEngine()],
];

/** The two that there are: the default engine is one of them. */
export const bothEngines = engines.slice(0, 2);
