import { lookup } from "node:dns/promises";
import { lstat, realpath } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { posix } from "node:path";
import picomatch from "picomatch";
import { Protocol, parseAddress, withoutBrackets } from "../../address.js";
import { ReadQueue } from "../read-queue.js";
import {
  type AllowRule,
  defaultPort,
  type HostRule,
  isPlainPage,
  type PageRule,
  type SocketRule,
} from "./allow-rule.js";

/** Resolves the name of a host to its addresses, unless the signal is aborted before it begins. */
export type ResolveHost = (host: string, signal?: AbortSignal) => Promise<readonly string[]>;

const lookups = new ReadQueue(2);

/** A target that may be read. */
export interface AllowedProbe {
  readonly allowed: true;
  readonly kind: "phpfpm" | "apache";
  /** The address that was checked, with the path of the page. The connection goes there. */
  readonly connectTo: string;
  /** The Host of the request to an httpd. */
  readonly host: string | undefined;
}

/** A target that may not be read, and why. The reason is for the log, never for the answer. */
export interface RefusedProbe {
  readonly allowed: false;
  readonly reason: string;
}

const refused = (reason: string): RefusedProbe => ({ allowed: false, reason });

/**
 * Decides whether a target may be read. Host names are resolved once, links of sockets are
 * followed, and what the rules are checked against is what the caller must connect to. What is not
 * understood is refused.
 *
 * @param target the address as it came; it is not decoded again
 * @param signal is aborted when the answer is no longer waited for
 */
export async function allowProbe(
  target: string,
  rules: readonly AllowRule[],
  resolve: ResolveHost = resolveBySystem,
  signal?: AbortSignal,
): Promise<AllowedProbe | RefusedProbe> {
  const resolveInTime: ResolveHost = (host) => resolve(host, signal);
  if (target.length > 2_048) return refused("the target is too long");
  if (/[\s\\\0-\x1f\x7f]/.test(target)) return refused("the target has a blank or a backslash");
  if (/^https?:\/\//i.test(target)) {
    return await allowPage(target, rules.filter(isPageRule), resolveInTime);
  }
  let address: ReturnType<typeof parseAddress>;
  try {
    // Without a look at the files that there are: a rule names no socket with a colon in its path.
    address = parseAddress(target);
  } catch (error) {
    return refused((error as Error).message);
  }
  const { endpoint, protocol, path = "/status" } = address;
  if (protocol !== Protocol.FastCgi) return refused(`the protocol is ${protocol}`);
  if ("program" in endpoint) return refused("the target is a program");
  if ("socketPath" in endpoint) {
    return await allowSocket(endpoint.socketPath, path, rules.filter(isSocketRule));
  }
  const hosts = rules.filter(
    (rule): rule is HostRule =>
      rule.kind === "host" && rule.port === endpoint.port && allowsPage(rule, path),
  );
  const checked = await checkHost(endpoint.host, hosts, resolveInTime);
  if (checked === undefined) return refused("no rule allows the address, the port and the path");
  const connectTo = `${bracketed(checked)}:${endpoint.port}${path}`;
  return { allowed: true, kind: "phpfpm", connectTo, host: undefined };
}

const isPageRule = (rule: AllowRule): rule is PageRule => rule.kind === "page";
const isSocketRule = (rule: AllowRule): rule is SocketRule => rule.kind === "socket";

function allowsPage({ page }: SocketRule | HostRule, path: string): boolean {
  return page === undefined ? isPlainPage(path) : page === path;
}

async function allowPage(
  target: string,
  rules: readonly PageRule[],
  resolve: ResolveHost,
): Promise<AllowedProbe | RefusedProbe> {
  if (/[@#]/.test(target) || !URL.canParse(target)) return refused("the target is no plain URL");
  const { protocol, hostname, host, port: digits, pathname, search } = new URL(target);
  if (search !== "" && search !== "?auto") return refused("the target has a query");
  const port = digits === "" ? defaultPort(protocol) : Number(digits);
  const candidates = rules.filter(
    (rule) => rule.protocol === protocol && rule.port === port && rule.page === pathname,
  );
  const checked = await checkHost(withoutBrackets(hostname), candidates, resolve);
  if (checked === undefined) return refused("no rule allows the address, the port and the path");
  const connectTo = `${protocol}//${bracketed(checked)}:${port}${pathname}${search}`;
  return { allowed: true, kind: "apache", connectTo, host };
}

/**
 * The first address of a host that a rule allows. The rules must agree with the target in all but
 * its host.
 */
async function checkHost(
  host: string,
  rules: readonly (HostRule | PageRule)[],
  resolve: ResolveHost,
): Promise<string | undefined> {
  // Without a rule for the port and the path, the name is not even resolved.
  if (rules.length === 0) return undefined;
  const isNamed = rules.some((rule) => rule.host === host.toLowerCase());
  const networks = rules.flatMap((rule) => (typeof rule.host === "string" ? [] : [rule.host]));
  if (!isNamed && networks.length === 0) return undefined;
  const addresses = await resolve(host);
  return addresses.find(
    (address) => isNamed || networks.some((network) => network.contains(address)),
  );
}

async function allowSocket(
  path: string,
  page: string,
  rules: readonly SocketRule[],
): Promise<AllowedProbe | RefusedProbe> {
  const candidates = rules.filter((rule) => allowsPage(rule, page));
  const allowed = (connectTo: string): AllowedProbe => {
    return { allowed: true, kind: "phpfpm", connectTo, host: undefined };
  };
  if (path.startsWith("\0")) {
    if (!candidates.some(({ pattern }) => pattern === path)) return refused("no rule names it");
    return allowed(`unix:@${path.slice(1)}:${page}`);
  }
  if (!isPlainPath(path)) return refused("the path of the socket is not plain");
  if (candidates.length === 0) return refused("no rule allows a socket with this page");
  const real = await realSocketPath(path);
  if (real === undefined) return refused("the path of the socket cannot be followed");
  try {
    if (!(await lstat(real)).isSocket()) return refused(`${real} is not a socket`);
  } catch (error) {
    // A pool that is down has no socket. The connection fails, and the answer says why.
    if (!isMissing(error)) return refused(`cannot examine ${real}: ${(error as Error).message}`);
  }
  for (const { pattern } of candidates) {
    if (await matchesSocket(pattern, real)) return allowed(`unix:${real}:${page}`);
  }
  return refused(`no rule allows the socket ${real}`);
}

/**
 * Whether a path is whole, and is that of one file whatever other files there are. Through `..` or
 * /proc, answers would tell which folders, and which processes, exist.
 */
function isPlainPath(path: string): boolean {
  if (!path.startsWith("/") || /^\/(?:proc|dev\/fd)\//.test(path)) return false;
  return !path
    .slice(1)
    .split("/")
    .some((name) => /^\.{0,2}$/.test(name));
}

/** Whether a socket's real path is that of a pattern. Links in the pattern's folder are followed. */
async function matchesSocket(pattern: string, real: string): Promise<boolean> {
  const { base, glob } = picomatch.scan(pattern);
  if (glob === "") return (await realSocketPath(pattern)) === real;
  const folder = await realSocketPath(base === "" ? "/" : base);
  if (folder === undefined) return false;
  const within = posix.relative(folder, real);
  if (within.startsWith("..")) return false;
  return picomatch(glob, { nonegate: true, noextglob: true })(within);
}

/**
 * The real path of a socket. Of one that is not there, or whose folders are not, the real path of
 * what there is, and the names that follow: what does not exist is no link. None for a link that
 * leads nowhere: what it will lead to is not known.
 */
async function realSocketPath(path: string): Promise<string | undefined> {
  const real = await realOrNone(path);
  if (real !== undefined) return real;
  try {
    await lstat(path);
    return undefined;
  } catch (error) {
    if (!isMissing(error)) return undefined;
  }
  const folder = await realSocketPath(posix.dirname(path));
  return folder && posix.join(folder, posix.basename(path));
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === "ENOENT";

async function realOrNone(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch {
    return undefined;
  }
}

function bracketed(address: string): string {
  return isIPv6(address) ? `[${address}]` : address;
}

/**
 * All addresses, by the system's resolver. None when it knows none. Two of Node's four threads do
 * it: a name server that is silent must not keep the others from files and from the names of targets.
 */
function resolveBySystem(host: string, signal?: AbortSignal): Promise<readonly string[]> {
  return new Promise((resolve) => {
    lookups.add(async () => {
      // Nobody waits any longer.
      if (signal?.aborted) return resolve([]);
      try {
        resolve((await lookup(host, { all: true })).map(({ address }) => address));
      } catch {
        resolve([]);
      }
    });
  });
}
