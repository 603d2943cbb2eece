import net from "node:net";
import { type ListenAddress, type SocketEndpoint, socketEndpoint } from "../address.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { type ListenTarget, parseListenAddress } from "./listen-address.js";
import { shareSocketShape } from "./node-internals.js";
import { bindSocketFile, type SocketFile } from "./socket-file.js";
import {
  type FilePermissions,
  filePermissions,
  type SocketPermissionOptions,
} from "./socket-permissions.js";

export interface ListenOptions extends SocketPermissionOptions {
  /**
   * The length of the queue of connections that wait to be accepted. Default: 511. The system may
   * have a lower limit (`net.core.somaxconn`).
   */
  backlog?: number | undefined;
}

/** A place to bind a listener to: a socket that listens already, or an address. */
export type BindPlace = { fd: number } | SocketEndpoint;

/** What was bound, and the file of its unix socket. */
export interface BoundSocket<Listener> {
  readonly listener: Listener;
  readonly file: SocketFile | undefined;
}

/**
 * Binds a listener of any kind. A unix socket that an earlier process has left is replaced; one
 * that a process listens on is not.
 *
 * @param listen listens at a place. It has to bind the path of a unix socket before it awaits
 * anything. It throws the system's error, or a GatewayError
 * @throws GatewayError `bad_address` when the address is in use or cannot be listened on;
 * `permission_denied`; `bad_input` when the socket cannot have its owner, group and mode
 */
export async function bindListener<Listener>(
  target: ListenAddress | { fd: number },
  permissions: FilePermissions,
  listen: (place: BindPlace) => Promise<Listener>,
  close: (listener: Listener) => void,
): Promise<BoundSocket<Listener>> {
  const text = nameOf(target);
  const place = "fd" in target ? target : socketEndpoint(target);
  try {
    if (!("socketPath" in place)) return { listener: await listen(place), file: undefined };
    const socket = { path: place.socketPath, text };
    return await bindSocketFile(socket, permissions, () => listen(place), close);
  } catch (error) {
    throw error instanceof GatewayError ? error : listenError(error as Error, text);
  }
}

/** What to call a target in messages. */
export function nameOf(target: ListenAddress | { fd: number }): string {
  return "fd" in target ? `descriptor ${target.fd}` : target.text;
}

/** A server that removes the file of its unix socket when it closes, and no other server's file. */
class SocketServer extends net.Server {
  file: SocketFile | undefined;

  override close(callback?: (error?: Error) => void): this {
    const { file } = this;
    this.file = undefined;
    if (file === undefined) super.close(callback);
    else file.close(() => super.close(callback));
    return this;
  }

  /** Binds this server, see {@link bindListener}. */
  async bind(
    target: ListenAddress | { fd: number },
    backlog: number,
    permissions: FilePermissions,
  ): Promise<void> {
    const listen = (place: BindPlace): Promise<this> => {
      const where = "socketPath" in place ? { path: place.socketPath } : place;
      return new Promise((resolve, reject) => {
        this.once("error", reject);
        this.listen({ ...where, backlog }, () => {
          this.off("error", reject);
          resolve(this);
        });
      });
    };
    const { file } = await bindListener(target, permissions, listen, () => void this.close());
    this.file = file;
  }
}

/**
 * Opens a server that accepts connections, see {@link bindListener}.
 *
 * @returns `target` itself when it is a server
 * @throws GatewayError `bad_address` also for an invalid address; `bad_input` also for an invalid
 * owner, group or mode
 */
export async function listenOn(
  target: ListenTarget,
  options: ListenOptions = {},
): Promise<net.Server> {
  shareSocketShape();
  const permissions = filePermissions(options);
  if (target instanceof net.Server) return target;
  const server = new SocketServer({ allowHalfOpen: true, noDelay: true });
  const address = typeof target === "string" ? parseListenAddress(target) : target;
  await server.bind(address, options.backlog ?? 511, permissions);
  return server;
}

/** A listener whose connections are read by other processes. */
export interface PausedListener {
  /** In the form of an address, without the protocol. */
  readonly address: string;
  /** Undefined for unix sockets. */
  readonly port: number | undefined;
  close(): void;
}

/** What a {@link PausedListener} reports. */
export interface PausedListenerHandlers {
  connected(socket: net.Socket): void;
  /** A connection could not be accepted: too many descriptors, or its client has closed it. */
  failed(error: Error): void;
}

/**
 * Opens a listener that accepts connections and reads nothing from them.
 *
 * @param highWaterMark bytes that a connection reads ahead once it is resumed; undefined is Node's
 * default
 * @throws GatewayError see {@link bindListener}
 */
export async function listenPaused(
  target: ListenAddress | { fd: number },
  { backlog, permissions }: { backlog: number; permissions: FilePermissions },
  highWaterMark: number | undefined,
  handlers: PausedListenerHandlers,
): Promise<PausedListener> {
  shareSocketShape();
  const server = new SocketServer({
    allowHalfOpen: true,
    noDelay: true,
    pauseOnConnect: true,
    ...(highWaterMark === undefined ? {} : { highWaterMark }),
  });
  server.on("connection", (socket) => handlers.connected(socket));
  await server.bind(target, backlog, permissions);
  server.on("error", (error) => handlers.failed(error));
  const address = server.address();
  return {
    address: addressOf(server, target),
    port: address !== null && typeof address === "object" ? address.port : undefined,
    close: () => void server.close(),
  };
}

/**
 * The address of a server that listens, without the protocol.
 *
 * @param target where it was asked to listen
 */
export function addressOf(server: net.Server, target: ListenTarget): string {
  const address = server.address();
  if (address === null) {
    if (typeof target === "object" && "fd" in target) return nameOf(target);
    throw new Error("the server does not listen");
  }
  if (typeof address === "string") return `unix:${address}`;
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `${host}:${address.port}`;
}

/** Explains why a server cannot listen. */
export function listenError(error: NodeJS.ErrnoException, text: string): GatewayError {
  const failure = (code: ErrorCode, message: string, hint: string): GatewayError =>
    new GatewayError(code, message, { address: text, cause: error, hint });
  switch (error.code) {
    case "EADDRINUSE":
      return failure(
        ErrorCode.BadAddress,
        `${text} is taken`,
        "another server listens there: stop it, or choose another address",
      );
    case "EACCES":
    case "EPERM":
      return failure(
        ErrorCode.PermissionDenied,
        `this user may not listen on ${text}`,
        "check the folder's permissions; ports below 1024 need privileges",
      );
    default:
      return failure(
        ErrorCode.BadAddress,
        `cannot listen on ${text}: ${error.message}`,
        "check that the folder, or the network address, exists on this machine",
      );
  }
}
