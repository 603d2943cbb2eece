import type { Address } from "../address.js";
import { ErrorCode, type GatewayError } from "../errors.js";
import { AcceptQueues } from "../transport/accept-queues.js";
import { socketRemoved, withQueue } from "./diagnosis.js";

/** The queue changes with each connection; the pools of one command fail at about the same time. */
const queues = new AcceptQueues(50);

/**
 * The error of a pool of this machine with what its accept queue shows; the error itself where the
 * kernel does not show the queue.
 *
 * @param backlogOf finds `listen.backlog` of the pool at an address, where that is known
 */
export async function explainByQueue(
  error: GatewayError,
  { endpoint, text }: Address,
  backlogOf: (address: string) => Promise<number | undefined>,
): Promise<GatewayError> {
  if ("program" in endpoint) return error;
  const table = await queues.read();
  const queue = table.queueOf(endpoint);
  if (queue === undefined) return error;
  if (error.code === ErrorCode.SocketMissing) return socketRemoved(error);
  const backlog = await backlogOf(text);
  return withQueue(error, {
    ...queue,
    limit: backlog === undefined ? undefined : table.limitOf(backlog),
  });
}
