import type { Protocol } from "../address.js";
import type { Engine } from "../engine/engine.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { Limits } from "../limits.js";
import type { Responder, RunnerOptions } from "./run-request.js";

/** What all connections of a server share. */
export interface ConnectionService {
  readonly protocol: Protocol;
  readonly engine: Engine;
  readonly timeouts: ConnectionTimeouts;
  readonly runnerOptions: RunnerOptions;
  readonly machineOptions: ServerMachineOptions;
  /** Whether `report` writes to the same place as `errorOutput`. Default: false. */
  readonly logsErrors?: boolean;
  report(error: unknown): void;
  /** Takes what handlers write to their error stream, where the protocol has none. */
  errorOutput(bytes: Uint8Array): void;
}

/** What a connection needs of the server that accepted it. */
export interface ConnectionOwner<Connection> {
  readonly service: ConnectionService;
  readonly respond: Responder;
  /** Whether one more request may run. */
  admit(): boolean;
  /** A request that was admitted has ended. */
  released(): void;
  /** The connection serves no further requests. It closes after its last bytes are sent. */
  closing(): void;
  closed(connection: Connection): void;
}

/** The options of a server that the machine of a connection needs. */
export interface ServerMachineOptions {
  limits?: Partial<Pick<Limits, "variables" | "records" | "requests">> | undefined;
  multiplex?: boolean | undefined;
  maxConnections?: number | undefined;
  maxRequests?: number | undefined;
}

/** Times in milliseconds. 0 waits forever. */
export interface ConnectionTimeouts {
  /** From the connection, or a request's first record, until the request's variables are complete. */
  header: number;
  /** Between requests on a kept connection. */
  idle: number;
  /** Without the peer reading anything while a response waits to be sent. */
  write: number;
}

/** The error for a connection on which no request was complete in time. */
export function headTimeout(milliseconds: number): GatewayError {
  return new GatewayError(ErrorCode.Deadline, `no complete request within ${milliseconds} ms`, {
    hint: "a client or front end that sends nothing, or half a request, is broken or hostile",
  });
}

/** The error for a peer that has read nothing of a response in time. */
export function writeTimeout(milliseconds: number): GatewayError {
  return new GatewayError(
    ErrorCode.Deadline,
    `the client has read nothing of the response for ${milliseconds} ms`,
    { hint: "the client, or a front end in between, reads too slowly or has stopped reading" },
  );
}
