import type { Address } from "../address.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import { AcceptQueues } from "../transport/accept-queues.js";

/** The accept queues, for the pools of one command, which are read at about the same time. */
export const kernelQueues = new AcceptQueues(50);

/**
 * A status with the accept queue of the socket that the pool listens on. php-fpm reads the queue of a
 * TCP socket alone: the page of a pool that listens on a unix socket always has 0. The page's number
 * stays where the kernel's table does not show the socket, as in a container.
 */
export async function withKernelQueue(
  status: PoolStatus,
  listen: Address["endpoint"],
): Promise<PoolStatus> {
  if (!("socketPath" in listen)) return status;
  const queue = (await kernelQueues.read({ unix: true, tcp: false })).queueOf(listen);
  return queue === undefined ? status : { ...status, listenQueue: queue.waiting };
}
