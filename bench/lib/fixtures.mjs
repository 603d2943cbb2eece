import { readFileSync } from "node:fs";

/** Captured bytes, see bench/README.md. */
export function fixture(name) {
  return new Uint8Array(readFileSync(new URL(`../fixtures/${name}`, import.meta.url)));
}
