import { MEMORY_SIZE, WINDOW, WINDOW_SIZE } from "./engine.js";

/** One engine memory, seen as bytes, words, doubles, and unaligned little-endian words. */
export interface Memory {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly numbers: Float64Array;
  readonly view: DataView;
}

/**
 * The views of a memory that already exists.
 *
 * @throws RangeError where it holds less than {@link MEMORY_SIZE} bytes or is not aligned to 8
 */
export function viewMemory(bytes: Uint8Array): Memory {
  const { buffer, byteOffset } = bytes;
  return {
    bytes,
    words: new Int32Array(buffer, byteOffset, MEMORY_SIZE >> 2),
    numbers: new Float64Array(buffer, byteOffset, MEMORY_SIZE >> 3),
    view: new DataView(buffer, byteOffset, MEMORY_SIZE),
  };
}

/** Whether a stretch of memory leaves the window. */
export function isOutside(start: number, length: number): boolean {
  return start < WINDOW || length < 0 || start > WINDOW + WINDOW_SIZE - length;
}
