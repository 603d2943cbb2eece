import { compile } from "#wasm";
import type { Engine } from "./engine.js";
import { viewMemory } from "./memory.js";

/** What the module exports: its memory, and each job under its own name. */
type Exports = Pick<Engine, Job> & { readonly memory: WebAssembly.Memory };
type Job = {
  [Key in keyof Engine]: Engine[Key] extends (...bytes: never[]) => number ? Key : never;
}[keyof Engine];

/**
 * An engine with a memory of its own. A process needs one: V8 runs out of address space near 13,000.
 *
 * @throws where WebAssembly is missing, forbidden, or has no address space left
 */
export function createWebAssemblyEngine(): Engine {
  const { memory, ...jobs } = new WebAssembly.Instance(compile()).exports as unknown as Exports;
  const { bytes, state, results, table, numbers } = viewMemory(new Uint8Array(memory.buffer));
  return { name: "webassembly", memory: bytes, state, results, table, numbers, ...jobs };
}
