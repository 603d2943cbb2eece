import type { Engine } from "../../src/engine/engine.js";
import { createTypeScriptEngine, createWebAssemblyEngine } from "../../src/engine/select.js";

/** Both engines, each with a memory of its own: suites run on all of them. */
export const engines: readonly (readonly [name: string, engine: Engine])[] = [
  ["webassembly", createWebAssemblyEngine()],
  ["typescript", createTypeScriptEngine()],
];
