import type { Identity } from "./identity.js";
import { poolOptions, type WorkerOptionName } from "./options.js";
import { isSessionId } from "./sessions.js";
import type { PoolSettings } from "./settle-options.js";

/** The scoreboard's descriptor in a worker. 3 is the channel to the master. */
export const SCOREBOARD_DESCRIPTOR = 4;
/** The listening socket's, in shared mode. Not 0 to 2: children of the application inherit those. */
export const LISTENING_DESCRIPTOR = 5;

/** The settings that a worker gets from its master: options of the pool, and its own. */
export interface WorkerSettings extends Pick<PoolSettings, WorkerOptionName> {
  /** Marks the worker's messages, so that the master ignores those that the application sends. */
  key: string;
  /** The user that the worker runs as. Undefined: the master's. */
  identity: Identity | undefined;
  /** Whether connections arrive over TCP, and not over a unix socket. */
  isTcp: boolean;
  /** The number of places in the pool when all its workers run. */
  places: number;
  /** The first of the worker's slots on the scoreboard. */
  slot: number;
}

/** Picks the options that worker processes get. */
export function workerOptions(settings: PoolSettings): Pick<PoolSettings, WorkerOptionName> {
  const names = Object.entries(poolOptions).flatMap(([name, spec]) =>
    "isForWorkers" in spec ? [[name, settings[name as WorkerOptionName]]] : [],
  );
  return Object.fromEntries(names);
}

/** A message from the master to a worker. */
export type MasterMessage =
  | { kind: "start"; settings: WorkerSettings }
  /** Comes with a socket. `bytes` have been read from it already; each character is one byte. */
  | { kind: "connection"; bytes?: string | undefined }
  /** Finish the requests that have begun, and end. */
  | { kind: "stop" };

/** A message from a worker to the master. */
export type WorkerMessage =
  /** The application is loaded. */
  | { kind: "ready" }
  /** The application cannot be loaded. The reason is one line. */
  | { kind: "failed"; reason: string; hint: string }
  /** The connection that was passed last has arrived. */
  | { kind: "taken" }
  /** Delegate mode: `places` more connections may be passed. */
  | { kind: "room"; places: number }
  /** The worker has served `maxRequests` requests and asks to be stopped. */
  | { kind: "maxRequestsReached" }
  /** Session affinity: the answer that is sent next sets the cookie of this session. */
  | { kind: "session"; id: string }
  /** A line for the pool's log. */
  | { kind: "slow"; text: string };

/** Wraps a worker's message with its key, which no message of the application's has. */
export function wrapMessage(key: string, message: WorkerMessage): [string, WorkerMessage] {
  return [key, message];
}

/**
 * Reads a message from a worker process. Undefined for one that is not the pool's: the application,
 * or a module loaded before it, may send anything.
 *
 * @param places the number of requests that the worker runs at once
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
    case "session": {
      const { id } = message;
      return isSessionId(id) ? { kind: "session", id } : undefined;
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

/** The most characters of a text that are logged. */
const LONGEST_TEXT = 65_536;

function textOf(value: unknown): string {
  return String(value).slice(0, LONGEST_TEXT);
}
