import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { endianness } from "node:os";

/** A request that a worker runs, by the scoreboard. */
export interface ScoreboardRequest {
  readonly pid: number;
  /** Seconds since its worker accepted it. */
  readonly age: number;
  /** The URI without the query; empty until the worker knows it. */
  readonly uri: string;
  /** The script; empty until the worker knows it. */
  readonly script: string;
}

/** A worker to look for, and when it was started, in Unix seconds. */
export interface ScoreboardWorker {
  readonly pid: number;
  readonly startedAt: number;
}

/**
 * `struct fpm_scoreboard_proc_s` of php-fpm 7.0 to 8.4 on machines of 64 bits, in bytes from its
 * `pid`. The time of its start comes before.
 */
const Offset = {
  Start: -8,
  AcceptedSeconds: 24,
  AcceptedMicroseconds: 32,
  AcceptedEpoch: 56,
  Uri: 80,
  Script: 744,
  End: 1_000,
} as const;
const URI_LENGTH = 128;
const SCRIPT_LENGTH = 256;

/** The largest mapping that is read, in bytes: the scoreboard of 6,000 workers. OPcache has a larger one. */
const MAX_MAPPING = 8_388_608;
/** Seconds by which two clocks of one moment may differ: whole seconds, and a fork that takes time. */
const TOLERANCE = 3;

/**
 * Reads php-fpm's own scoreboard from the shared memory of a worker. It says of a pool that does not
 * answer what its status page would say. An entry counts only if it has the pid of a worker beside
 * the time at which the kernel started that worker, and times and texts that are possible; so
 * another version of php-fpm, whose entries differ, gives nothing. Root may read it, and reading
 * does not stop the worker.
 *
 * @returns the entries by pid; `undefined` where the memory cannot be read
 */
export function readSharedScoreboard(
  workers: readonly ScoreboardWorker[],
): ReadonlyMap<number, ScoreboardRequest> | undefined {
  const [first] = workers;
  if (first === undefined || endianness() !== "LE") return undefined;
  const found = new Map<number, ScoreboardRequest>();
  try {
    const descriptor = openSync(`/proc/${first.pid}/mem`, "r");
    try {
      for (const { start, length } of sharedMappings(first.pid)) {
        const memory = Buffer.alloc(length);
        const read = readSync(descriptor, memory, 0, length, start);
        for (const entry of entriesIn(memory.subarray(0, read), workers)) {
          found.set(entry.pid, entry);
        }
      }
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined; // Another user's, or it has ended.
  }
  return found;
}

function sharedMappings(pid: number): { start: number; length: number }[] {
  return readFileSync(`/proc/${pid}/maps`, "latin1")
    .split("\n")
    .flatMap((line) => {
      const match = /^([0-9a-f]+)-([0-9a-f]+) rw-s .* \/dev\/zero \(deleted\)$/.exec(line);
      if (match === null) return [];
      const [start, end] = [match[1], match[2]].map((hex) => Number.parseInt(hex ?? "", 16));
      const length = (end ?? 0) - (start ?? 0);
      return length > MAX_MAPPING ? [] : [{ start: start ?? 0, length }];
    });
}

function entriesIn(memory: Buffer, workers: readonly ScoreboardWorker[]): ScoreboardRequest[] {
  const byPid = new Map(workers.map((worker) => [worker.pid, worker]));
  const entries: ScoreboardRequest[] = [];
  for (let at = 8; at + Offset.End <= memory.length; at += 8) {
    const worker = byPid.get(memory.readInt32LE(at));
    const entry = worker && entryAt(memory, at, worker);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

function entryAt(
  memory: Buffer,
  at: number,
  { pid, startedAt }: ScoreboardWorker,
): ScoreboardRequest | undefined {
  const word = (offset: number) => Number(memory.readBigInt64LE(at + offset));
  if (Math.abs(word(Offset.Start) - startedAt) > TOLERANCE) return undefined;
  const epoch = word(Offset.AcceptedEpoch);
  const accepted = word(Offset.AcceptedSeconds) + word(Offset.AcceptedMicroseconds) / 1e6;
  // php-fpm takes the time from the clock that Node's performance counters use.
  const age = Number(process.hrtime.bigint()) / 1e9 - accepted;
  const isPossible =
    word(Offset.AcceptedMicroseconds) >= 0 &&
    word(Offset.AcceptedMicroseconds) < 1e6 &&
    age > -1 &&
    Math.abs(Date.now() / 1_000 - epoch - age) < TOLERANCE;
  const uri = textAt(memory, at + Offset.Uri, URI_LENGTH);
  const script = textAt(memory, at + Offset.Script, SCRIPT_LENGTH);
  if (!isPossible || uri === undefined || script === undefined) return undefined;
  return { pid, age: Math.max(0, age), uri, script };
}

/** A text that ends with a zero within its field. */
function textAt(memory: Buffer, at: number, length: number): string | undefined {
  const field = memory.subarray(at, at + length);
  const end = field.indexOf(0);
  return end < 0 ? undefined : field.toString("utf8", 0, end);
}
