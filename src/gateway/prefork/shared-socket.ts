import { lookup } from "node:dns/promises";
import { accessSync, chmodSync, constants, rmSync } from "node:fs";
import net from "node:net";
import { getSystemErrorName } from "node:util";
import { ErrorCode, GatewayError } from "../../errors.js";
import { type ListenAddress, socketEndpoint } from "../../transport/address.js";
import { listenError, removeStale } from "../node-listener.js";

/** The shell that gives a worker its descriptor 0. */
export const SHELL = "/bin/sh";

/** A socket that this process binds and workers accept on. */
export interface SharedSocket {
  readonly descriptor: number;
  /** In the form of an address, without the protocol. */
  readonly address: string;
  /** Undefined for unix sockets. */
  readonly port: number | undefined;
  close(): void;
}

/** What Node has inside its servers: it binds, and does not accept before it is told to listen. */
interface SocketHandle {
  readonly fd: number;
  getsockname?(name: { address?: string; family?: string; port?: number }): number;
  close(): void;
}

type CreateHandle = (
  address: string | null,
  port: number,
  family: 4 | 6 | -1,
  descriptor?: number,
) => SocketHandle | number;

/**
 * Binds a socket for workers to accept on. This process never accepts: `net.Server` could not keep
 * its hands off.
 *
 * @throws GatewayError `bad_address` or `permission_denied` when it cannot be bound, `bad_input`
 * where sockets cannot be shared
 */
export async function openShared(
  target: ListenAddress | { fd: number },
  socketMode: "everyone" | "umask",
): Promise<SharedSocket> {
  requireShell();
  if ("fd" in target) {
    const text = `descriptor ${target.fd}`;
    return sharedSocket(createHandle(text, null, 0, -1, target.fd), text);
  }
  const endpoint = socketEndpoint(target);
  if (!("socketPath" in endpoint)) {
    const { address, family } = await resolve(endpoint.host, target.text);
    const handle = createHandle(target.text, address, endpoint.port, family === 6 ? 6 : 4);
    return sharedSocket(handle, target.text);
  }
  const { socketPath } = endpoint;
  await removeStale(socketPath);
  const handle = createHandle(target.text, socketPath, -1, -1);
  if (socketMode === "everyone") chmodSync(socketPath, 0o666);
  const close = (): void => {
    handle.close();
    rmSync(socketPath, { force: true });
  };
  return { descriptor: handle.fd, address: `unix:${socketPath}`, port: undefined, close };
}

function requireShell(): void {
  try {
    accessSync(SHELL, constants.X_OK);
  } catch (cause) {
    throw new GatewayError(ErrorCode.BadInput, `sharing a socket needs ${SHELL}`, {
      cause,
      hint: "use mode delegate",
    });
  }
}

function sharedSocket(handle: SocketHandle, text: string): SharedSocket {
  const name: { address?: string; family?: string; port?: number } = {};
  // A port that is taken is told here, and not when it was bound.
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

function createHandle(text: string, ...args: Parameters<CreateHandle>): SocketHandle {
  const create = (net as unknown as { _createServerHandle?: CreateHandle })._createServerHandle;
  if (create === undefined) {
    throw new GatewayError(ErrorCode.BadInput, "this runtime cannot share a socket", {
      hint: "use mode delegate",
    });
  }
  const handle = create(...args);
  if (typeof handle === "number") throw errorOf(handle, text);
  return handle;
}

function errorOf(errno: number, text: string): GatewayError {
  const code = getSystemErrorName(errno);
  return listenError(Object.assign(new Error(`bind ${code}`), { code }), text);
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
