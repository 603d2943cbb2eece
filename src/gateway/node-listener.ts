import { fstatSync, lstatSync, unlinkSync } from "node:fs";
import net from "node:net";
import { plainIPv4 } from "../cgi/variables-from-http.js";
import { ErrorCode, GatewayError } from "../errors.js";
import {
  type ListenAddress,
  Protocol,
  parseAddress,
  socketAddress,
  socketEndpoint,
} from "../transport/address.js";
import { shareSocketShape } from "../transport/socket-shape.js";

/**
 * Where to listen: an address, a server of Node's own, listening or not, or a descriptor that
 * listens already (0 under spawn-fcgi, mod_fcgid and lighttpd, 3 under systemd).
 */
export type ListenTarget = string | ListenAddress | net.Server | { fd: number };

export interface ListenOptions {
  /** Connections that may wait to be accepted. Default 511. */
  backlog?: number | undefined;
  /** Whether users other than this one may connect to a unix socket. Default: as the umask has it. */
  socketMode?: "everyone" | "umask" | undefined;
}

/**
 * Opens a listener. A unix socket that an earlier process left behind is replaced; one that
 * somebody listens on is not.
 *
 * @throws GatewayError `bad_address` when the address is none, or taken; `permission_denied`
 */
export async function listenOn(
  target: ListenTarget,
  options: ListenOptions = {},
): Promise<net.Server> {
  shareSocketShape();
  if (target instanceof net.Server) return target;
  const server = net.createServer({ allowHalfOpen: true, noDelay: true });
  const { backlog = 511, socketMode = "umask" } = options;
  if (typeof target === "object" && "fd" in target) {
    await listening(server, { fd: target.fd }, `descriptor ${target.fd}`);
    return server;
  }
  const address = typeof target === "string" ? parseListenAddress(target) : target;
  const { text } = address;
  const endpoint = socketEndpoint(address);
  if ("socketPath" in endpoint) {
    await removeStale(endpoint.socketPath);
    const everyone = socketMode === "everyone";
    const listen = { path: endpoint.socketPath, readableAll: everyone, writableAll: everyone };
    await listening(server, { ...listen, backlog }, text);
  } else {
    await listening(server, { host: endpoint.host, port: endpoint.port, backlog }, text);
  }
  return server;
}

/**
 * An address to listen on: as for clients, or `http://` and the same behind it; port 0 for one that
 * is free.
 *
 * @throws GatewayError `bad_address`
 */
export function parseListenAddress(text: string): ListenAddress {
  const free = /^(.*):0\/?$/s.exec(text);
  if (free === null) return parseServed(text);
  const address = parseServed(`${free[1]}:1`);
  const endpoint = socketEndpoint(address);
  if ("socketPath" in endpoint) return parseServed(text);
  return { ...address, endpoint: { host: endpoint.host, port: 0 }, text };
}

/** To clients `http://` is a mistake: it is one of the protocols here alone. */
function parseServed(text: string): ListenAddress {
  const http = /^http:\/\/(.*)$/is.exec(text.trim())?.[1];
  return http === undefined ? parseAddress(text) : socketAddress(text, Protocol.Http, http);
}

/**
 * The listening socket that this process was started with: systemd's (LISTEN_FDS), or descriptor 0
 * (FastCGI 1.0 §2.2). Undefined when there is none.
 */
export function inheritedListener(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): { fd: number } | undefined {
  const isOurs = Number(environment["LISTEN_PID"] ?? process.pid) === process.pid;
  if (isOurs && Number(environment["LISTEN_FDS"] ?? 0) > 0) return { fd: 3 };
  try {
    return fstatSync(0).isSocket() ? { fd: 0 } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The peers that FCGI_WEB_SERVER_ADDRS allows (FastCGI 1.0 §3.2): IPv4 addresses behind commas.
 * Undefined allows all.
 */
export function allowedPeers(list: string | undefined): ReadonlySet<string> | undefined {
  return list === undefined || list === "" ? undefined : new Set(list.split(","));
}

/**
 * Whether a connection may come from where it does. Unix sockets have permissions in place of that.
 * Over TCP a peer without an address has reset the connection before it was accepted: what it sent
 * can still be read, and who it was can not be known. That is refused.
 *
 * @param isTcp whether the connection came over TCP, see {@link listensOnTcp}. Where that is unknown,
 * a peer without an address may connect only if all may
 */
export function isAllowed(
  { remoteAddress }: net.Socket,
  allowed: ReadonlySet<string> | undefined,
  isTcp: boolean | undefined,
): boolean {
  if (remoteAddress === undefined) return isTcp === undefined ? allowed === undefined : !isTcp;
  return allowed?.has(plainIPv4(remoteAddress)) !== false;
}

/** Whether a server's connections come over TCP; undefined for one that does not listen. */
export function listensOnTcp(server: net.Server): boolean | undefined {
  const address = server.address();
  if (!server.listening) return undefined;
  // Of a unix socket that was handed over as a descriptor Node knows no path.
  return address !== null && typeof address === "object";
}

/**
 * What a server listens on, in the form of an address.
 *
 * @param target what it was told to listen on
 */
export function addressOf(server: net.Server, target: ListenTarget): string {
  const address = server.address();
  if (address === null) {
    if (typeof target === "object" && "fd" in target) return `descriptor ${target.fd}`;
    throw new Error("the server does not listen");
  }
  if (typeof address === "string") return `unix:${address}`;
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `${host}:${address.port}`;
}

/** Waits until a server listens. */
export async function listening(
  server: net.Server,
  options: net.ListenOptions & { fd?: number },
  text: string,
): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(options, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, text);
  }
}

/** Why a server cannot listen. */
export function listenError(error: NodeJS.ErrnoException, text: string): GatewayError {
  switch (error.code) {
    case "EADDRINUSE":
      return new GatewayError(ErrorCode.BadAddress, `${text} is taken`, {
        address: text,
        cause: error,
        hint: "another server listens there: stop it, or choose another address",
      });
    case "EACCES":
    case "EPERM":
      return new GatewayError(ErrorCode.PermissionDenied, `this user may not listen on ${text}`, {
        address: text,
        cause: error,
        hint: "check the folder's permissions; ports below 1024 need privileges",
      });
    default:
      return new GatewayError(ErrorCode.BadAddress, `cannot listen on ${text}: ${error.message}`, {
        address: text,
        cause: error,
        hint: "check that the folder, or the network address, exists on this machine",
      });
  }
}

/** Removes a unix socket that nobody listens on. */
export async function removeStale(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  const isStale = await new Promise<boolean>((resolve) => {
    const probe = net.connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
  if (isStale) unlinkSync(path);
}
