import { StatusSource } from "../apache/fetch/status-source.js";
import type { ServerStatus } from "../apache/page/server-status.js";
import { GatewayError } from "../errors.js";
import { PoolConnections } from "../phpfpm/pool-connections.js";
import { patientStatus } from "../phpfpm/status.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import { pageAddress, type ScrapeTarget } from "./target.js";
import { forgetAddresses, parsedAddress } from "./target-address.js";

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

/** Does as {@link ReadTarget} says. */
export function readTarget(
  target: ScrapeTarget,
  limits: ReadLimits,
  connections = new PoolConnections(),
): Promise<PoolStatus | ServerStatus> {
  return target.kind === "phpfpm"
    ? readPool(target, limits, connections)
    : readServer(target, limits);
}

/**
 * Reads a pool by its `pm.status_listen` where the configuration has one: it answers while all
 * workers are busy. A running pool may not have read that line yet, or clients that are silent hold
 * the two workers of that socket. So it gets half of the time, and the pool's own socket is next:
 * why that one fails is why the pool has no status.
 */
export async function readPool(
  target: ScrapeTarget,
  { timeout, maxLength, signal }: ReadLimits,
  connections = new PoolConnections(),
): Promise<PoolStatus> {
  const options = { connections, timeout, maxLength, signal };
  const [first, second] = statusAddresses(target);
  if (second === undefined) return readAddress(target, first, options);
  const started = performance.now();
  try {
    return await readAddress(target, first, { ...options, timeout: timeout / 2 });
  } catch (error) {
    if (signal.aborted || !(error instanceof GatewayError)) throw error;
    const left = Math.max(1, timeout - (performance.now() - started));
    return readAddress(target, second, { ...options, timeout: left });
  }
}

interface PoolLimits extends ReadLimits {
  readonly connections: PoolConnections;
}

async function readAddress(
  target: ScrapeTarget,
  text: string,
  { connections, timeout, maxLength, signal }: PoolLimits,
): Promise<PoolStatus> {
  try {
    const address = parsedAddress(target, text);
    return await connections.ask(address, timeout, "status", (limits) =>
      patientStatus(address, { ...limits, maxLength, signal, full: true }),
    );
  } catch (error) {
    forgetAddresses(target);
    throw error;
  }
}

type StatusAddresses = readonly [first: string, second?: string];

/** Of targets that may have two addresses. Whether a file is a socket is looked up once. */
const known = new WeakMap<ScrapeTarget, StatusAddresses>();

/** The addresses where the page of a pool is, the best one first. */
function statusAddresses(target: ScrapeTarget): StatusAddresses {
  const { connectTo, address, configuration } = target;
  const { listen, statusListen, statusPath } = configuration ?? {};
  if (listen === undefined || statusListen === undefined || statusPath === undefined) {
    return [connectTo ?? address];
  }
  let addresses = known.get(target);
  if (addresses === undefined) {
    const atStatus = pageAddress(statusListen, statusPath);
    // A target with another path is another page, which only its own address has.
    if (
      connectTo !== undefined ||
      (parsedAddress(target, address).path ?? "/status") !== statusPath
    )
      addresses = [connectTo ?? address];
    else addresses = [atStatus, address === atStatus ? pageAddress(listen, statusPath) : address];
    known.set(target, addresses);
  }
  return addresses;
}

export function readServer(
  { connectTo, address, http }: ScrapeTarget,
  limits: ReadLimits,
): Promise<ServerStatus> {
  return new StatusSource(connectTo ?? address, { ...limits, ...http }).status();
}
