import { randomBytes } from "node:crypto";
import { linkSync, lstatSync, renameSync, statSync, unlinkSync } from "node:fs";
import net from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ErrorCode, GatewayError } from "../errors.js";
import { type FilePermissions, give, withMode } from "./socket-permissions.js";

/** How often, and how many milliseconds apart, a path is looked at that names another file. */
const LOOKS = 5;
const PAUSE = 20;
/** How often a path is tried that other starts try, too. */
const ATTEMPTS = 10;

/** The file of a unix socket that this process has bound, known by its device and inode. */
export class SocketFile {
  readonly path: string;
  readonly #identity: string | undefined;
  #isClosed = false;

  /** @param path names, at this moment, the file of the socket that was just bound */
  constructor(path: string) {
    this.path = path;
    this.#identity = identityOf(path);
  }

  /** Whether the path still names the socket that was bound. */
  get isOurs(): boolean {
    return this.#identity !== undefined && identityOf(this.path) === this.#identity;
  }

  /** Whether the path names it after a while, in which another start may look at it: see below. */
  async isKept(): Promise<boolean> {
    for (let look = 1; look < LOOKS; look++) {
      if (this.isOurs) return true;
      await sleep(PAUSE);
    }
    return this.isOurs;
  }

  /**
   * Closes the listener, and removes its file. libuv unlinks the path that it has bound, whatever
   * that names by now: the socket of another server is moved aside meanwhile.
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
 * Binds a unix socket, and gives its file the permissions. A socket that an earlier process has
 * left is replaced; one that a process listens on is not.
 *
 * @param bind binds and listens before it awaits anything
 * @throws what `bind` throws; the system's error; GatewayError `bad_address` where the path's folder is missing,
 * `bad_input` when the file cannot be given away
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
        // Another start that found it bound, and not yet listening, has taken the path.
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

/** Why nothing can be bound at a path that is a folder or a file, or lies in no folder. */
function pathFault(error: unknown, path: string, text: string): GatewayError | undefined {
  const code = codeOf(error);
  const fault = (message: string) =>
    new GatewayError(ErrorCode.BadAddress, message, {
      address: text,
      cause: error,
      hint: "give the path that the socket is to have, in a folder that exists",
    });
  // libuv says EACCES of a folder that is missing.
  if (code === "EACCES" && isMissing(dirname(path))) {
    return fault(`the folder of ${text} does not exist`);
  }
  const stats = code === "EADDRINUSE" ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
  if (stats === undefined || stats.isSocket()) return undefined;
  return fault(`${text} is a ${stats.isDirectory() ? "folder" : "file"}, not a socket`);
}

/** A folder that this user may not look into is not known to be missing. */
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
 * Removes a unix socket that refuses connections. It is asked twice, because another start may have
 * bound it, and listen a moment later. What is removed is what was asked: it is moved aside first,
 * and goes back when another start's has taken its place.
 *
 * @returns whether to bind once more
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

/** Whether no process listens there. Every other failure leaves that open. */
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

/** Renames a file, in its folder. Undefined when there is none, or when that is not allowed. */
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

/** Gives a file its name back, unless another has it by now. */
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
 * Which file a path names. Undefined when it names none, or when that can not be seen. An inode's
 * number is used again; when a socket was made stays, whatever it is renamed to.
 */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino, mtimeNs } = lstatSync(path, { bigint: true });
    return `${dev}:${ino}:${mtimeNs}`;
  } catch {
    return undefined;
  }
}
