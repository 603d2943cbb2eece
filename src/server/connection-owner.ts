import type { Socket } from "node:net";
import type { Protocol } from "../address.js";
import type { Engine } from "../engine/engine.js";
import type { Limits } from "../limits.js";
import type { Responder } from "./responder.js";
import type { RunnerOptions } from "./run-request.js";

/** What a connection needs of the server that accepted it. */
export interface ConnectionOwner<Connection> {
  readonly respond: Responder;
  readonly protocol: Protocol;
  readonly engine: Engine;
  readonly timeouts: ConnectionTimeouts;
  readonly runnerOptions: RunnerOptions;
  readonly machineOptions: MachineOptions;
  /** Whether requests of this peer may run. HTTP asks it of those that have no address. */
  servesPeer(socket: Socket): boolean;
  /** Whether one more request may run. */
  admit(): boolean;
  /** A request that was admitted is over. */
  released(): void;
  /** A connection serves nothing any more. It is closed in a moment, or when its peer has heard all. */
  closing(): void;
  closed(connection: Connection): void;
  report(error: unknown): void;
  /** Whether what is reported is to be read where `errorOutput` goes, too. Default false. */
  readonly logsErrors?: boolean;
  /** Takes error streams, of protocols that have none. */
  errorOutput(bytes: Uint8Array): void;
}

/** What a connection's machine is to know of the server. */
export interface MachineOptions {
  limits?: Partial<Pick<Limits, "variables" | "records" | "requests">> | undefined;
  multiplex?: boolean | undefined;
  maxConnections?: number | undefined;
  maxRequests?: number | undefined;
}

/** Milliseconds; 0 is for ever. */
export interface ConnectionTimeouts {
  /** Until a request's variables are complete, from the connection or its first record. */
  header: number;
  /** Between requests on a kept connection. */
  idle: number;
  /** That the peer may take nothing while a response waits to be sent. */
  write: number;
}
