import type { Variables } from "../cgi/variables.js";

/** Reads the variables of a connection's first request. */
export interface VariablesReader {
  /** Whether there is no more to read for it. */
  readonly done: boolean;
  /** Undefined until they are there, and where the connection begins otherwise. */
  readonly variables: Variables | undefined;
  push(chunk: Buffer): void;
}
