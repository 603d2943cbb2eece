import { lookup } from "node:dns/promises";
import { getSystemErrorName } from "node:util";
import type { ListenAddress } from "../address.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { type BindPlace, bindListener, nameOf, type PausedListener } from "./listen.js";
import { createHandle, type ListeningHandle, listenOnly } from "./node-internals.js";
import type { FilePermissions } from "./socket-permissions.js";

/** A socket on which this process listens, and on which other processes accept. */
export interface SharedListener extends PausedListener {
  readonly descriptor: number;
}

/**
 * Opens a socket for other processes to accept on. This process never accepts: connections wait in
 * the kernel until another process does.
 *
 * @throws GatewayError see {@link bindListener}; `bad_input` in a runtime that cannot share sockets
 */
export async function listenShared(
  target: ListenAddress | { fd: number },
  { backlog, permissions }: { backlog: number; permissions: FilePermissions },
): Promise<SharedListener> {
  const { listener, file } = await bindListener(
    target,
    permissions,
    (place) => listenAt(place, backlog),
    ({ handle }) => handle.close(),
  );
  const { handle, name } = listener;
  const { address, family, port } = name;
  const host = family === "IPv6" ? `[${address}]` : address;
  const other = file === undefined ? nameOf(target) : `unix:${file.path}`;
  return {
    descriptor: handle.fd,
    address: address === undefined ? other : `${host}:${port}`,
    port,
    close: () => (file === undefined ? handle.close() : file.close(() => handle.close())),
  };
}

/** A socket, and its address if it is a TCP socket. */
interface NamedHandle {
  readonly handle: ListeningHandle;
  readonly name: { address?: string; family?: string; port?: number };
}

/** Only the lookup of a host awaits anything before the socket is bound. */
async function listenAt(place: BindPlace, backlog: number): Promise<NamedHandle> {
  if ("fd" in place) return listenWith(backlog, null, 0, -1, place.fd);
  if ("socketPath" in place) return listenWith(backlog, place.socketPath, -1, -1);
  const { host, port } = place;
  // The empty host is all addresses of the machine.
  if (host === "") return listenWith(backlog, null, port, 6);
  const { address, family } = await lookup(host);
  return listenWith(backlog, address, port, family === 6 ? 6 : 4);
}

/** Binds and listens. Only listening finds out that a TCP port is in use. */
function listenWith(backlog: number, ...args: Parameters<typeof createHandle>): NamedHandle {
  const handle = createHandle(...args);
  if (handle === undefined) {
    throw new GatewayError(ErrorCode.BadInput, "this runtime cannot share a socket", {
      hint: "use mode delegate",
    });
  }
  if (typeof handle === "number") throw systemError(handle);
  const name = {};
  const error = listenOnly(handle, backlog) || (handle.getsockname?.(name) ?? 0);
  if (error === 0) return { handle, name };
  handle.close();
  throw systemError(error);
}

function systemError(errno: number): Error {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`listen ${code}`), { code });
}
