import { stat } from "node:fs/promises";
import { readRegularFileSync } from "../transport/regular-file.js";
import { writeAtomically } from "../transport/write-atomically.js";
import type { Counters } from "./measures.js";

/** The longest file of counters, in bytes: some 50,000 targets. */
const LONGEST = 16 * 1024 * 1024;

/**
 * The counters of the last check, by target. A file that is not there yet, or is empty, has none.
 *
 * @throws Error if it is another file, or cannot be read
 */
export function readCounters(file: string): Map<string, Counters> {
  const text = textOf(file);
  if (text.trim() === "") return new Map();
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, Counters>);
    if (entries.every(([, { time, values }]) => Number.isFinite(time) && isNumbers(values))) {
      return new Map(entries);
    }
  } catch {
    // The error below is for what is not JSON, too.
  }
  throw new Error("it is not a file of counters: name another, or remove it");
}

function textOf(file: string): string {
  try {
    return readRegularFileSync(file, LONGEST);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

function isNumbers(values: unknown): boolean {
  return (
    typeof values === "object" && values !== null && Object.values(values).every(Number.isFinite)
  );
}

/**
 * Replaces the file. One that {@link readCounters} refuses must not come here: it may be another
 * program's, named by mistake.
 *
 * @throws Error if it cannot be written, or is a device, a pipe or the like
 */
export async function writeCounters(
  file: string,
  counters: ReadonlyMap<string, Counters>,
): Promise<void> {
  const old = await stat(file).catch(() => undefined);
  if (old?.isFile() === false) throw new Error("it is not a regular file");
  await writeAtomically(file, `${JSON.stringify(Object.fromEntries(counters))}\n`);
}
