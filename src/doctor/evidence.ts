import type { PoolConfiguration } from "../discovery/pool-configuration.js";
import type { GatewayError } from "../errors.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import type { AcceptQueue } from "../transport/accept-queues.js";

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
  readonly page: PageEvidence;
  /** The accept queue at the first look, before the status page was asked for. */
  readonly queue: QueueEvidence | undefined;
  /** Seconds between the two looks. */
  readonly interval: number;
  readonly master: MasterEvidence | undefined;
  /** The workers at the first look. */
  readonly workers: readonly WorkerEvidence[] | undefined;
  readonly notLookedAt: readonly NotLookedAt[];
}

/** A part that was not looked at. */
export interface NotLookedAt {
  readonly what: string;
  readonly why: string;
}

/** What the status page said. */
export interface PageEvidence {
  /** The address that was asked. */
  readonly address: string;
  readonly status: PoolStatus | undefined;
  /** Why there is no status. */
  readonly error: GatewayError | undefined;
}

export interface QueueEvidence extends AcceptQueue {
  /** The most connections that wait: the smaller one of listen.backlog and net.core.somaxconn. */
  readonly limit: number | undefined;
  /** `net.core.somaxconn`. */
  readonly longest: number | undefined;
}

export interface MasterEvidence {
  readonly pid: number;
  /** When it was started, in Unix milliseconds. A reload keeps it. */
  readonly startedAt: number;
}

/** A worker in /proc, joined with its line of the status page or of the scoreboard. */
export interface WorkerEvidence {
  readonly pid: number;
  /** Seconds since it was started. */
  readonly age: number;
  /** When it was started, in Unix milliseconds. */
  readonly startedAt: number;
  /** CPUs that it kept busy between the looks. `undefined` if it did not live through both. */
  readonly cpu: number | undefined;
  /** Whether it has a connection; `undefined` where this user may not see its files. */
  readonly isBusy: boolean | undefined;
  /** Whether it had the same connection at both looks. */
  readonly isSameRequest: boolean;
  readonly wait: WorkerWait | undefined;
  /** Seconds since its request was accepted. */
  readonly requestAge: number | undefined;
  /** The script of its request, or the name in its URI. */
  readonly script: string | undefined;
  /** Memory that it shares with no other process. */
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
