import type { Address, SocketEndpoint } from "../../address.js";
import { targetAddress } from "../../client/connect.js";
import { isStatusListen } from "../../discovery/local-pools.js";
import type { LimitedQueue } from "../../phpfpm/diagnosis.js";
import { kernelQueues } from "../../phpfpm/kernel-queue.js";
import { type StatusOptions, status } from "../../phpfpm/status.js";
import { localPool } from "./local-pool.js";
import type { KnownStatus } from "./saturation.js";

/**
 * The status of a pool with the accept queue by the kernel, where the pool listens on a unix socket of
 * this machine: its page always has 0 there. The plain data keep the page's fields, and the kernel's
 * are `acceptQueue` in it.
 *
 * The page is asked for even where clients wait already: it comes when a worker is free, and until
 * `timeout` that is worth waiting for.
 */
export async function queuedStatus(address: Address, options: StatusOptions): Promise<KnownStatus> {
  const page = await status(address, options);
  if (!("socketPath" in address.endpoint)) return page;
  const pool = await localPool(address.text);
  const endpoint = pool === undefined ? address.endpoint : endpointOf(pool.listen);
  const queue = await unixQueue(endpoint, pool?.backlog);
  if (queue === undefined) return page;
  return {
    ...page,
    listenQueue: queue.waiting,
    listenQueueLen: queue.limit ?? page.listenQueueLen,
    ownRequests: pool !== undefined && isStatusListen(pool, address.text) ? 0 : 1,
    toJSON: () => ({ ...page.toJSON(), acceptQueue: queue }),
  };
}

async function unixQueue(
  endpoint: SocketEndpoint | undefined,
  backlog: number | undefined,
): Promise<LimitedQueue | undefined> {
  if (endpoint === undefined || !("socketPath" in endpoint)) return undefined;
  const table = await kernelQueues.read({ unix: true, tcp: false });
  const queue = table.queueOf(endpoint);
  if (queue === undefined || backlog === undefined) return queue;
  return { ...queue, limit: table.limitOf(backlog) };
}

/** Where a pool listens, which is not where `pm.status_listen` answers. */
function endpointOf(listen: string): SocketEndpoint | undefined {
  const { endpoint } = targetAddress(listen);
  return "program" in endpoint ? undefined : endpoint;
}
