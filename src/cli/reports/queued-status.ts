import type { Address, SocketEndpoint } from "../../address.js";
import { targetAddress } from "../../client/connect.js";
import type { LimitedQueue } from "../../phpfpm/diagnosis.js";
import { kernelQueues } from "../../phpfpm/kernel-queue.js";
import { type StatusOptions, status } from "../../phpfpm/status.js";
import type { PoolStatus } from "../../status-page/pool-status.js";

/**
 * The status of a pool with the accept queue by the kernel, where the pool listens on a unix socket of
 * this machine: its page always has 0 there. The plain data keep the page's fields, and the kernel's
 * are `acceptQueue` in it.
 */
export async function queuedStatus(address: Address, options: StatusOptions): Promise<PoolStatus> {
  const page = await status(address, options);
  const queue = await unixQueue(address);
  if (queue === undefined) return page;
  return {
    ...page,
    listenQueue: queue.waiting,
    listenQueueLen: queue.limit ?? page.listenQueueLen,
    toJSON: () => ({ ...page.toJSON(), acceptQueue: queue }),
  };
}

async function unixQueue(address: Address): Promise<LimitedQueue | undefined> {
  if (!("socketPath" in address.endpoint)) return undefined;
  const { localPool } = await import("./local-pool.js");
  const pool = await localPool(address.text);
  const endpoint = pool === undefined ? address.endpoint : endpointOf(pool.listen);
  if (endpoint === undefined || !("socketPath" in endpoint)) return undefined;
  const table = await kernelQueues.read({ unix: true, tcp: false });
  const queue = table.queueOf(endpoint);
  if (queue === undefined || pool?.backlog === undefined) return queue;
  return { ...queue, limit: table.limitOf(pool.backlog) };
}

/** Where a pool listens, which is not where `pm.status_listen` answers. */
function endpointOf(listen: string): SocketEndpoint | undefined {
  const { endpoint } = targetAddress(listen);
  return "program" in endpoint ? undefined : endpoint;
}
