import type { Socket } from "node:net";

/** The addresses of the socket that a page came by, as node:net gives them. */
export interface StatusConnection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** The addresses of a socket; `undefined` where the peer has closed it already. */
export function connectionOf(socket: Socket): StatusConnection | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (localAddress === undefined || localPort === undefined) return undefined;
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return { localAddress, localPort, remoteAddress, remotePort };
}
