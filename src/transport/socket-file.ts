import { randomBytes } from "node:crypto";
import { linkSync, lstatSync, renameSync, statSync, unlinkSync } from "node:fs";
import net from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ErrorCode, GatewayError } from "../errors.js";
import { type FilePermissions, give, withMode } from "./socket-permissions.js";

/** How often to check a path that names another file, and the milliseconds between the checks. */
const LOOKS = 5;
const PAUSE = 20;
/** How often to bind at a path while other processes try the same. */
const ATTEMPTS = 10;

/** The file of a unix socket that this process has bound, identified by device and inode. */
export class SocketFile {
  readonly path: string;
  readonly #identity: string | undefined;
  #isClosed = false;

  /** @param path the path of a socket that has just been bound */
  constructor(path: string) {
    this.path = path;
    this.#identity = identityOf(path);
  }

  /** Whether the path still names the socket that was bound. */
  get isOurs(): boolean {
    return this.#identity !== undefined && identityOf(this.path) === this.#identity;
  }

  /**
   * Whether the path still names the socket, now or a little later: another process may have moved
   * it aside for a moment.
   */
  async isKept(): Promise<boolean> {
    for (let look = 1; look < LOOKS; look++) {
      if (this.isOurs) return true;
      await sleep(PAUSE);
    }
    return this.isOurs;
  }

  /**
   * Closes the listener and removes its file. libuv unlinks the path that it has bound, even if
   * another file has that name by now: the socket of another server is moved aside meanwhile.
   */
  close(closeListener: () => void): void {
    const aside = this.isOurs || this.#isClosed ? undefined : moveAside(this.path);
    this.#isClosed = true;
    try {
      closeListener();
    } finally {
      if (aside !== undefined) putBack(aside, this.path);
    }
  }
}

/**
 * Binds a unix socket and sets the permissions of its file. A socket that an earlier process has left
 * is replaced; one that a process listens on is not.
 *
 * @param bind binds and listens before it awaits anything
 * @throws what `bind` throws; the system's error; GatewayError `bad_address` where the path's
 * folder is missing or the path names a file or a folder, `bad_input` when the file cannot be given
 * away
 */
export async function bindSocketFile<Listener>(
  { path, text }: { path: string; text: string },
  permissions: FilePermissions,
  bind: () => Promise<Listener>,
  close: (listener: Listener) => void,
): Promise<{ listener: Listener; file: SocketFile }> {
  for (let attempt = 1; ; attempt++) {
    try {
      const binding = withMode(permissions, bind);
      const file = new SocketFile(path);
      const listener = await binding;
      try {
        give(path, permissions);
        // Another process found the socket bound but not yet listening, and has replaced it.
        if (!(await file.isKept())) throw inUse(path);
      } catch (error) {
        file.close(() => close(listener));
        throw error;
      }
      return { listener, file };
    } catch (error) {
      if (attempt > ATTEMPTS || codeOf(error) !== "EADDRINUSE" || !(await removeStale(path))) {
        throw pathFault(error, path, text) ?? error;
      }
    }
  }
}

/** Explains why nothing can be bound at a path: it is a folder or a file, or its folder is missing. */
function pathFault(error: unknown, path: string, text: string): GatewayError | undefined {
  const code = codeOf(error);
  const fault = (message: string) =>
    new GatewayError(ErrorCode.BadAddress, message, {
      address: text,
      cause: error,
      hint: "give the path that the socket is to have, in a folder that exists",
    });
  // libuv reports a missing folder as EACCES.
  if (code === "EACCES" && isMissing(dirname(path))) {
    return fault(`the folder of ${text} does not exist`);
  }
  const stats = code === "EADDRINUSE" ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
  if (stats === undefined || stats.isSocket()) return undefined;
  return fault(`${text} is a ${stats.isDirectory() ? "folder" : "file"}, not a socket`);
}

/** False also for a folder that this user may not see. */
function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

function inUse(path: string): Error {
  return Object.assign(new Error(`bind EADDRINUSE ${path}`), { code: "EADDRINUSE" });
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/**
 * Removes a unix socket that refuses connections. It connects twice, because another process may have
 * bound the socket and be about to listen. The file is moved aside before it is removed, and back
 * again if it turns out to be another process's.
 *
 * @returns whether to bind again
 * @throws the system's error when it may not be removed
 */
async function removeStale(path: string): Promise<boolean> {
  const asked = identityOf(path);
  if (asked === undefined) return true;
  if (!isSocket(path) || !(await isRefused(path))) return false;
  await sleep(PAUSE);
  if (!(await isRefused(path)) || identityOf(path) !== asked) return true;
  const aside = nameBeside(path);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (identityOf(path) !== asked) return true;
    throw error;
  }
  if (identityOf(aside) === asked) unlinkSync(aside);
  else putBack(aside, path);
  return true;
}

function isSocket(path: string): boolean {
  try {
    return lstatSync(path).isSocket();
  } catch {
    return false;
  }
}

/** Whether the system says that no process listens. Any other failure does not prove it. */
function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
}

/** Renames a file within its folder. Returns undefined when there is none or it is not allowed. */
function moveAside(path: string): string | undefined {
  const aside = nameBeside(path);
  try {
    renameSync(path, aside);
    return aside;
  } catch {
    return undefined;
  }
}

function nameBeside(path: string): string {
  return join(dirname(path), `.${randomBytes(6).toString("hex")}`);
}

/** Gives a file its name back, unless another file has taken it. */
function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
    unlinkSync(aside);
  } catch {
    // Not every file system has links.
    if (identityOf(path) === undefined) renameSync(aside, path);
    else unlinkSync(aside);
  }
}

/**
 * Identifies the file that a path names; undefined when there is none, or it cannot be seen. The
 * number of an inode is reused, so the time at which the socket was made is a part of it.
 */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino, mtimeNs } = lstatSync(path, { bigint: true });
    return `${dev}:${ino}:${mtimeNs}`;
  } catch {
    return undefined;
  }
}
