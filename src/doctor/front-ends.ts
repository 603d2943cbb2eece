import { statSync } from "node:fs";
import { dirname } from "node:path";
import { type SocketEndpoint, withoutBrackets } from "../address.js";
import { ProcFileSystem } from "../apache/processes/process-table.js";
import { realPath } from "../discovery/php-fpm/masters.js";
import type { Account } from "../discovery/php-fpm/permissions.js";
import { findUser } from "../transport/accounts.js";
import type { FrontEndEvent, FrontEndEvidence, NotLookedAt } from "./evidence.js";
import type { FrontEnd } from "./front-end.js";
import { findHttpdFrontEnds } from "./httpd-front-end.js";
import { isRecent, lastLines } from "./log-tail.js";
import { memoryLimitsIn } from "./memory-limit.js";
import { findNginxes } from "./nginx-front-end.js";
import { processText } from "./processes.js";

/** The web servers of this machine, whose configurations are read once. Runs nothing. */
export class FrontEnds {
  #found: { readonly all: readonly FrontEnd[]; readonly missing: NotLookedAt[] } | undefined;

  /** Those that pass requests to a pool. */
  of(endpoint: SocketEndpoint, missing: NotLookedAt[]): FrontEndEvidence[] {
    const { all, missing: unread } = this.#find();
    missing.push(...unread);
    const names = namesPool(endpoint);
    return all.flatMap(({ name, workers, backends, errorLogs }) => {
      const source = backends.find(({ address }) => names(address))?.source;
      if (source === undefined) return [];
      const account = workers.map(accountOf).find((each) => each !== undefined);
      const closed = account && closedTo(endpoint, account);
      const lines = [...new Set(errorLogs)].flatMap((path) => linesAbout(path, names, missing));
      const events = lines.flatMap(({ text, at }) => {
        const kind = patterns.find(({ pattern }) => pattern.test(text))?.kind;
        return kind === undefined ? [] : [{ kind, at }];
      });
      const memoryLimits = lines.flatMap(({ text, at }) => memoryLimitsIn(text, at));
      const user = account && userOf(account);
      return [{ name, source, user, closed, events, memoryLimits }];
    });
  }

  #find() {
    if (this.#found === undefined) {
      const missing: NotLookedAt[] = [];
      const table = new ProcFileSystem();
      const all = [...findNginxes(table, missing), ...findHttpdFrontEnds(table, missing)];
      this.#found = { all, missing };
    }
    return this.#found;
  }
}

/** Whether an address in the configuration of a web server is that of the pool. */
type NamesPool = (address: string) => boolean;

function namesPool(endpoint: SocketEndpoint): NamesPool {
  if ("socketPath" in endpoint) {
    const path = realPath(endpoint.socketPath);
    return (address) => address.startsWith("unix:") && realPath(address.slice(5)) === path;
  }
  const host = withoutBrackets(endpoint.host);
  const hosts = new Set([host, ...(/^(127\.|::1$)/.test(host) ? ["localhost"] : [])]);
  return (address) => {
    const [, name = "", port] = /^(.*):(\d+)$/.exec(address) ?? [];
    return Number(port) === endpoint.port && hosts.has(withoutBrackets(name));
  };
}

/** The account that a process runs as. */
function accountOf(pid: number): Account | undefined {
  const status = processText(pid, "status") ?? "";
  const uid = /^Uid:\s*\d+\s+(\d+)/m.exec(status)?.[1];
  const gid = /^Gid:\s*\d+\s+(\d+)/m.exec(status)?.[1];
  const groups = /^Groups:[ \t]*(.*)$/m.exec(status)?.[1] ?? "";
  if (uid === undefined || gid === undefined) return undefined;
  const gids = [gid, ...groups.split(" ").filter((group) => group !== "")].map(Number);
  return { uid: Number(uid), gids };
}

/** `33 (www-data)`: a container may have another name for the number. */
function userOf({ uid }: Account): string {
  const { name } = findUser(uid);
  return name === undefined ? `${uid}` : `${uid} (${name})`;
}

/** What is closed to an account on the way to a socket, by the modes of files; not by lists (ACLs). */
function closedTo(endpoint: SocketEndpoint, account: Account): string | undefined {
  if (!("socketPath" in endpoint) || account.uid === 0) return undefined;
  const { socketPath } = endpoint;
  if (!socketPath.startsWith("/")) return undefined;
  try {
    const folders: string[] = [];
    for (let at = dirname(realPath(socketPath)); at !== "/"; at = dirname(at)) folders.unshift(at);
    const closed = folders.find((folder) => !may(folder, 0o1, account));
    if (closed !== undefined) return closed;
    return may(socketPath, 0o2, account) ? undefined : socketPath;
  } catch {
    return undefined; // It is missing, or this user may not look.
  }
}

/** @param right 1: enter, 2: write */
function may(path: string, right: number, { uid, gids }: Account): boolean {
  const stats = statSync(path);
  const shift = stats.uid === uid ? 6 : gids.includes(stats.gid) ? 3 : 0;
  return ((stats.mode >> shift) & right) !== 0;
}

/** What the errors of web servers about a pool mean. httpd's module numbers are in its messages. */
const patterns: readonly { kind: FrontEndEvent["kind"]; pattern: RegExp }[] = [
  { kind: "queue_full", pattern: /\(11: Resource temporarily|\(11\)Resource temporarily/ },
  { kind: "denied", pattern: /\(13: Permission denied|\(13\)Permission denied/ },
  {
    kind: "down",
    pattern: /\(2: No such file|\(111: Connection ref|\(2\)No such file|\(111\)Connection ref/,
  },
  { kind: "timed_out", pattern: /\(110: |upstream timed out|\(70007\)The timeout/ },
  {
    kind: "broken_off",
    pattern: /prematurely closed|\(104: |\(104\)|Error reading from|read response header/,
  },
];

/** Times in error logs of nginx (`2026/11/29 21:28:50`) and of httpd (`Sun Nov 29 21:28:50.1 2026`). */
function timeOf(line: string): number {
  const [, year, month, day, time] = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d:\d\d:\d\d)/.exec(line) ?? [];
  if (year !== undefined) return Date.parse(`${year}-${month}-${day}T${time}`);
  const httpd = /^\[\w{3} (\w{3} \d\d \d\d:\d\d:\d\d)\.?\d* (\d{4})\]/.exec(line);
  return httpd === null ? Number.NaN : Date.parse(`${httpd[1]} ${httpd[2]}`);
}

/** The lines of a log about a pool, of the last hour. */
function linesAbout(
  path: string,
  names: NamesPool,
  missing: NotLookedAt[],
): { readonly text: string; readonly at: number }[] {
  if (!path.startsWith("/")) return [];
  const read = lastLines(path);
  if ("problem" in read) {
    missing.push({ what: "the log of a web server", why: read.problem });
    return [];
  }
  return read.lines.flatMap((text) => {
    const at = timeOf(text);
    return isRecent(at) && addressesIn(text).some(names) ? [{ text, at }] : [];
  });
}

/** The addresses of backends in a line: `unix:/run/www.sock`, `127.0.0.1:9000`. */
function addressesIn(line: string): string[] {
  return [
    ...[...line.matchAll(/unix:([^\s:,"|)]+)/g)].map((match) => `unix:${match[1]}`),
    ...[...line.matchAll(/(?:fcgi|fastcgi):\/\/([^\s/,"|)]+:\d+)/g)].map((match) => match[1] ?? ""),
    // httpd: "to 127.0.0.1:9000 (localhost) failed", "to /run/www.sock (*) failed"
    ...[...line.matchAll(/ to (\/\S+|\S+:\d+) \(/g)].map(([, name = ""]) =>
      name.startsWith("/") ? `unix:${name}` : name,
    ),
  ];
}
