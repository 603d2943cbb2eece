import { existsSync } from "node:fs";
import { type Address, parseAddress } from "../address.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import { quickStatus } from "./quick-status.js";

/** The fields of the status page that have a limit. */
type LimitedField = {
  [Key in keyof PoolStatus]-?: PoolStatus[Key] extends number | undefined ? Key : never;
}[keyof PoolStatus];

export interface HealthcheckOptions {
  /** The path of the status page, for addresses without one. */
  readonly path: string;
  /** Milliseconds from connecting to the whole answer. */
  readonly timeout: number;
  /** The most that fields may be. */
  readonly limits: ReadonlyMap<LimitedField, number>;
  readonly signal?: AbortSignal | undefined;
}

/** What a health check comes to. A pool is busy if it lives and has no worker to spare. */
export type Health =
  | { readonly state: "healthy"; readonly status: PoolStatus }
  | { readonly state: "over"; readonly status: PoolStatus; readonly fields: LimitedField[] }
  | { readonly state: "busy" | "down"; readonly error: GatewayError };

/** Reads the status page of a pool once, and compares it with the limits. */
export async function healthcheck(target: string, options: HealthcheckOptions): Promise<Health> {
  const began = performance.now();
  const address = parseAddress(target, existsSync);
  const path = address.path ?? options.path;
  const quick = await quickStatus(address, path, options.timeout);
  if (typeof quick === "object") return compare(quick, address, options);
  if (quick === "a part") return { state: "busy", error: begunError(address, options.timeout) };
  if (quick !== "unclear") return lateHealth(address, quick, options.timeout);
  const left = Math.max(1, options.timeout - Math.round(performance.now() - began));
  // Most checks find a pool that is well, and never load this.
  const { readStatus } = await import("./read-status.js");
  const read = await readStatus(address, path, left, options.signal);
  if (!(read instanceof GatewayError)) return compare(read, address, options);
  const { code } = read;
  if (code === ErrorCode.Deadline) return lateHealth(address, "no answer", options.timeout);
  if (code === ErrorCode.ConnectTimeout)
    return lateHealth(address, "not connected", options.timeout);
  return { state: busyCodes.has(code) ? "busy" : "down", error: read };
}

/** Errors of a pool that lives, and takes no further request for now. */
const busyCodes: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.BacklogFull,
  ErrorCode.Overloaded,
  ErrorCode.ServerBusy,
]);

async function compare(
  page: PoolStatus,
  { endpoint }: Address,
  { limits }: HealthcheckOptions,
): Promise<Health> {
  let status = page;
  if (limits.has("listenQueue") && "socketPath" in endpoint) {
    const { withKernelQueue } = await import("./kernel-queue.js");
    status = await withKernelQueue(page, endpoint);
  }
  const fields = [...limits].flatMap(([field, limit]) => {
    return (status[field] ?? 0) > limit ? [field] : [];
  });
  return fields.length === 0 ? { state: "healthy", status } : { state: "over", status, fields };
}

/** A worker that has begun to answer lives, and something keeps it from the end: it is busy. */
function begunError({ text }: Address, timeout: number): GatewayError {
  const message = `only a part of an answer within ${timeout} ms`;
  return new GatewayError(ErrorCode.Deadline, message, {
    address: text,
    hint: "a worker has begun to answer, so the pool lives: see the load of the machine, or raise the timeout",
  });
}

/**
 * Whether a pool without an answer is busy rather than dead. Where the kernel accepted the connection,
 * it waits in the queue of a pool without an idle worker; a worker that took it and is silent has
 * emptied the queue. Where the queue is unknown, as on another machine, the pool is given the benefit
 * of the doubt: it listens. A queue that takes no connection is full, if it is known to exist.
 */
async function lateHealth(
  address: Address,
  quick: "not connected" | "no answer",
  timeout: number,
): Promise<Health> {
  const { endpoint, text } = address;
  const isConnected = quick === "no answer";
  const code = isConnected ? ErrorCode.Deadline : ErrorCode.ConnectTimeout;
  const what = isConnected ? "no complete answer" : "no connection";
  const error = new GatewayError(code, `${what} within ${timeout} ms`, { address: text });
  if ("program" in endpoint) return { state: "down", error };
  const isTcp = "port" in endpoint;
  const { AcceptQueues } = await import("../transport/accept-queues.js");
  const queues = await new AcceptQueues().read({ unix: !isTcp, tcp: isTcp });
  const queue = queues.queueOf(endpoint);
  const isBusy = isConnected ? queue === undefined || queue.waiting > 0 : queue !== undefined;
  return { state: isBusy ? "busy" : "down", error };
}
