import { readFileSync } from "node:fs";
import { ErrorCode, GatewayError } from "../errors.js";
import { writeAtomically } from "../transport/write-atomically.js";
import type { Counters } from "./measures.js";

/**
 * The counters of the last check, by target. A file that is not there yet has none.
 *
 * @throws GatewayError `bad_input` if it is another file, or cannot be read
 */
export function readCounters(file: string): Map<string, Counters> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw unusable(file, (error as Error).message, error);
  }
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, Counters>);
    if (entries.every(([, { time, values }]) => Number.isFinite(time) && isNumbers(values))) {
      return new Map(entries);
    }
  } catch {
    // The error below is for what is not JSON, too.
  }
  throw unusable(file, "it is not a file of counters");
}

function isNumbers(values: unknown): boolean {
  return (
    typeof values === "object" && values !== null && Object.values(values).every(Number.isFinite)
  );
}

/** @throws GatewayError `bad_input` if it cannot be written */
export async function writeCounters(
  file: string,
  counters: ReadonlyMap<string, Counters>,
): Promise<void> {
  try {
    await writeAtomically(file, `${JSON.stringify(Object.fromEntries(counters))}\n`);
  } catch (error) {
    throw unusable(file, (error as Error).message, error);
  }
}

function unusable(file: string, why: string, cause?: unknown): GatewayError {
  return new GatewayError(ErrorCode.BadInput, `--state ${file}: ${why}`, {
    hint: "name a file that this user may read and write, or remove it",
    cause,
  });
}
