import type { Socket } from "node:net";
import type { ListenAddress } from "../address.js";
import { shareSocketShape } from "../transport/node-internals.js";
import { addressOf, SocketServer, startListening } from "../transport/node-listener.js";
import type { PoolSettings } from "./options.js";

/** The master's own listener: it accepts, and reads nothing before it is asked to. */
export interface PoolServer {
  readonly address: string;
  readonly port: number | undefined;
  close(): void;
}

/**
 * Listens for connections to hand on.
 *
 * @param failed hears of connections that could not be accepted: too many descriptors, or a client
 * that was gone
 * @throws GatewayError `bad_address` or `permission_denied`
 */
export async function openServer(
  target: ListenAddress | { fd: number },
  { affinity, backlog, permissions }: Pick<PoolSettings, "affinity" | "backlog" | "permissions">,
  connected: (socket: Socket) => void,
  failed: (error: Error) => void,
): Promise<PoolServer> {
  shareSocketShape();
  const server = new SocketServer({
    allowHalfOpen: true,
    noDelay: true,
    pauseOnConnect: true,
    // With room for one byte, reading stops behind each chunk: see the head reader.
    ...(affinity ? { highWaterMark: 1 } : {}),
  });
  server.on("connection", connected);
  await startListening(server, target, backlog, permissions);
  server.on("error", failed);
  const address = server.address();
  return {
    address: addressOf(server, target),
    port: address !== null && typeof address === "object" ? address.port : undefined,
    close: () => void server.close(),
  };
}
