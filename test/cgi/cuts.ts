import { readFileSync } from "node:fs";

/** A captured connection or page of test/fixtures. */
export function fixture(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../fixtures/${path}`, import.meta.url)));
}

/** Bytes written as hex; blanks are for the reader. */
export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replace(/\s/g, ""), "hex"));
}

/** Bytes written as Latin-1 text. */
export function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

/**
 * The ways to cut bytes: whole, byte by byte, and in two at every point up to `end`, which is
 * behind what is to be decoded.
 */
export function* cuts(all: Uint8Array, end: number = all.length): Generator<Uint8Array[]> {
  yield [all];
  const single: Uint8Array[] = [];
  for (let at = 0; at < end; at++) single.push(all.subarray(at, at + 1));
  yield [...single, all.subarray(end)];
  for (let at = 1; at <= Math.min(end, all.length - 1); at++) {
    yield [all.subarray(0, at), all.subarray(at)];
  }
}
