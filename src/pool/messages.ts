import type { Protocol } from "../address.js";
import type { Identity } from "./identity.js";
import type { PoolMode, WorkerServeOptions } from "./options.js";

/** The descriptors that a worker starts with, beside its output and the master's channel. */
export const SCOREBOARD_DESCRIPTOR = 4;
/** Of shared pools. Children of the application inherit the descriptors 0 to 2: it is none of them. */
export const LISTENING_DESCRIPTOR = 5;

/** All that a worker has to know. */
export interface WorkerSettings {
  /** What its messages are known by: the application's own are not for the master. */
  key: string;
  /** What it runs as. Undefined: as its master. */
  identity: Identity | undefined;
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
  /** It cannot be, for a reason of one line. */
  | { kind: "failed"; reason: string; hint: string }
  /** The last connection has arrived. */
  | { kind: "taken" }
  /** Delegate mode: so many more connections may be passed. */
  | { kind: "room"; places: number }
  /** The worker has served its `maxRequests`, and wants to be stopped. */
  | { kind: "maxRequestsReached" }
  /** A line for the pool's log. */
  | { kind: "slow"; text: string };

/** A worker's message as it is sent: a program's own messages have no such form. */
export function wrapMessage(key: string, message: WorkerMessage): [string, WorkerMessage] {
  return [key, message];
}

/**
 * Takes what a worker's process has sent. Undefined for what is not the pool's: the application, or
 * what is loaded before it, may send anything.
 *
 * @param places how many requests the worker runs at once
 */
export function unwrapMessage(
  key: string,
  received: unknown,
  places: number,
): WorkerMessage | undefined {
  if (!Array.isArray(received) || received[0] !== key) return undefined;
  const message = received[1] as Partial<Record<string, unknown>> | null | undefined;
  switch (message?.["kind"]) {
    case "ready":
    case "taken":
    case "maxRequestsReached":
      return { kind: message["kind"] };
    case "room": {
      const { places: room } = message;
      const isCount = typeof room === "number" && Number.isInteger(room);
      return isCount && room > 0 && room <= places ? { kind: "room", places: room } : undefined;
    }
    case "failed":
      return {
        kind: "failed",
        reason: textOf(message["reason"]),
        hint: textOf(message["hint"] ?? ""),
      };
    case "slow":
      return { kind: "slow", text: textOf(message["text"]) };
    default:
      return undefined;
  }
}

/** Characters of a message that are logged at most. */
const LONGEST_TEXT = 65_536;

function textOf(value: unknown): string {
  return String(value).slice(0, LONGEST_TEXT);
}
