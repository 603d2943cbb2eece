import { existsSync, statSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { SocketEndpoint } from "../address.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { nodeMajor } from "./node-internals.js";

/** The system's errors, by their codes. Without a hint, the one of the error's code applies. */
const systemErrors = new Map<string, [code: ErrorCode, message: string, hint?: string]>([
  ["ENOENT", [ErrorCode.SocketMissing, "there is no such socket"]],
  ["ENOTDIR", [ErrorCode.SocketMissing, "there is no such socket"]],
  ["EACCES", [ErrorCode.PermissionDenied, "permission denied"]],
  ["EPERM", [ErrorCode.PermissionDenied, "permission denied"]],
  ["ECONNREFUSED", [ErrorCode.Refused, "connection refused"]],
  ["EAGAIN", [ErrorCode.BacklogFull, "the listen queue is full"]],
  ["ETIMEDOUT", [ErrorCode.ConnectTimeout, "the host did not answer"]],
  [
    "ENOTFOUND",
    [
      ErrorCode.ConnectFailed,
      "the host name is unknown",
      "check how the host is written, and the name service",
    ],
  ],
  [
    "EAI_AGAIN",
    [
      ErrorCode.ConnectFailed,
      "the host name could not be looked up",
      "the name service did not answer: try again, or give the host's number",
    ],
  ],
  ["EHOSTUNREACH", [ErrorCode.ConnectFailed, "there is no route to the host"]],
  ["ENETUNREACH", [ErrorCode.ConnectFailed, "there is no route to the network"]],
  [
    "EMFILE",
    [
      ErrorCode.ConnectFailed,
      "this process has too many files open",
      "raise ulimit -n, or ask fewer targets at once",
    ],
  ],
  [
    "ENFILE",
    [ErrorCode.ConnectFailed, "this machine has too many files open", "raise fs.file-max"],
  ],
]);

/** Explains why a connection was not made, by the system's error, the file system and the address. */
export function connectError(error: NodeJS.ErrnoException, endpoint: SocketEndpoint): GatewayError {
  const known = systemError(error);
  const isRefused = known.code === ErrorCode.Refused;
  if (!("socketPath" in endpoint)) {
    const { host } = endpoint;
    return error.code === "EINVAL" && isLinkLocal(host)
      ? interfaceError(zoneOf(host), error)
      : known;
  }
  if (!isRefused) return known;
  const { socketPath } = endpoint;
  return (
    (socketPath.startsWith("\0") ? abstractError(error) : fileError(error, socketPath)) ?? known
  );
}

function systemError(error: NodeJS.ErrnoException): GatewayError {
  const [code, message, hint] = systemErrors.get(error.code ?? "") ?? [
    ErrorCode.ConnectFailed,
    `could not connect: ${error.message}`,
  ];
  return new GatewayError(code, message, { hint, cause: error });
}

/** The first version of Node that does not pad the name of an abstract socket with NULs. */
const NAMES_ABSTRACT = 22;

/** Node 20 pads the name: it reaches only the abstract sockets of another Node 20. */
function abstractError(cause: Error): GatewayError | undefined {
  if (nodeMajor >= NAMES_ABSTRACT) return undefined;
  const message = `Node ${process.versions.node} does not reach an abstract socket of this name`;
  const hint = "use a later Node, or let the server listen on a path; or nothing listens here";
  return new GatewayError(ErrorCode.Refused, message, { hint, cause });
}

/** The system refuses a connection to a file or a folder like one to an unused socket. */
function fileError(cause: Error, path: string): GatewayError | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.isSocket()) return undefined;
  const kind = stats.isDirectory() ? "folder" : "file";
  const hint = "give the path of the socket itself, as in the pool's listen directive";
  return new GatewayError(ErrorCode.SocketMissing, `this is a ${kind}, not a socket`, {
    hint,
    cause,
  });
}

/**
 * Refuses a link-local IPv6 address without an interface of this machine. Since Node 22, libuv sends
 * such a connection through whichever interface it finds first; before, the system refused it.
 */
export function missingInterface(host: string): GatewayError | undefined {
  if (nodeMajor < 22 || !isLinkLocal(host)) return undefined;
  const zone = zoneOf(host);
  return zone !== undefined && hasInterface(zone) ? undefined : interfaceError(zone);
}

function isLinkLocal(host: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(host);
}

/** A host whose zone is the interface's name: `ip address` shows veth1@if2 where it is veth1. */
export function withInterfaceName(host: string): string {
  return host.replace(/(%[^@]+)@.*$/, "$1");
}

function zoneOf(host: string): string | undefined {
  return withInterfaceName(host).split("%")[1];
}

/** Whether an interface has this name, or this index. */
function hasInterface(zone: string): boolean {
  const interfaces = networkInterfaces();
  if (Object.hasOwn(interfaces, zone) || existsSync(`/sys/class/net/${zone}`)) return true;
  const addresses = Object.values(interfaces).flatMap((each) => each ?? []);
  return addresses.some(({ scopeid }) => `${scopeid}` === zone);
}

function interfaceError(zone: string | undefined, cause?: Error): GatewayError {
  const message =
    zone === undefined
      ? "a link-local address needs its interface"
      : `there is no network interface ${zone}`;
  const hint = "write it as [fe80::1%eth0]:9000, with an interface of this machine";
  return new GatewayError(ErrorCode.ConnectFailed, message, { hint, cause });
}
