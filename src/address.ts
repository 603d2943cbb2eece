import { utf8Bytes } from "./bytes.js";
import { ErrorCode, GatewayError } from "./errors.js";

export const Protocol = {
  FastCgi: "fcgi",
  Scgi: "scgi",
  Uwsgi: "uwsgi",
  Cgi: "cgi",
  /** For servers only: clients of HTTP use `fetch`. */
  Http: "http",
} as const;
export type Protocol = (typeof Protocol)[keyof typeof Protocol];

/** Removes the brackets around an IPv6 address, as a URL has them. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}

/** The protocols that our clients speak. */
export type ClientProtocol = Exclude<Protocol, typeof Protocol.Http>;

/** A unix socket, or a host and a port. A server with an empty host listens on all addresses. */
export type SocketEndpoint = { socketPath: string } | { host: string; port: number };

/** Where a backend listens, and the path to ask it for. */
export interface Address<Spoken extends Protocol = ClientProtocol> {
  protocol: Spoken;
  /** The socket, or with CGI the program to run. */
  endpoint: SocketEndpoint | { program: string };
  /** The path, which starts with a slash; undefined when the address has none. */
  path: string | undefined;
  /** The address as the user wrote it, for messages. */
  text: string;
}

/** Where to listen. */
export type ListenAddress = Address<Protocol>;

/** Says whether a file exists at a path. */
export type PathExists = (path: string) => boolean;
const noFiles: PathExists = () => false;

/** Linux holds 108 bytes with the final NUL; macOS 104. */
const MAX_SOCKET_PATH = 107;

/**
 * Reads an address. The protocol is FastCGI unless the address begins with `scgi://` or `uwsgi://`.
 *
 * The forms are `host:port/path`, `[::1]:9000/path`, `[fe80::1%eth0]:9000`, `unix:/run/x.sock`,
 * `unix:/run/x.sock:/path`, `unix:@name` for a socket in Linux's abstract namespace, and
 * `cgi:/usr/lib/cgi-bin/x` for a CGI program.
 * Forms of other tools are read, too: `tcp://host:port/path`, `unix:///run/x.sock;/path`
 * (php-fpm_exporter), `/run/x.sock:path` (telegraf), and a bare `/run/x.sock`, `./x.sock` or
 * `x.sock`.
 *
 * @param exists says whether a file exists, which decides where a socket's path ends: its name may
 * have `:` or `;` in it. In Node pass `existsSync`. Default: no file exists, and the path ends at
 * the first `:` or `;`
 * @throws GatewayError `bad_address`
 */
export function parseAddress(text: string, exists: PathExists = noFiles): Address {
  const trimmed = text.trim();
  const scheme = /^(?:(cgi):|([a-z][a-z0-9+.-]*):\/\/)/i.exec(trimmed);
  if (scheme === null) return socketAddress(text, Protocol.FastCgi, trimmed, exists);
  const name = (scheme[1] ?? scheme[2]!).toLowerCase();
  const rest = trimmed.slice(scheme[0].length);
  switch (name) {
    case "cgi":
      return programAddress(text, rest);
    case "fcgi":
    case "fastcgi":
    case "tcp":
      return socketAddress(text, Protocol.FastCgi, rest, exists);
    case "scgi":
      return socketAddress(text, Protocol.Scgi, rest, exists);
    case "uwsgi":
      return socketAddress(text, Protocol.Uwsgi, rest, exists);
    case "unix":
      return socketAddress(text, Protocol.FastCgi, `unix:${rest}`, exists);
    default:
      throw badAddress(
        text,
        `has the protocol ${name}, which is none of fcgi, scgi, uwsgi and cgi`,
        /^https?$/.test(name)
          ? "the status page of an httpd is read by fcgi-probe apache status URL"
          : undefined,
      );
  }
}

/**
 * Reads an address of a socket.
 *
 * @param rest the address without its protocol
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

/** Whether an address without `unix:` is nevertheless the path of a socket. */
function isSocketPath(rest: string, exists: PathExists): boolean {
  if (/^\.{0,2}\//.test(rest)) return true;
  if (!rest.includes(".sock")) return false;
  const isHost = /^[^:;/]+:\d{1,5}(\/|$)/.test(rest);
  if (!isHost && /^[^:;]*\.sock([:;]|$)/.test(rest)) return true;
  return exists(rest.slice(0, socketPathEnd(rest, exists)));
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
  const end = socketPathEnd(rest, rest.startsWith("@") ? noFiles : exists);
  const socketPath = rest.slice(0, end);
  if (socketPath === "" || socketPath === "@") throw badAddress(text, "names no socket");
  if (socketPath.endsWith("/")) throw badAddress(text, "names a folder, not a socket in it");
  // A character takes at most three bytes: short paths need no encoding to be measured.
  if (end * 3 > MAX_SOCKET_PATH && utf8Bytes(socketPath).length > MAX_SOCKET_PATH) {
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

/**
 * Where a socket's path ends: at the last separator before which a file exists, else at the first.
 */
function socketPathEnd(rest: string, exists: PathExists): number {
  const first = rest.search(/[:;]/);
  if (first < 0 || exists(rest)) return rest.length;
  for (let end = rest.length - 1; end > first; end--) {
    if ((rest[end] === ":" || rest[end] === ";") && exists(rest.slice(0, end))) return end;
  }
  return first;
}

function hostAddress<Spoken extends Protocol>(
  text: string,
  protocol: Spoken,
  rest: string,
): Address<Spoken> {
  const match = /^(?:\[([^\]]+)\]|([^:/[\]\s]+)):(\d{1,5})(\/.*)?$/s.exec(rest);
  if (match === null) throw badAddress(text, "is neither host:port nor a unix socket");
  const host = (match[1] ?? match[2]) as string;
  // The zone after % names an interface: anything but slashes and blanks.
  if (match[1] !== undefined && !/^[0-9a-f:.]+(%[^%/\s]+)?$/i.test(host)) {
    throw badAddress(text, "has brackets, but no IPv6 address in them");
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
