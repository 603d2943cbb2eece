import { StatusSource } from "../apache/fetch/status-source.js";
import type { ServerStatus } from "../apache/page/server-status.js";
import { status } from "../phpfpm/status.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import type { ScrapeTarget } from "./target.js";

/** The limits of one read. */
export interface ReadLimits {
  /** Milliseconds. */
  readonly timeout: number;
  /** Bytes of the page. */
  readonly maxLength: number;
  readonly signal: AbortSignal;
}

/** Reads the status of a pool, with its processes.
 * @throws GatewayError */
export function readPool(target: ScrapeTarget, limits: ReadLimits): Promise<PoolStatus> {
  return status(target.connectTo ?? target.address, { ...limits, full: true });
}

/** Reads the status of an httpd.
 * @throws GatewayError */
export function readServer(target: ScrapeTarget, limits: ReadLimits): Promise<ServerStatus> {
  const options = { ...limits, ...target.http };
  return new StatusSource(target.connectTo ?? target.address, options).status();
}
