import { lookup } from "node:dns/promises";
import { getSystemErrorName } from "node:util";
import { type ListenAddress, socketEndpoint } from "../address.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { listenError } from "./listen-error.js";
import { createHandle, type ListeningHandle, listenOnly } from "./node-internals.js";
import { bindSocketFile } from "./socket-file.js";
import type { FilePermissions } from "./socket-permissions.js";

/** A socket that this process listens on, and workers accept on. */
export interface SharedSocket {
  readonly descriptor: number;
  /** In the form of an address, without the protocol. */
  readonly address: string;
  /** Undefined for unix sockets. */
  readonly port: number | undefined;
  close(): void;
}

/**
 * Listens on a socket for workers to accept on. This process never accepts: connections wait in
 * the kernel until a worker is ready.
 *
 * @throws GatewayError `bad_address` or `permission_denied` when it cannot listen, `bad_input`
 * where sockets cannot be shared
 */
export async function openShared(
  target: ListenAddress | { fd: number },
  backlog: number,
  permissions: FilePermissions,
): Promise<SharedSocket> {
  if ("fd" in target) {
    const text = `descriptor ${target.fd}`;
    return sharedSocket(listen(text, backlog, null, 0, -1, target.fd), text);
  }
  const { text } = target;
  const endpoint = socketEndpoint(target);
  if (!("socketPath" in endpoint)) {
    const { address, family } = await resolve(endpoint.host, text);
    return sharedSocket(listen(text, backlog, address, endpoint.port, family === 6 ? 6 : 4), text);
  }
  const { socketPath: path } = endpoint;
  const { listener, file } = await bindSocketFile(
    { path, text },
    permissions,
    async () => listen(text, backlog, path, -1, -1),
    (handle) => handle.close(),
  );
  const close = (): void => file.close(() => listener.close());
  return { descriptor: listener.fd, address: `unix:${path}`, port: undefined, close };
}

function sharedSocket(handle: ListeningHandle, text: string): SharedSocket {
  const name: { address?: string; family?: string; port?: number } = {};
  const error = handle.getsockname?.(name) ?? 0;
  if (error < 0) {
    handle.close();
    throw errorOf(error, text);
  }
  const { address, family, port } = name;
  const host = family === "IPv6" ? `[${address}]` : address;
  const shown = address === undefined ? text : `${host}:${port}`;
  return { descriptor: handle.fd, address: shown, port, close: () => handle.close() };
}

/** Binds and listens. That a TCP port is taken is found by the latter alone. */
function listen(
  text: string,
  backlog: number,
  ...args: Parameters<typeof createHandle>
): ListeningHandle {
  const handle = createHandle(...args);
  if (handle === undefined) {
    throw new GatewayError(ErrorCode.BadInput, "this runtime cannot share a socket", {
      hint: "use mode delegate",
    });
  }
  if (typeof handle === "number") throw errorOf(handle, text);
  const error = listenOnly(handle, backlog);
  if (error === 0) return handle;
  handle.close();
  throw errorOf(error, text);
}

function errorOf(errno: number, text: string): GatewayError {
  const code = getSystemErrorName(errno);
  return listenError(Object.assign(new Error(`listen ${code}`), { code }), text);
}

/** The address of a host; null for all that the machine has. */
async function resolve(
  host: string,
  text: string,
): Promise<{ address: string | null; family: number }> {
  if (host === "") return { address: null, family: 6 };
  try {
    return await lookup(host);
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, text);
  }
}
