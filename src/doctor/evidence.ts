import type { PoolConfiguration } from "../discovery/pool-configuration.js";
import { ErrorCode, type GatewayError } from "../errors.js";
import type { OpcacheStatus } from "../phpfpm/opcache.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import type { AcceptQueue } from "../transport/accept-queues.js";
import type { MemoryLimitEvent } from "./memory-limit.js";

/**
 * What was read about a pool. A part that is `undefined` could not be read, and `notLookedAt` says why.
 * Times are in seconds, sizes in bytes.
 */
export interface Evidence {
  /** The address that was given or found, with the path of the status page. */
  readonly target: string;
  /** The pool's name. */
  readonly name: string | undefined;
  readonly configuration: PoolConfiguration | undefined;
  /** The file and line of a directive, or of the pool's section where it is not set. */
  readonly sourceOf: (directive: string) => string | undefined;
  /** Why php-fpm would refuse the configuration of its running master as it is now. */
  readonly refusal: string | undefined;
  readonly page: PageEvidence;
  /** The accept queue at the first look, before the status page was asked for. */
  readonly queue: QueueEvidence | undefined;
  /** Seconds between the two looks. */
  readonly interval: number;
  readonly master: MasterEvidence | undefined;
  /** The pids of the workers that serve on though their master has ended. */
  readonly orphans: readonly number[];
  /** The workers at the first look. */
  readonly workers: readonly WorkerEvidence[] | undefined;
  /** The workers that ended and those that were started between the looks. */
  readonly turnover: { readonly ended: number; readonly started: number } | undefined;
  readonly memory: MemoryEvidence | undefined;
  /** The files of the configuration, and when they were changed, in Unix milliseconds. */
  readonly files: readonly { readonly path: string; readonly changedAt: number }[];
  readonly log: LogEvidence;
  /** The web servers of this machine that pass requests to the pool. */
  readonly frontEnds: readonly FrontEndEvidence[];
  /** What the script for OPcache says; `undefined` where none was given, or it was not read. */
  readonly opcache: OpcacheStatus | undefined;
  readonly notLookedAt: readonly NotLookedAt[];
}

/** A part that was not looked at. */
export interface NotLookedAt {
  readonly what: string;
  readonly why: string;
}

/** What the status page said. */
export interface PageEvidence {
  /** The address of the page. */
  readonly address: string;
  /** Whether a connection was opened to it: none is where clients already wait for its workers. */
  readonly isAsked: boolean;
  readonly status: PoolStatus | undefined;
  /** Why there is no status. */
  readonly error: GatewayError | undefined;
  /** When the page came, in Unix milliseconds. */
  readonly readAt: number | undefined;
}

const lateCodes: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.Deadline,
  ErrorCode.ConnectTimeout,
  ErrorCode.BacklogFull,
]);

/** Whether the page did not come because no worker had time for it. */
export function isLate(error: GatewayError | undefined): boolean {
  return error !== undefined && lateCodes.has(error.code);
}

/** Whether a process is stopped, by SIGSTOP or a debugger. */
export function isStopped({ state }: { readonly state: string }): boolean {
  return /[Tt]/.test(state);
}

export interface QueueEvidence extends AcceptQueue {
  /** The most connections that wait: the smaller one of listen.backlog and net.core.somaxconn. */
  readonly limit: number | undefined;
  /** Connections that wait at the second look, without that of the doctor. */
  readonly laterWaiting: number | undefined;
  /** `net.core.somaxconn`. */
  readonly longest: number | undefined;
}

export interface MasterEvidence {
  readonly pid: number;
  /** The kernel's letter for its state. */
  readonly state: string;
  /** When it was started, in Unix milliseconds. A reload keeps it. */
  readonly startedAt: number;
}

/** The memory that the pool may use. */
export interface MemoryEvidence {
  /** MemAvailable of /proc/meminfo. */
  readonly available: number;
  /** The group of processes with the least room for the pool, if one has a limit. */
  readonly group:
    | { readonly path: string; readonly limit: number; readonly used: number }
    | undefined;
}

/** What the pool's logs said in the last hour. Their ends are read, so there may have been more. */
export interface LogEvidence {
  /** The log of php-fpm; `undefined` where it was not read. */
  readonly events: readonly LogEvent[] | undefined;
  /** The slow log; `undefined` where there is none, or it was not read. */
  readonly slow: readonly SlowRequest[] | undefined;
  /** Requests that needed more than `memory_limit`, by the log of php-fpm and that of PHP. */
  readonly memoryLimits: readonly MemoryLimitEvent[];
}

/** A line of php-fpm's log that tells something. */
export interface LogEvent {
  readonly kind:
    | "max_children"
    | "seems_busy"
    | "signal"
    | "exit_code"
    | "recycled"
    | "terminated"
    | "slow";
  /** In Unix milliseconds. */
  readonly at: number;
  /** The signal's name, the exit code, or the script. */
  readonly detail: string;
  /** Seconds that the worker lived. */
  readonly age: number | undefined;
}

/** An entry of the slow log. */
export interface SlowRequest {
  /** In Unix milliseconds. */
  readonly at: number;
  readonly script: string;
  /** The function that was running. */
  readonly call: string;
  /** The file and line of this call. */
  readonly source: string | undefined;
}

/** A web server that passes requests to the pool. */
export interface FrontEndEvidence {
  readonly name: "nginx" | "httpd";
  /** The file and line that name the pool. */
  readonly source: string;
  /** The number and the name of its user; `undefined` where that is not known. */
  readonly user: string | undefined;
  /** The folder or the socket whose mode keeps this user out. */
  readonly closed: string | undefined;
  /** What its error log says about the pool in the last hour. */
  readonly events: readonly FrontEndEvent[];
  /** What PHP has said to it of `memory_limit`: that is where its messages go by default. */
  readonly memoryLimits: readonly MemoryLimitEvent[];
}

/** An error of a web server with the pool. */
export interface FrontEndEvent {
  readonly kind: "queue_full" | "denied" | "down" | "timed_out" | "broken_off";
  /** In Unix milliseconds. */
  readonly at: number;
}

/** A worker in /proc, joined with its line of the status page or of the scoreboard. */
export interface WorkerEvidence {
  readonly pid: number;
  /** The kernel's letter for its state: `R`, `S`, `D`, `T`… */
  readonly state: string;
  /** Seconds since it was started. */
  readonly age: number;
  /** When it was started, in Unix milliseconds. */
  readonly startedAt: number;
  /** CPUs that it kept busy between the looks. `undefined` if it did not live through both. */
  readonly cpu: number | undefined;
  /** Whether it has a connection; `undefined` where this user may not see its files. */
  readonly isBusy: boolean | undefined;
  /** Whether it had a connection at the second look. */
  readonly isLaterBusy: boolean;
  /** Whether it had the same connection at both looks. */
  readonly isSameRequest: boolean;
  readonly wait: WorkerWait | undefined;
  /** What it waited for at the second look, perhaps in another request. */
  readonly laterWait: WorkerWait | undefined;
  /** The address of its client, of pools that listen on TCP. */
  readonly client: string | undefined;
  /** Seconds since its request was accepted. */
  readonly requestAge: number | undefined;
  /** The script of its request, or the name in its URI. */
  readonly script: string | undefined;
  /** Memory of its own, neither of files nor of OPcache. */
  readonly privateBytes: number | undefined;
}

/** What a busy worker does or waits for. */
export const WaitKind = {
  /** The client sends nothing. */
  Client: "client",
  /** The client takes nothing of the answer. */
  Answer: "answer",
  /** Another server. */
  Connection: "connection",
  /** A lock of a file. */
  Lock: "lock",
  /** A file or a pipe. */
  File: "file",
  /** The script sleeps. */
  Sleep: "sleep",
  /** A program that it started. */
  Child: "child",
  /** The disk or the kernel: it cannot be interrupted. */
  Disk: "disk",
  /** Nothing: it computes. */
  Cpu: "cpu",
  Other: "other",
} as const;

export type WaitKind = (typeof WaitKind)[keyof typeof WaitKind];

export interface WorkerWait {
  readonly kind: WaitKind;
  /** What it waits for: `127.0.0.1:3306`, a path, or the kernel's function. */
  readonly on: string | undefined;
}
