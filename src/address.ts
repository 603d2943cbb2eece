import { utf8Bytes } from "./bytes.js";
import { ErrorCode, GatewayError } from "./errors.js";

export const Protocol = {
  FastCgi: "fcgi",
  Scgi: "scgi",
  Uwsgi: "uwsgi",
  Cgi: "cgi",
  /** Served, and not asked: for clients of HTTP there is `fetch`. */
  Http: "http",
} as const;
export type Protocol = (typeof Protocol)[keyof typeof Protocol];

/** The protocols that our clients speak. */
export type ClientProtocol = Exclude<Protocol, typeof Protocol.Http>;

/** A unix socket, or a host and port. To listen, an empty host is all addresses of the machine. */
export type SocketEndpoint = { socketPath: string } | { host: string; port: number };

/** Where a backend listens, and the path that the user asks it for. */
export interface Address<Spoken extends Protocol = ClientProtocol> {
  protocol: Spoken;
  /** A socket, or with CGI the program to run. */
  endpoint: SocketEndpoint | { program: string };
  /** Starts with a slash; undefined when the address has none. */
  path: string | undefined;
  /** The address as the user wrote it, for messages. */
  text: string;
}

/** Where to listen. */
export type ListenAddress = Address<Protocol>;

/** Whether a path exists. Where there are no files, none does. */
export type PathExists = (path: string) => boolean;
const noFiles: PathExists = () => false;

/** Linux holds 108 bytes with the final NUL; macOS 104. */
const MAX_SOCKET_PATH = 107;

/**
 * Reads an address. The protocol is FastCGI unless it says `scgi://` or `uwsgi://`.
 *
 * Ours: `host:port/path`, `[::1]:9000/path`, `[fe80::1%eth0]:9000`, `unix:/run/x.sock`,
 * `unix:/run/x.sock:/path`, `unix:@name` for a socket in Linux' abstract namespace, and for a CGI
 * program its path, `cgi:/usr/lib/cgi-bin/x`.
 * Also read, for people who switch: `tcp://host:port/path`, `unix:///run/x.sock;/path`
 * (php-fpm_exporter), `/run/x.sock:path` (telegraf), and a bare `/run/x.sock`, `./x.sock` or
 * `x.sock`.
 *
 * @param exists decides where a socket's path ends: a file that exists may have `:` or `;` in its
 * name. Default: no file exists, and the path ends at the first of them
 * @throws GatewayError `bad_address`
 */
export function parseAddress(text: string, exists: PathExists = noFiles): Address {
  const program = /^cgi:(.*)$/is.exec(text.trim())?.[1];
  if (program !== undefined) return programAddress(text, program);
  const { protocol, rest } = splitProtocol(text.trim());
  return socketAddress(text, protocol, rest, exists);
}

/**
 * Reads an address of a socket.
 *
 * @param rest what is behind the protocol
 * @param exists see {@link parseAddress}
 * @throws GatewayError `bad_address`
 */
export function socketAddress<Spoken extends Protocol>(
  text: string,
  protocol: Spoken,
  rest: string,
  exists: PathExists = noFiles,
): Address<Spoken> {
  if (text.includes("\0")) throw badAddress(text, "has a NUL character");
  if (rest.startsWith("unix:")) {
    const path = rest.slice("unix:".length).replace(/^\/\/(?=\/)/, "");
    return unixAddress(text, protocol, path, exists);
  }
  if (isSocketPath(rest, exists)) return unixAddress(text, protocol, rest, exists);
  return hostAddress(text, protocol, rest);
}

/** Whether an address without `unix:` is the path of a socket all the same. */
function isSocketPath(rest: string, exists: PathExists): boolean {
  if (/^\.{0,2}\//.test(rest)) return true;
  if (!rest.includes(".sock")) return false;
  const isHost = /^[^:;/]+:\d{1,5}(\/|$)/.test(rest);
  if (!isHost && /^[^:;]*\.sock([:;]|$)/.test(rest)) return true;
  return exists(rest.slice(0, socketPathEnd(rest, exists)));
}

/** The protocol, and the address without it. */
function splitProtocol(text: string): { protocol: ClientProtocol; rest: string } {
  const match = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text);
  if (match === null) return { protocol: Protocol.FastCgi, rest: text };
  const scheme = match[1]!.toLowerCase();
  const rest = text.slice(match[0].length);
  switch (scheme) {
    case "fcgi":
    case "fastcgi":
    case "tcp":
      return { protocol: Protocol.FastCgi, rest };
    case "scgi":
      return { protocol: Protocol.Scgi, rest };
    case "uwsgi":
      return { protocol: Protocol.Uwsgi, rest };
    case "unix":
      return { protocol: Protocol.FastCgi, rest: `unix:${rest}` };
    default:
      throw badAddress(
        text,
        `has the protocol ${scheme}, which is none of fcgi, scgi, uwsgi and cgi`,
      );
  }
}

/** A program, named by its path as it is: colons have no meaning in it. */
function programAddress(text: string, rest: string): Address {
  if (text.includes("\0")) throw badAddress(text, "has a NUL character");
  const program = rest.replace(/^\/\/(?=\/)/, "");
  if (!/^\.{0,2}\/[^/]/.test(program) || program.endsWith("/")) {
    throw badAddress(text, "needs the path of a program, as in cgi:/usr/lib/cgi-bin/x");
  }
  return { protocol: Protocol.Cgi, endpoint: { program }, path: undefined, text };
}

/** A socket path, with the path to ask for after `:` or `;`. */
function unixAddress<Spoken extends Protocol>(
  text: string,
  protocol: Spoken,
  rest: string,
  exists: PathExists,
): Address<Spoken> {
  const end = rest.startsWith("@") ? firstSeparator(rest) : socketPathEnd(rest, exists);
  const socketPath = rest.slice(0, end);
  if (socketPath === "" || socketPath === "@") throw badAddress(text, "names no socket");
  if (socketPath.endsWith("/")) throw badAddress(text, "names a folder, not a socket in it");
  if (isTooLong(socketPath)) {
    throw badAddress(text, `has a socket path longer than ${MAX_SOCKET_PATH} bytes`);
  }
  return {
    protocol,
    // The abstract namespace is where names start with NUL (unix(7)).
    endpoint: { socketPath: socketPath.replace(/^@/, "\0") },
    path: asPath(text, rest.slice(end + 1)),
    text,
  };
}

/** Where a socket's path ends: the longest that exists wins, then the first separator. */
function socketPathEnd(rest: string, exists: PathExists): number {
  const first = firstSeparator(rest);
  if (first === rest.length || exists(rest)) return rest.length;
  for (let end = rest.length - 1; end > first; end--) {
    if ((rest[end] === ":" || rest[end] === ";") && exists(rest.slice(0, end))) return end;
  }
  return first;
}

function firstSeparator(rest: string): number {
  const index = rest.search(/[:;]/);
  return index < 0 ? rest.length : index;
}

/** A character takes at most three bytes: short paths need no encoding to be measured. */
function isTooLong(socketPath: string): boolean {
  return socketPath.length * 3 > MAX_SOCKET_PATH && utf8Bytes(socketPath).length > MAX_SOCKET_PATH;
}

function hostAddress<Spoken extends Protocol>(
  text: string,
  protocol: Spoken,
  rest: string,
): Address<Spoken> {
  const match = /^(?:\[([^\]]+)\]|([^:/[\]\s]+)):(\d{1,5})(\/.*)?$/s.exec(rest);
  if (match === null) throw badAddress(text, "is neither host:port nor a unix socket");
  const host = (match[1] ?? match[2]) as string;
  // Behind % stands the name of an interface, which may have anything but slashes and blanks.
  if (match[1] !== undefined && !/^[0-9a-f:.]+(%[^%/\s]+)?$/i.test(host)) {
    throw badAddress(text, "has brackets around what is not an IPv6 address");
  }
  const port = Number(match[3]);
  if (port < 1 || port > 65_535) throw badAddress(text, `has the port ${port}, not 1 to 65535`);
  return { protocol, endpoint: { host, port }, path: asPath(text, match[4] ?? ""), text };
}

/**
 * The socket of an address.
 *
 * @throws GatewayError `bad_address` when it names a program
 */
export function socketEndpoint({ endpoint, text }: ListenAddress): SocketEndpoint {
  if ("program" in endpoint) throw badAddress(text, "is a program to run, not a socket");
  return endpoint;
}

function asPath(text: string, path: string): string | undefined {
  const query = path.indexOf("?");
  if (query >= 0) {
    throw badAddress(
      text,
      `has a query in its path, "${path.slice(query)}"`,
      "leave it out: status has --full, and request has --query",
    );
  }
  if (path === "") return undefined;
  return path.startsWith("/") ? path : `/${path}`;
}

function badAddress(text: string, why: string, hint?: string): GatewayError {
  return new GatewayError(ErrorCode.BadAddress, `"${text}" ${why}`, { address: text, hint });
}
