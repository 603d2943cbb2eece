import type { Socket } from "node:net";

/** Both ends of the TCP connection that a page came over. */
export interface PageConnection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** The ends of a socket; `undefined` once it is closed. */
export function connectionOf(socket: Socket): PageConnection | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (localAddress === undefined || localPort === undefined) return undefined;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return { localAddress, localPort, remoteAddress, remotePort };
}
