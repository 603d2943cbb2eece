import { fstatSync } from "node:fs";
import net from "node:net";
import {
  type ListenAddress,
  Protocol,
  parseAddress,
  socketAddress,
  socketEndpoint,
} from "../address.js";
import { plainIPv4 } from "../cgi/variables-from-http.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { listenError } from "./listen-error.js";
import { shareSocketShape } from "./node-internals.js";
import { bindSocketFile, type SocketFile } from "./socket-file.js";
import {
  type FilePermissions,
  filePermissions,
  type SocketPermissionOptions,
} from "./socket-permissions.js";

/**
 * Where to listen: an address, a server of Node's own, listening or not, or a descriptor that
 * listens already (0 under spawn-fcgi, mod_fcgid and lighttpd, 3 under systemd).
 */
export type ListenTarget = string | ListenAddress | net.Server | { fd: number };

export interface ListenOptions extends SocketPermissionOptions {
  /** Connections that may wait to be accepted. Default 511. */
  backlog?: number | undefined;
}

/** A server that, when it closes, removes the file of its unix socket, and no other server's. */
export class SocketServer extends net.Server {
  file: SocketFile | undefined;

  override close(callback?: (error?: Error) => void): this {
    const { file } = this;
    this.file = undefined;
    if (file === undefined) super.close(callback);
    else file.close(() => super.close(callback));
    return this;
  }
}

/**
 * Opens a listener. A unix socket that an earlier process left behind is replaced; one that
 * somebody listens on is not.
 *
 * @throws GatewayError `bad_address` when the address is none, or taken; `permission_denied`;
 * `bad_input` for an owner, a group or a mode that is none, or that the socket cannot be given
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
  await startListening(server, address, options.backlog ?? 511, permissions);
  return server;
}

/** Has a server listen, see {@link listenOn}. */
export async function startListening(
  server: SocketServer,
  target: ListenAddress | { fd: number },
  backlog: number,
  permissions: FilePermissions,
): Promise<void> {
  if ("fd" in target) return listening(server, { fd: target.fd }, `descriptor ${target.fd}`);
  const { text } = target;
  const endpoint = socketEndpoint(target);
  if (!("socketPath" in endpoint)) return listening(server, { ...endpoint, backlog }, text);
  const { socketPath: path } = endpoint;
  const bind = () => listening(server, { path, backlog }, text);
  const close = () => void server.close();
  server.file = await bindSocketFile({ path, text }, permissions, bind, close).then(
    ({ file }) => file,
  );
}

/**
 * An address to listen on: as for clients, or `http://` and the same behind it. A port alone
 * (`9000`, `:9000`, `*:9000`) is on all addresses of the machine, port 0 one that is free.
 *
 * @throws GatewayError `bad_address`
 */
export function parseListenAddress(text: string): ListenAddress {
  try {
    return parsePort(text) ?? parseServed(text);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { code, message, address, hint } = error;
    // The usual one is about addresses to ask.
    if (hint !== new GatewayError(code, message).hint) throw error;
    throw new GatewayError(code, message, {
      address,
      hint: "write where to listen as unix:/run/app.sock, 127.0.0.1:9000, or 9000 for all addresses",
    });
  }
}

/** What may have the port 0, or no host; undefined for any other address. */
function parsePort(text: string): ListenAddress | undefined {
  const pattern = /^((?!unix:)(?:[a-z][a-z0-9+.-]*:\/\/)?)(?:(|\*|[^/]*[^/:]):)?(\d{1,5})\/?$/i;
  const [, scheme = "", host = "*", digits] = pattern.exec(text.trim()) ?? [];
  const isAny = host === "" || host === "*";
  if (digits === undefined || (!isAny && Number(digits) !== 0)) return undefined;
  const port = Number(digits);
  const { protocol } = parseServed(`${scheme}127.0.0.1:1`);
  const named = socketAddress(text, protocol, `${isAny ? "127.0.0.1" : host}:${port || 1}`);
  const endpoint = socketEndpoint(named);
  if ("socketPath" in endpoint) return undefined;
  return { ...named, endpoint: { host: isAny ? "" : endpoint.host, port } };
}

/** To clients `http://` is a mistake: it is one of the protocols here alone. */
function parseServed(text: string): ListenAddress {
  const http = /^http:\/\/(.*)$/is.exec(text.trim())?.[1];
  const address =
    http === undefined ? parseAddress(text) : socketAddress(text, Protocol.Http, http);
  const { endpoint } = address;
  if (!("socketPath" in endpoint) || !endpoint.socketPath.startsWith("\0")) return address;
  throw new GatewayError(ErrorCode.BadAddress, `"${text}" is abstract: a server needs a path`, {
    address: text,
    hint: "an abstract socket has no permissions: give the path of a socket, or host:port",
  });
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
async function listening(
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
