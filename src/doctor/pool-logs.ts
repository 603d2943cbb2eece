import { existsSync } from "node:fs";
import type { PoolConfiguration } from "../discovery/pool-configuration.js";
import type { LogEvent, LogEvidence, NotLookedAt, SlowRequest } from "./evidence.js";
import { isRecent, lastLines, parseLogTime } from "./log-tail.js";
import { type MemoryLimitEvent, memoryLimitsIn } from "./memory-limit.js";

/** What php-fpm's log says of a pool, and what it means. */
const patterns: readonly { kind: LogEvent["kind"]; pattern: RegExp }[] = [
  { kind: "max_children", pattern: /^server reached pm\.max_children setting \((\d+)\)/ },
  { kind: "seems_busy", pattern: /^seems busy .*spawning (\d+) child/ },
  {
    kind: "signal",
    pattern: /^child \d+ exited on signal \d+ \((\w+)[^)]*\).* after ([\d.]+) sec/,
  },
  { kind: "recycled", pattern: /^child \d+ exited with code (0) after ([\d.]+) sec/ },
  { kind: "exit_code", pattern: /^child \d+ exited with code (\d+) after ([\d.]+) sec/ },
  {
    kind: "terminated",
    pattern: /^child \d+, script '([^']*)'.* execution timed out \(([\d.]+) sec/,
  },
  { kind: "slow", pattern: /^child \d+, script '([^']*)'.* executing too slow \(([\d.]+) sec/ },
];

/**
 * Reads the ends of a pool's logs.
 *
 * @param phpLog the `error_log` of PHP that the pool sets
 */
export function readLogs(
  configuration: PoolConfiguration | undefined,
  master: number | undefined,
  missing: NotLookedAt[],
  phpLog?: string,
): LogEvidence {
  if (configuration === undefined) return { events: undefined, slow: undefined, memoryLimits: [] };
  const { name, errorLog, slowlog } = configuration;
  const lines = readLines(pathOf(errorLog, master), name, missing);
  return {
    events: lines?.flatMap((line) => eventOf(line) ?? []),
    slow: readSlow(pathOf(slowlog, master), name, missing),
    memoryLimits: [
      ...(lines ?? []).flatMap(({ text, at }) => memoryLimitsIn(text, at)),
      ...readPhpLog(phpLog, missing),
    ],
  };
}

/** The log has no pool's name, and may be that of several. */
function readPhpLog(path: string | undefined, missing: NotLookedAt[]): MemoryLimitEvent[] {
  // PHP creates it at the first error.
  if (path === undefined || !existsSync(path)) return [];
  const read = lastLines(path);
  if ("problem" in read) {
    missing.push({ what: "the log of PHP", why: read.problem });
    return [];
  }
  return read.lines.flatMap((line) => {
    const at = parseLogTime(/^\[([^\]]+)\]/.exec(line)?.[1] ?? "");
    return at === undefined || !isRecent(at) ? [] : memoryLimitsIn(line, at);
  });
}

/** `/proc/self/fd/2`, of containers, is a file of php-fpm's master, not of this process. */
function pathOf(path: string | undefined, master: number | undefined): string | undefined {
  const own = /^(?:\/proc\/self\/fd\/|\/dev\/fd\/|\/dev\/std)(\d+|out|err)$/.exec(path ?? "")?.[1];
  if (own === undefined) return path;
  const descriptor = own === "out" ? "1" : own === "err" ? "2" : own;
  return master === undefined ? undefined : `/proc/${master}/fd/${descriptor}`;
}

/** A line about the pool. */
interface PoolLine {
  readonly at: number;
  readonly text: string;
}

const LINE = /^\[([^\]]+)\] [A-Z]+: (?:pid \d+, \w+\(\), line \d+: )?\[pool ([^\]]+)\] (.*)$/;

/** The lines of php-fpm's log about a pool, of the last hour. */
function readLines(
  path: string | undefined,
  pool: string,
  missing: NotLookedAt[],
): PoolLine[] | undefined {
  const what = "the log of php-fpm";
  if (path === undefined || !path.startsWith("/")) {
    const why = path === undefined ? "its path is not known" : `it goes to ${path}`;
    missing.push({ what, why });
    return undefined;
  }
  const read = lastLines(path);
  if ("problem" in read) {
    missing.push({ what, why: read.problem });
    return undefined;
  }
  return read.lines.flatMap((line) => {
    const [, time = "", name, text = ""] = LINE.exec(line) ?? [];
    const at = parseLogTime(time);
    return name !== pool || at === undefined || !isRecent(at) ? [] : [{ at, text }];
  });
}

function eventOf({ at, text }: PoolLine): LogEvent | undefined {
  for (const { kind, pattern } of patterns) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const [, detail = "", age] = match;
    return { kind, at, detail, age: age === undefined ? undefined : Number(age) };
  }
  return undefined;
}

function readSlow(path: string | undefined, pool: string, missing: NotLookedAt[]) {
  if (path === undefined) return undefined;
  const read = lastLines(path);
  if ("problem" in read) {
    missing.push({ what: "the slow log", why: read.problem });
    return undefined;
  }
  return slowRequests(read.lines, pool);
}

/** The entries of a slow log. Each begins with its time and pool; the innermost call comes first. */
function slowRequests(lines: readonly string[], pool: string): SlowRequest[] {
  const found: SlowRequest[] = [];
  for (const [index, line] of lines.entries()) {
    const [, time = "", name] = /^\[([^\]]+)\]\s+\[pool ([^\]]+)\] pid \d+$/.exec(line) ?? [];
    const at = parseLogTime(time);
    if (name !== pool || at === undefined || !isRecent(at)) continue;
    const script = /^script_filename = (.*)$/.exec(lines[index + 1] ?? "")?.[1] ?? "";
    const [, call = "", source] =
      /^\[0x[0-9a-f]+\] (\S+?)(?:\(\))? (.+)$/.exec(lines[index + 2] ?? "") ?? [];
    found.push({ at, script, call, source });
  }
  return found;
}
