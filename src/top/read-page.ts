import type { FetchServerStatusOptions } from "../apache/fetch/fetch-status.js";
import { StatusSource } from "../apache/fetch/status-source.js";
import { ProcFileSystem } from "../apache/processes/process-table.js";
import { Httpd } from "../discovery/local-httpd.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { PoolConnections } from "../phpfpm/pool-connections.js";
import { patientStatus } from "../phpfpm/status.js";
import type { LiveTarget, PageRead, TargetPlace } from "./live-target.js";

/** The limits of one read. */
export interface PageLimits {
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Whether to read the processes of a pool, and the workers of an httpd. */
  readonly full: boolean;
}

/** How the pages of httpds are requested. */
export type HttpPageRequest = Pick<FetchServerStatusOptions, "headers" | "host" | "insecure">;

/**
 * Milliseconds that an abandoned page is still read, which keeps the process. A page that has begun
 * comes in a few; a longer one would hold the terminal of a user who has pressed q.
 */
const DRAIN = 100;

/**
 * Reads the page of a target once. A pool in whose accept queue an earlier request waits is not asked
 * again before that one is answered.
 *
 * @throws GatewayError
 */
export async function readPage(
  target: LiveTarget,
  limits: PageLimits,
  request: HttpPageRequest,
  connections: PoolConnections,
): Promise<PageRead> {
  const { place } = target;
  try {
    if (place.kind === "apache") return await readServer(place, limits, request);
    const { timeout, signal, full } = limits;
    const options = { signal, full, retries: 0, drainTimeout: DRAIN };
    const address = target.address();
    const kind = full ? "full status" : "status";
    const status = await connections.ask(address, timeout, kind, (limits) =>
      patientStatus(address, { ...options, ...limits }),
    );
    return { kind: "phpfpm", status };
  } catch (thrown) {
    throw explain(thrown, place.address);
  }
}

async function readServer(
  place: TargetPlace,
  { full, ...limits }: PageLimits,
  request: HttpPageRequest,
): Promise<PageRead> {
  const how = { ...request, host: request.host ?? place.host };
  if (!full) {
    const source = new StatusSource(place.address, { ...how, ...limits, followOrigins: true });
    return { kind: "apache", status: await source.status() };
  }
  const httpd = await findHttpd(place, limits, request);
  const [status, workers] = await Promise.all([httpd.source.status(), httpd.workers()]);
  return { kind: "apache", status, workers };
}

/** The httpd of a target, to read its workers and to kill one. */
export function findHttpd(
  place: TargetPlace,
  limits: Pick<PageLimits, "timeout" | "signal">,
  { headers: header, insecure, host = place.host }: HttpPageRequest,
): Promise<Httpd> {
  const choice = { url: place.address, host, header, insecure, ...limits };
  return Httpd.find(choice, new ProcFileSystem());
}

/** Anything but an error of ours is a fault of this program, and must not end the screen. */
function explain(thrown: unknown, address: string): GatewayError {
  if (thrown instanceof GatewayError) return thrown.with({ address });
  const message = `the read failed: ${String(thrown)}`;
  return new GatewayError(ErrorCode.BadInput, message, { address, cause: thrown });
}
