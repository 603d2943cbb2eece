import type { Engine } from "../../src/engine/engine.js";
import { WINDOW, WINDOW_SIZE } from "../../src/engine/memory.js";

/** The address of the bytes: not the window's start, so that no test relies on alignment. */
export const NOT_ALIGNED = WINDOW + 3;
/** How many bytes there is room for. */
export const ROOM = WINDOW_SIZE - 3;

/** Bytes in the window. A job consumes the first ones, and more are added at the end. */
export class WaitingBytes {
  start = NOT_ALIGNED;
  length = 0;
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Adds as many bytes as there is room for, and returns the others. */
  add(bytes: Uint8Array): Uint8Array {
    const { memory } = this.#engine;
    if (this.start + this.length + bytes.length > NOT_ALIGNED + ROOM) {
      memory.copyWithin(NOT_ALIGNED, this.start, this.start + this.length);
      this.start = NOT_ALIGNED;
    }
    const fitting = bytes.subarray(0, ROOM - this.length);
    memory.set(fitting, this.start + this.length);
    this.length += fitting.length;
    return bytes.subarray(fitting.length);
  }

  take(length: number): void {
    this.start += length;
    this.length -= length;
  }

  /** Whether there is no room for a byte more. */
  get isFull(): boolean {
    return this.length === ROOM;
  }
}
