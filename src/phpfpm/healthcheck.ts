import { channelsTo, targetAddress } from "../client/connect.js";
import { ErrorCode, GatewayError, withAddress } from "../errors.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import { parseStatusPage } from "../status-page/read-page.js";
import { AcceptQueues } from "../transport/accept-queues.js";
import { fetchPage } from "./fetch-page.js";

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
  let status: PoolStatus;
  try {
    status = await readStatus(target, options);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { state: (await isBusy(target, error)) ? "busy" : "down", error };
  }
  const fields = [...options.limits].flatMap(([field, limit]) => {
    return (status[field] ?? 0) > limit ? [field] : [];
  });
  return fields.length === 0 ? { state: "healthy", status } : { state: "over", status, fields };
}

async function readStatus(
  target: string,
  { path, timeout, signal }: HealthcheckOptions,
): Promise<PoolStatus> {
  const address = targetAddress(target);
  try {
    const open = channelsTo(address, { connectTimeout: timeout });
    const page = { path: address.path ?? path, query: "" };
    // The short page: a worker can write all of it even if nobody reads.
    const { body } = await fetchPage(open, page, { timeout, drainTimeout: 0, signal });
    return parseStatusPage(body);
  } catch (error) {
    throw withAddress(error, address.text);
  }
}

/**
 * Whether the pool is busy rather than dead. A queue that is full is busy. Where the kernel accepted
 * the connection and no answer came, it waits in the queue of a pool without an idle worker; a worker
 * that took it and is silent has emptied the queue. Where the queue is unknown, as on another machine,
 * the pool is given the benefit of the doubt: it listens.
 */
async function isBusy(target: string, { code }: GatewayError): Promise<boolean> {
  if (code === ErrorCode.BacklogFull || code === ErrorCode.ServerBusy) return true;
  if (code !== ErrorCode.Deadline && code !== ErrorCode.ConnectTimeout) return false;
  const { endpoint } = targetAddress(target);
  if ("program" in endpoint) return false;
  const isTcp = "port" in endpoint;
  const queues = await new AcceptQueues().read({ unix: !isTcp, tcp: isTcp });
  const queue = queues.queueOf(endpoint);
  // A queue that takes no connection is full if it exists. An unknown one may be another machine's.
  if (code === ErrorCode.ConnectTimeout) return queue !== undefined;
  return queue === undefined || queue.waiting > 0;
}
