import { statSync } from "node:fs";
import type { Address, ListenAddress } from "../address.js";
import { findUser } from "../transport/accounts.js";
import type { SocketPermissionOptions } from "../transport/socket-permissions.js";

/**
 * The permissions of a tap's socket: those that are given, or else those of the backend's socket, so
 * that whoever reaches the backend reaches the tap. `undefined` where this user may not give them,
 * or there is no such socket.
 */
export function socketAccess(
  given: SocketPermissionOptions,
  to: Address,
): SocketPermissionOptions | undefined {
  const { socketMode, socketOwner, socketGroup } = given;
  if ((socketMode ?? socketOwner ?? socketGroup) !== undefined) {
    return { socketMode, socketOwner, socketGroup };
  }
  const socket = fileOf(to);
  if (socket?.isSocket() !== true) return undefined;
  const { mode, uid, gid } = socket;
  const user = process.geteuid?.();
  const isOwn =
    uid === user && [process.getegid?.(), ...(process.getgroups?.() ?? [])].includes(gid);
  if (user !== 0 && !isOwn) return undefined;
  return { socketMode: mode & 0o777, socketOwner: uid, socketGroup: gid };
}

/** Who may connect to a unix socket, as a line; `undefined` where every user may, and of TCP. */
export function whoMayConnect(listen: ListenAddress): string | undefined {
  const socket = fileOf(listen);
  if (socket === undefined || (socket.mode & 0o002) !== 0) return undefined;
  const { mode, uid, gid } = socket;
  const user = `user ${findUser(uid).name ?? uid}`;
  const who = (mode & 0o020) === 0 ? `${user} alone` : `${user} and group ${gid}`;
  const digits = (mode & 0o777).toString(8).padStart(4, "0");
  return `${who} may connect to ${listen.text}, whose mode is ${digits}: --socket-mode changes it`;
}

/** The file of a unix socket; `undefined` where there is none that this user may see. */
function fileOf({ endpoint }: Pick<Address | ListenAddress, "endpoint">) {
  if (!("socketPath" in endpoint) || endpoint.socketPath.startsWith("\0")) return undefined;
  try {
    return statSync(endpoint.socketPath);
  } catch {
    return undefined;
  }
}
