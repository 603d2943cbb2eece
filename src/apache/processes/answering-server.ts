import { isOwnAddress } from "../../transport/own-address.js";
import type { StatusConnection } from "../fetch/status-connection.js";
import { type ApacheServer, findServers } from "./apache-servers.js";
import { type ProcessInfo, type ProcessTable, programName } from "./process-table.js";

/** Why a page does not prove whose processes it names. */
export interface ServerDoubt {
  /** The reason, as a clause for a message. */
  readonly reason: string;
  /** What to do. */
  readonly hint: string;
}

/**
 * The httpd that answered. With a doubt it is not proven: its processes may be shown, if it is known
 * at all, but none may be killed.
 */
export type AnsweringServer =
  | { readonly server: ApacheServer; readonly doubt: undefined }
  | { readonly server: ApacheServer | undefined; readonly doubt: ServerDoubt };

/**
 * Which httpd has answered on a connection: the one whose master has the socket that listens at
 * the address. It is proven where the master has the pid and the network namespace of this
 * process, and its root directory. Pids alone prove nothing: those of another container, or of
 * another machine behind a tunnel, may be the same.
 */
export function answeringServer(
  connection: StatusConnection | undefined,
  table: ProcessTable,
): AnsweringServer {
  if (connection === undefined) {
    return doubted("the address that answered is unknown", "give --master PID");
  }
  const { remoteAddress, remotePort } = connection;
  const place = remoteAddress.includes(":")
    ? `[${remoteAddress}]:${remotePort}`
    : `${remoteAddress}:${remotePort}`;
  if (!isOwnAddress(remoteAddress)) {
    const hint = "kill its workers where it runs, or give --master PID if its processes are here";
    return doubted(`${place} is not on this machine`, hint);
  }
  const inodes = table.listeners(remoteAddress, remotePort);
  if (inodes.length === 0) {
    const hint = "it may be in a container: run this there, or give --master PID";
    return doubted(`no process that is visible here listens on ${place}`, hint);
  }
  return holderOf(inodes, place, table);
}

function holderOf(inodes: readonly string[], place: string, table: ProcessTable): AnsweringServer {
  const servers = findServers(table);
  const holds = (pid: number) => {
    const sockets = table.sockets(pid);
    return sockets !== undefined && inodes.every((inode) => sockets.has(inode));
  };
  const [server, other] = servers.filter(({ master }) => holds(master.pid));
  if (server !== undefined && other !== undefined) {
    const pids = `${server.master.pid} and ${other.master.pid}`;
    return doubted(`the httpds ${pids} share the socket of ${place}`, "give --master PID");
  }
  if (server !== undefined) {
    const doubt = namespaceDoubt(server.master, table);
    return doubt === undefined ? { server, doubt } : { server, doubt };
  }
  const owner = table.list().find(({ pid }) => holds(pid));
  if (owner !== undefined) {
    const what = `${programName(owner)} (process ${owner.pid}) listens on ${place}`;
    const hint = "give the URL of httpd itself, or --master PID";
    return doubted(`${what}, and its program is not named like httpd`, hint);
  }
  const owners = ownersOf(inodes, table);
  if (owners.length > 1) {
    const what = owners.map((each) => `${programName(each)} (process ${each.pid})`).join(" and ");
    return doubted(`${what} share the port of ${place}`, "give --master PID");
  }
  const hidden = servers.find(({ master }) => table.sockets(master.pid) === undefined);
  const reason =
    hidden === undefined
      ? `this user may not see which process listens on ${place}`
      : `this user may not see the sockets of httpd (process ${hidden.master.pid})`;
  return doubted(reason, "run it as root, or give --master PID");
}

/** The processes that own one of several sockets (`SO_REUSEPORT`): for each, the first one. */
function ownersOf(inodes: readonly string[], table: ProcessTable): readonly ProcessInfo[] {
  const owners = inodes.flatMap(
    (inode) => table.list().find(({ pid }) => table.sockets(pid)?.has(inode) === true) ?? [],
  );
  return [...new Map(owners.map((owner) => [owner.pid, owner])).values()];
}

function doubted(reason: string, hint: string): AnsweringServer {
  return { server: undefined, doubt: { reason, hint } };
}

/** A container that uses the network of its host listens there, but has pids of its own. */
function namespaceDoubt({ pid }: ProcessInfo, table: ProcessTable): ServerDoubt | undefined {
  const own = table.namespaces("self");
  const theirs = table.namespaces(pid);
  if (own === undefined || theirs === undefined) {
    const reason = `this user may not see the namespaces of httpd (process ${pid})`;
    return { reason, hint: `run it as root, or give --master ${pid}` };
  }
  const hint = `run it where httpd runs, or give --master ${pid}`;
  const differs = (what: string) => ({ reason: `httpd (process ${pid}) has ${what}`, hint });
  if (own.pid !== theirs.pid) return differs("a pid namespace of its own");
  if (own.net !== theirs.net) return differs("a network namespace of its own");
  // systemd gives httpd a mount namespace for its /tmp (PrivateTmp), but keeps the machine's root.
  if (own.mount !== theirs.mount && own.root !== theirs.root) {
    return differs("a root directory of its own");
  }
  return undefined;
}
