import { chmodSync, lchownSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { ErrorCode, GatewayError } from "../errors.js";
import { findGroup, findUser } from "./accounts.js";

/** The owner, group and mode of a unix socket. Every user who may write to it may connect. */
export interface SocketPermissionOptions {
  /**
   * The socket's mode as a number or in octal digits: `0o660`, `"0660"`. `everyone` is `0o666`;
   * `umask` is `0o777` without the bits of this process's umask. Default: `0o660` with an owner or a
   * group, as in PHP-FPM; else `umask`.
   */
  socketMode?: "everyone" | "umask" | number | string | undefined;
  /** The socket's owner, by name or number. Default: the user of this process. */
  socketOwner?: string | number | undefined;
  /** The socket's group, by name or number. Default: the group of this process. */
  socketGroup?: string | number | undefined;
}

/** {@link SocketPermissionOptions} as numbers. Undefined ones stay as the system sets them. */
export interface FilePermissions {
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/**
 * Looks up users and groups, and reads the mode.
 *
 * @param modeName how messages spell the option `socketMode`
 * @throws GatewayError `bad_input` for an invalid mode, and for unknown users and groups
 */
export function filePermissions(
  options: SocketPermissionOptions,
  modeName = "socketMode",
): FilePermissions {
  const { socketOwner, socketGroup } = options;
  const isGiven = socketOwner !== undefined || socketGroup !== undefined;
  return {
    mode: modeOf(options.socketMode ?? (isGiven ? 0o660 : "umask"), modeName),
    uid: socketOwner === undefined ? undefined : findUser(socketOwner).uid,
    gid: socketGroup === undefined ? undefined : findGroup(socketGroup),
  };
}

function modeOf(mode: string | number, name: string): number | undefined {
  if (mode === "umask") return undefined;
  if (mode === "everyone") return 0o666;
  const isOctal = typeof mode === "string" && /^(0o?)?[0-7]{1,4}$/.test(mode);
  const number = isOctal ? Number.parseInt(mode.replace("o", ""), 8) : mode;
  if (typeof number === "number" && Number.isInteger(number) && number >= 0 && number <= 0o777) {
    return number;
  }
  throw new GatewayError(ErrorCode.BadInput, `${name}: "${mode}" is not a file mode`, {
    hint: 'write it in octal digits, such as "0660"',
  });
}

/** Runs `bind` so that the socket never has more permissions than it has in the end. */
export function withMode<Result>({ mode }: FilePermissions, bind: () => Result): Result {
  // Threads have no umask of their own, and may not change it.
  if (mode === undefined || !isMainThread) return bind();
  const before = process.umask(0o777 & ~mode);
  try {
    return bind();
  } finally {
    process.umask(before);
  }
}

/**
 * Sets the owner, group and mode of a socket.
 *
 * @throws GatewayError `bad_input` when this process may not do that
 */
export function give(path: string, { mode, uid, gid }: FilePermissions): void {
  try {
    if (mode !== undefined) chmodSync(path, mode);
    if (uid !== undefined || gid !== undefined) lchownSync(path, uid ?? -1, gid ?? -1);
  } catch (cause) {
    const message = `cannot give the socket its owner, group and mode: ${(cause as Error).message}`;
    throw new GatewayError(ErrorCode.BadInput, message, {
      cause,
      hint: "only root gives sockets to other users; a group has to be one of this user's",
    });
  }
}
