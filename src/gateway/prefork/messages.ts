import type { Protocol } from "../../transport/address.js";
import type { PoolMode, WorkerServeOptions } from "./options.js";

/** The descriptors that a worker starts with, beside its output. */
export const LISTENING_DESCRIPTOR = 0;
export const SCOREBOARD_DESCRIPTOR = 4;
/** Where the listening socket is before the shell has moved it to descriptor 0. */
export const PASSED_DESCRIPTOR = 5;

/** All that a worker has to know. */
export interface WorkerSettings {
  application: string;
  protocol: Protocol;
  name: string;
  mode: PoolMode;
  /** Whether connections come over TCP, and not over a unix socket. */
  isTcp: boolean;
  concurrency: number;
  /** Places in the pool when all its workers run. */
  places: number;
  /** The first of the worker's slots on the scoreboard. */
  slot: number;
  maxRequests: number;
  requestTerminateTimeout: number;
  requestSlowlogTimeout: number;
  slowlog: string | undefined;
  statusPath: string | undefined;
  pingPath: string | undefined;
  pingResponse: string;
  drainTimeout: number;
  backlog: number;
  serve: WorkerServeOptions;
}

/** What the master says to a worker. */
export type MasterMessage =
  | { kind: "start"; settings: WorkerSettings }
  /** Comes with a socket; `bytes`, in Latin-1, have been read from it. */
  | { kind: "connection"; bytes?: string | undefined }
  /** Serve what has begun, and end. */
  | { kind: "stop" };

/** What a worker says to the master. */
export type WorkerMessage =
  /** The application is loaded. */
  | { kind: "ready" }
  | { kind: "failed"; reason: string }
  /** The last connection has arrived. */
  | { kind: "taken" }
  /** Delegate mode: so many more connections may be passed. */
  | { kind: "room"; places: number }
  /** The worker has served its `maxRequests`, and wants to be stopped. */
  | { kind: "worn" }
  /** A line for the pool's log. */
  | { kind: "slow"; text: string };
