import { ErrorCode, GatewayError } from "../../errors.js";
import { type Network, parseNetwork } from "./network.js";

/** A socket, by a glob of its real path. */
export interface SocketRule {
  readonly kind: "socket";
  /** The path, or the glob; `\0name` in Linux's abstract namespace. */
  readonly pattern: string;
  /** The path of the status page, where the rule has one. */
  readonly page: string | undefined;
}

/** A host and a port of FastCGI. */
export interface HostRule {
  readonly kind: "host";
  readonly host: Network | string;
  readonly port: number;
  /** The path of the status page, where the rule has one. */
  readonly page: string | undefined;
}

/** The status page of an httpd. */
export interface PageRule {
  readonly kind: "page";
  readonly protocol: string;
  readonly host: Network | string;
  readonly port: number;
  readonly page: string;
}

/** What `/probe` may read: one entry of `probe.allow`. */
export type AllowRule = SocketRule | HostRule | PageRule;

/**
 * Reads a rule: `unix:/run/php/*.sock`, `10.0.0.0/8:9000`, `php.example.com:9000/status`,
 * `http://10.0.0.7/server-status` or `http://10.0.0.0/8:80/server-status`.
 *
 * @throws GatewayError `bad_input`
 */
export function parseAllowRule(text: string): AllowRule {
  if (/[\s\\#@]/.test(text.replace(/^unix:@/, "unix:"))) {
    throw badRule(text, "has a blank, a backslash, # or @ in it");
  }
  if (/^https?:\/\//.test(text)) return pageRule(text);
  if (text.startsWith("unix:")) return socketRule(text);
  return hostRule(text);
}

function socketRule(text: string): SocketRule {
  const [, pattern = "", page] = /^unix:([^:;]*)(?:[:;](\/.*))?$/.exec(text) ?? [];
  if (pattern.startsWith("@")) {
    if (pattern.length === 1) throw badRule(text, "names no socket");
    return { kind: "socket", pattern: `\0${pattern.slice(1)}`, page };
  }
  if (!pattern.startsWith("/") || pattern.endsWith("/")) {
    throw badRule(text, "needs the whole path of a socket, with * where it varies");
  }
  if (/\/\.{0,2}(?:\/|$)/.test(pattern)) {
    throw badRule(text, "is compared with real paths, which have no empty part, no . and no ..");
  }
  return { kind: "socket", pattern, page };
}

const HOST = String.raw`(?:\[([^\]]+)\]|([^:/[\]]+))(\/\d{1,3})?`;

function hostRule(text: string): HostRule {
  const match = new RegExp(`^${HOST}:(\\d{1,5})(/.*)?$`).exec(text);
  if (match === null) throw badRule(text, "is neither a socket, nor a network or host with a port");
  const [, , , , port = "", page] = match;
  return { kind: "host", host: hostOf(text, match), port: portOf(text, port), page };
}

function pageRule(text: string): PageRule {
  const match = new RegExp(`^(https?:)//${HOST}(?::(\\d{1,5}))?(/.*)$`).exec(text);
  if (match === null) throw badRule(text, "needs a host, or a network, and the path of a page");
  const [, protocol = "", , , , port, path = ""] = match;
  const { pathname, search } = new URL(path, "http://localhost");
  if (search !== "" && search !== "?auto") throw badRule(text, "has a query other than ?auto");
  return {
    kind: "page",
    protocol,
    host: hostOf(text, [text, match[2], match[3], match[4]]),
    port: port === undefined ? defaultPort(protocol) : portOf(text, port),
    page: pathname,
  };
}

/** The port of a URL without one. */
export function defaultPort(protocol: string): number {
  return protocol === "https:" ? 443 : 80;
}

function hostOf(
  text: string,
  [, bracketed, plain, bits = ""]: ArrayLike<string | undefined> & Iterable<string | undefined>,
): Network | string {
  const host = bracketed ?? plain ?? "";
  if (bracketed !== undefined && bits !== "") {
    throw badRule(text, `has ${bits} outside of the brackets: write [${host}${bits}]`);
  }
  const network = parseNetwork(host + bits);
  if (network?.isExact === false) {
    throw badRule(text, `has an address with more bits than its network in "${host}${bits}"`);
  }
  if (network !== undefined) return network;
  if (bits !== "" || bracketed !== undefined)
    throw badRule(text, `has no network in "${host}${bits}"`);
  // The resolver takes 127.1 and 0x7f000001 for addresses. A rule is written plainly.
  if (!/[a-z]/i.test(host) || /^0x/i.test(host)) throw badRule(text, `has no address in "${host}"`);
  if (!/^[a-z0-9_.-]+$/i.test(host)) throw badRule(text, `has no host in "${host}"`);
  return host.toLowerCase();
}

function portOf(text: string, digits: string): number {
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw badRule(text, `has the port ${digits}, not 1 to 65535`);
  return port;
}

/** Whether a rule without a path allows a path. Without a dot, no path is that of a PHP script. */
export function isPlainPage(path: string): boolean {
  return /^\/[\w/~-]*$/.test(path);
}

function badRule(text: string, why: string): GatewayError {
  return new GatewayError(ErrorCode.BadInput, `the rule "${text}" ${why}`, {
    hint: "write a rule as unix:/run/php/*.sock, 10.0.0.0/8:9000, [fd00::/8]:9000 or http://10.0.0.7/server-status",
  });
}
