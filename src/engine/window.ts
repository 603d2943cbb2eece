import { type Engine, WINDOW } from "./engine.js";

/** Whether bytes are the first of the engine's window already. */
export function isInWindow(bytes: Uint8Array, { memory }: Engine): boolean {
  return bytes.buffer === memory.buffer && bytes.byteOffset === memory.byteOffset + WINDOW;
}
