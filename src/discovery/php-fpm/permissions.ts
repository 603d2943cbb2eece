import { accessSync, constants, statSync } from "node:fs";
import { problemOf } from "../../apache/configuration/configuration-files.js";
import { findGroup, findUser } from "../../transport/accounts.js";
import type { PoolConfiguration } from "../pool-configuration.js";

/** Who would connect. */
export interface Account {
  readonly uid: number;
  /** All its groups. */
  readonly gids: readonly number[];
}

/** The account of this process; `undefined` where the system has none. */
export function ownAccount(): Account | undefined {
  const uid = process.geteuid?.();
  if (uid === undefined) return undefined;
  return { uid, gids: [process.getegid?.() ?? -1, ...(process.getgroups?.() ?? [])] };
}

/** Why a connection would be refused, and what to do. */
export interface Denial {
  readonly problem: string;
  readonly hint: string;
}

/**
 * Predicts by the configuration whether an account may connect to a pool's unix socket: by
 * `listen.owner`, `listen.group` and `listen.mode`, or by `listen.acl_users` and
 * `listen.acl_groups`, which replace owner and group. Without an owner the socket is root's.
 *
 * @returns why it may not; `undefined` where it may
 */
export function predictDenial(pool: PoolConfiguration, account: Account): Denial | undefined {
  const { uid, gids } = account;
  if (uid === 0) return undefined;
  const { aclUsers, aclGroups, listenOwner, listenGroup, listenMode = "0660" } = pool;
  // C reads octal digits up to the first other character.
  const mode = Number.parseInt(/^[0-7]*/.exec(listenMode)?.[0] || "0", 8);
  if ((mode & 0o002) !== 0) return undefined;
  if (aclUsers !== undefined || aclGroups !== undefined) {
    const users = namesOf(aclUsers);
    const groups = namesOf(aclGroups);
    if (users.some((name) => uidOf(name) === uid)) return undefined;
    if (groups.some((name) => gids.includes(gidOf(name) ?? -1))) return undefined;
    const list = [...users, ...groups].join(", ");
    return denial(`listen.acl_users and listen.acl_groups admit ${list}`, groups[0], pool);
  }
  const owner = listenOwner ?? "root";
  const group = listenGroup ?? "root";
  // An owner has the owner's rights alone, whatever the group may do.
  if (uidOf(owner) === uid) {
    if ((mode & 0o200) !== 0) return undefined;
  } else if (gids.includes(gidOf(group) ?? -1) && (mode & 0o020) !== 0) return undefined;
  return denial(`the socket is ${owner}:${group} with mode ${listenMode}`, group, pool);
}

function denial(why: string, group: string | undefined, { source }: PoolConfiguration): Denial {
  const join = group === undefined || group === "root" ? "" : `join the group ${group}, or `;
  const file = source.replace(/:\d+$/, "");
  return {
    problem: `this user may not connect: ${why}`,
    hint: `${join}run as the socket's user, or set listen.acl_users or listen.mode in ${file} and restart php-fpm`,
  };
}

/**
 * Whether this process may connect to a socket, by the system's own answer, without connecting.
 *
 * @returns `missing` where there is no socket
 */
export function accessTo(path: string): "allowed" | "missing" | { readonly problem: string } {
  try {
    if (!statSync(path).isSocket()) return { problem: `${path} is not a socket` };
    accessSync(path, constants.W_OK);
    return "allowed";
  } catch (error) {
    const { isMissing, problem } = problemOf(path, error);
    return isMissing ? "missing" : { problem: `${path} ${problem}` };
  }
}

/** Whether `listen.allowed_clients` admits the address that a connection of this machine has. */
export function isAllowedClient(allowed: string | undefined, host: string): boolean {
  const clients = namesOf(allowed);
  if (clients.length === 0) return true;
  const normal = host.replace(/^\[|\]$/g, "").replace(/^::ffff:/, "");
  return clients.some((client) => client.replace(/^::ffff:/, "") === normal);
}

const namesOf = (list: string | undefined): string[] =>
  (list ?? "").split(/[\s,]+/).filter((name) => name !== "");

function uidOf(name: string): number | undefined {
  try {
    return findUser(name).uid;
  } catch {
    return undefined; // No such user: php-fpm would not start.
  }
}

function gidOf(name: string): number | undefined {
  try {
    return findGroup(name);
  } catch {
    return undefined;
  }
}
