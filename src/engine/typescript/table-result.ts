import { RESULT, TableResult } from "../engine.js";

const R = RESULT >> 2;

/** Writes the results of a job that fills the table. */
export function tableResult(
  words: Int32Array,
  consumed: number,
  needed: number,
  complete: number,
  errorOffset: number,
): void {
  words[R + TableResult.Consumed] = consumed;
  words[R + TableResult.Needed] = needed;
  words[R + TableResult.Complete] = complete;
  words[R + TableResult.ErrorOffset] = errorOffset;
}
