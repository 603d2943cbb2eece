import { ErrorCode, GatewayError } from "../errors.js";
import { findGroup, findUser } from "../transport/accounts.js";

/** The user and the group that workers run as. */
export interface Identity {
  uid: number;
  gid: number;
  /** Undefined for a user id without an account. */
  name: string | undefined;
  home: string | undefined;
}

/** `process.initgroups`, which Node's types lack. */
type InitGroups = (user: string, extraGroup: number) => void;

interface Wanted {
  user?: string | number | undefined;
  group?: string | number | undefined;
}

/**
 * Looks up the user and the group that workers run as. Undefined if this process has them already.
 *
 * @throws GatewayError `bad_input` for unknown names, and for a change that only root can make
 */
export function identityOf({ user, group }: Wanted): Identity | undefined {
  if (user === undefined && group === undefined) return undefined;
  if (process.geteuid === undefined) throw refused("this system has no users and groups");
  const [uid, gid] = [process.geteuid(), process.getegid?.() ?? 0];
  const account = findUser(user ?? uid);
  const wanted: Identity = {
    uid: account.uid,
    gid: group === undefined ? (account.gid ?? gid) : findGroup(group),
    name: account.name,
    home: account.home,
  };
  if (uid === 0) {
    // Otherwise workers would keep root's group.
    if (account.gid === undefined && group === undefined) {
      const message = `user ${account.uid} has no account, and so no group`;
      throw new GatewayError(ErrorCode.BadInput, message, { hint: "give workers a group, too" });
    }
    return wanted;
  }
  if (wanted.uid === uid && wanted.gid === gid) return undefined;
  throw refused("only root can run workers as another user or group");
}

/** Whether workers run as root because no option names a user. */
export function isRootByDefault({ user }: Wanted): boolean {
  return process.geteuid?.() === 0 && user === undefined;
}

/** The environment variables of a user. */
export function environmentOf(identity: Identity | undefined): Record<string, string> {
  const { name, home } = identity ?? {};
  return {
    ...(name === undefined ? {} : { USER: name, LOGNAME: name }),
    ...(home === undefined ? {} : { HOME: home }),
  };
}

/** Makes this process run as a user with the user's groups. This cannot be undone. */
export function become({ uid, gid, name }: Identity): void {
  if (name === undefined) process.setgroups?.([gid]);
  else (process as { initgroups?: InitGroups }).initgroups?.(name, gid);
  process.setgid?.(gid);
  process.setuid?.(uid);
  if (process.geteuid?.() !== uid || process.getegid?.() !== gid) {
    throw refused(`the worker could not become user ${uid} with group ${gid}`);
  }
}

function refused(message: string): GatewayError {
  return new GatewayError(ErrorCode.BadInput, message, { hint: "leave user and group out" });
}
