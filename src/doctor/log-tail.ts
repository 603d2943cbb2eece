import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { problemOf } from "../apache/configuration/configuration-files.js";

/** How much of a log is read, in bytes, from its end. */
const TAIL = 524_288;
/** Milliseconds for which an event of a log counts. */
const RECENT = 3_600_000;

/** The last lines of a log, or why they cannot be read. */
export function lastLines(
  path: string,
): { readonly lines: string[] } | { readonly problem: string } {
  let descriptor: number;
  try {
    // A pipe without a writer would block.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { problem: `${path} ${problemOf(path, error).problem}` };
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return { problem: `${path} is not a regular file` };
    const start = Math.max(0, stats.size - TAIL);
    const bytes = Buffer.alloc(Math.min(stats.size, TAIL));
    const length = readSync(descriptor, bytes, 0, bytes.length, start);
    const lines = bytes.toString("utf8", 0, length).split("\n");
    // The first line may have lost its beginning.
    return { lines: start > 0 ? lines.slice(1) : lines };
  } catch (error) {
    return { problem: `${path} ${problemOf(path, error).problem}` };
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The time that php-fpm writes, `29-Nov-2026 21:28:50`, and that of PHP, which may say `UTC` after it,
 * in Unix milliseconds.
 */
export function parseLogTime(text: string): number | undefined {
  const [, day, month, year, time, zone = ""] =
    /^(\d\d)-(\w{3})-(\d{4}) (\d\d:\d\d:\d\d)( UTC)?/.exec(text) ?? [];
  const milliseconds = Date.parse(`${day} ${month} ${year} ${time}${zone}`);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

/** Whether a time is within the last hour. */
export function isRecent(at: number): boolean {
  return at > Date.now() - RECENT;
}
