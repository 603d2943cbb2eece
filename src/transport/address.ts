import { utf8Bytes } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";

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

/** Linux holds 108 bytes with the final NUL; macOS 104. */
const MAX_SOCKET_PATH = 107;

/**
 * Reads an address. The protocol is FastCGI unless it says `scgi://` or `uwsgi://`.
 *
 * Ours: `host:port/path`, `[::1]:9000/path`, `unix:/run/x.sock`, `unix:/run/x.sock:/path`, and for
 * a CGI program its path, `cgi:/usr/lib/cgi-bin/x`.
 * Also read, for people who switch: `tcp://host:port/path`, `unix:///run/x.sock;/path`
 * (php-fpm_exporter), `/run/x.sock:path` (telegraf), and a bare `/run/x.sock`.
 *
 * @throws GatewayError `bad_address`
 */
export function parseAddress(text: string): Address {
  const program = /^cgi:(.*)$/is.exec(text.trim())?.[1];
  if (program !== undefined) return programAddress(text, program);
  const { protocol, rest } = splitProtocol(text.trim());
  return socketAddress(text, protocol, rest);
}

/**
 * Reads an address of a socket.
 *
 * @param rest what is behind the protocol
 * @throws GatewayError `bad_address`
 */
export function socketAddress<Spoken extends Protocol>(
  text: string,
  protocol: Spoken,
  rest: string,
): Address<Spoken> {
  if (text.includes("\0")) throw hasNul(text);
  if (rest.startsWith("unix:")) {
    const path = rest.slice("unix:".length).replace(/^\/\/(?=\/)/, "");
    if (!path.startsWith("/") && !path.startsWith("./")) {
      throw badAddress(text, "needs a socket path that starts with a slash");
    }
    return unixAddress(text, protocol, path);
  }
  if (rest.startsWith("/")) return unixAddress(text, protocol, rest);
  return hostAddress(text, protocol, rest);
}

/** The protocol, and the address without it. */
function splitProtocol(text: string): { protocol: ClientProtocol; rest: string } {
  const match = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text);
  if (match === null) return { protocol: Protocol.FastCgi, rest: text };
  const scheme = (match[1] as string).toLowerCase();
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
  if (text.includes("\0")) throw hasNul(text);
  const program = rest.replace(/^\/\/(?=\/)/, "");
  if (!/^\.{0,2}\/[^/]/.test(program) || program.endsWith("/")) {
    throw badAddress(text, "needs the path of a program, as in cgi:/usr/lib/cgi-bin/x");
  }
  return { protocol: Protocol.Cgi, endpoint: { program }, path: undefined, text };
}

/** A socket path, with the path to ask for behind `:` or `;`. */
function unixAddress<Spoken extends Protocol>(
  text: string,
  protocol: Spoken,
  rest: string,
): Address<Spoken> {
  const match = /^([^:;]*)(?:[:;](.*))?$/s.exec(rest);
  if (match === null) throw badAddress(text, "has more than one colon behind the socket path");
  const socketPath = match[1] as string;
  if (socketPath === "" || socketPath.endsWith("/")) throw badAddress(text, "names no socket");
  if (isTooLong(socketPath)) {
    throw badAddress(text, `has a socket path longer than ${MAX_SOCKET_PATH} bytes`);
  }
  return { protocol, endpoint: { socketPath }, path: asPath(match[2]), text };
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
  if (match[1] !== undefined && !/^[0-9a-f:.]+(%\w+)?$/i.test(host)) {
    throw badAddress(text, "has brackets around what is not an IPv6 address");
  }
  const port = Number(match[3]);
  if (port < 1 || port > 65_535) throw badAddress(text, `has the port ${port}, not 1 to 65535`);
  return { protocol, endpoint: { host, port }, path: asPath(match[4]), text };
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

function asPath(path: string | undefined): string | undefined {
  if (path === undefined || path === "") return undefined;
  return path.startsWith("/") ? path : `/${path}`;
}

function hasNul(text: string): GatewayError {
  return badAddress(text, "has a NUL character");
}

function badAddress(text: string, why: string): GatewayError {
  return new GatewayError(ErrorCode.BadAddress, `"${text}" ${why}`, { address: text });
}
