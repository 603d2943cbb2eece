import { statSync } from "node:fs";
import net from "node:net";
import type { SocketEndpoint } from "../address.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { nodeMajor } from "./node-internals.js";
import { connectError } from "./socket-error.js";

/**
 * What to give to `net.connect`.
 *
 * @throws GatewayError `bad_address` for an abstract socket where there are none, and for a zone that
 * this Node cannot name
 */
export function connectOptions(endpoint: SocketEndpoint): net.NetConnectOpts {
  if ("socketPath" in endpoint) {
    const { socketPath } = endpoint;
    if (socketPath.startsWith("\0") && process.platform !== "linux") throw noAbstractSockets();
    return { path: socketPath };
  }
  const { port } = endpoint;
  // `ip address` shows veth1@if2 where the interface is veth1.
  const host = endpoint.host.replace(/(%[^@]+)@.*$/, "$1");
  if (host.includes("%") && !net.isIPv6(host)) throw unnameable(host);
  return { host, port, noDelay: true };
}

/** The first Node that gives the system the name of an abstract socket without filling it up. */
const NAMES_ABSTRACT = 22;

/** Why there is no connection, with what the file system and the address say about it. */
export function explainConnectError(error: Error, endpoint: SocketEndpoint): GatewayError {
  const known = connectError(error);
  if ("socketPath" in endpoint) {
    if (known.code === ErrorCode.Refused && endpoint.socketPath.startsWith("\0")) {
      return nodeMajor < NAMES_ABSTRACT ? unreachable(error) : known;
    }
    const kind = known.code === ErrorCode.Refused ? notASocket(endpoint.socketPath) : undefined;
    return kind === undefined ? known : failure(ErrorCode.SocketMissing, kind, error);
  }
  const zone = endpoint.host.split("%")[1];
  const isLinkLocal = /^fe[89ab][0-9a-f]:/i.test(endpoint.host);
  if (!isLinkLocal || (error as NodeJS.ErrnoException).code !== "EINVAL") return known;
  return new GatewayError(
    ErrorCode.ConnectFailed,
    zone === undefined
      ? "a link-local address needs its interface"
      : `there is no network interface ${zone}`,
    { hint: "write it as [fe80::1%eth0]:9000, with an interface of this machine", cause: error },
  );
}

/** The system calls everything that is no socket a refused connection. */
function notASocket(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.isSocket()) return undefined;
  return stats.isDirectory() ? "this is a folder, not a socket" : "this is a file, not a socket";
}

function failure(code: ErrorCode, message: string, cause: Error): GatewayError {
  return new GatewayError(code, message, {
    hint: "give the path of the socket itself, as in the pool's listen directive",
    cause,
  });
}

/** Node 20 fills the name up with NULs: such sockets are those of another Node 20 alone. */
function unreachable(cause: Error): GatewayError {
  const message = `Node ${process.versions.node} does not reach an abstract socket of this name`;
  const hint = "use a later Node, or let the server listen on a path; or nothing listens here";
  return new GatewayError(ErrorCode.Refused, message, { hint, cause });
}

function noAbstractSockets(): GatewayError {
  return new GatewayError(ErrorCode.BadAddress, "only Linux has abstract sockets", {
    hint: "give the path of the socket",
  });
}

/** Node 20 takes letters, digits, dots, colons and hyphens in a zone; later versions take more. */
function unnameable(host: string): GatewayError {
  const zone = host.slice(host.indexOf("%") + 1);
  return new GatewayError(
    ErrorCode.BadAddress,
    `Node ${process.versions.node} cannot name the network interface ${zone}`,
    {
      hint: `use a later Node, or give the interface another name of letters, digits and hyphens: ip link property add dev ${zone} altname NAME`,
    },
  );
}
