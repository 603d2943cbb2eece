import { StatusSource } from "../apache/fetch/status-source.js";
import type { ServerStatus } from "../apache/page/server-status.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { status } from "../phpfpm/status.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import { pageAddress, type ScrapeTarget } from "./target.js";

/** The limits of one read. */
export interface ReadLimits {
  /** Milliseconds. */
  readonly timeout: number;
  /** Bytes of the page. */
  readonly maxLength: number;
  readonly signal: AbortSignal;
}

/** Reads the status of a target once.
 * @throws GatewayError */
export type ReadTarget = (
  target: ScrapeTarget,
  limits: ReadLimits,
) => Promise<PoolStatus | ServerStatus>;

export const readTarget: ReadTarget = (target, limits) =>
  target.kind === "phpfpm" ? readPool(target, limits) : readServer(target, limits);

/** The errors of a place where no pool listens, or none that this user may ask. */
const unreachable: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.SocketMissing,
  ErrorCode.PermissionDenied,
  ErrorCode.Refused,
  ErrorCode.ConnectFailed,
]);

/**
 * Reads a pool by its `pm.status_listen` where the configuration has one: it answers while all
 * workers are busy. A running pool may not have read that line yet, so the target's own address is
 * next.
 */
export async function readPool(
  { connectTo, address, configuration }: ScrapeTarget,
  { timeout, maxLength, signal }: ReadLimits,
): Promise<PoolStatus> {
  const options = { timeout, maxLength, signal, full: true };
  const { statusListen, statusPath } = configuration ?? {};
  if (statusListen === undefined || statusPath === undefined || connectTo !== undefined) {
    return status(connectTo ?? address, options);
  }
  const started = performance.now();
  try {
    return await status(pageAddress(statusListen, statusPath), options);
  } catch (error) {
    if (!(error instanceof GatewayError && unreachable.has(error.code))) throw error;
    const left = Math.max(1, timeout - (performance.now() - started));
    return status(address, { ...options, timeout: left });
  }
}

export function readServer(
  { connectTo, address, http }: ScrapeTarget,
  limits: ReadLimits,
): Promise<ServerStatus> {
  return new StatusSource(connectTo ?? address, { ...limits, ...http }).status();
}
