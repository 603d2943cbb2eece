import {
  type BigIntStats,
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { ErrorCode, GatewayError } from "../errors.js";

/**
 * The file with the process id of a pool's master. It is written under another name before the pool
 * starts, so that a start that cannot write it fails early. It is renamed when the pool is ready, so
 * that a failed start leaves the file of a running pool alone.
 */
export class PidFile {
  readonly #path: string;
  readonly #draft: string;
  /** Stays open, so that no other file gets the same inode. */
  readonly #descriptor: number;
  #isPlaced = false;

  /** @throws GatewayError `bad_input` when it cannot be written */
  constructor(path: string) {
    this.#path = path;
    this.#draft = `${path}.${process.pid}`;
    if (path === "") throw unwritable(path, new Error("it has no name"));
    refuseOther(path);
    try {
      // An earlier process with the same id may have left one.
      rmSync(this.#draft, { force: true });
      this.#descriptor = openSync(this.#draft, "wx", 0o644);
    } catch (cause) {
      throw unwritable(path, cause);
    }
    try {
      writeSync(this.#descriptor, `${process.pid}\n`);
    } catch (cause) {
      this.remove();
      throw unwritable(path, cause);
    }
  }

  /** Moves the file to its path. A link there is replaced and not followed. */
  place(): void {
    try {
      renameSync(this.#draft, this.#path);
    } catch (cause) {
      throw unwritable(this.#path, cause);
    }
    this.#isPlaced = true;
  }

  /** Removes the file, unless another process has replaced it. */
  remove(): void {
    const path = this.#isPlaced ? this.#path : this.#draft;
    const ours = fstatSync(this.#descriptor, { bigint: true });
    const there = kindOf(path);
    if (there?.ino === ours.ino && there.dev === ours.dev) rmSync(path, { force: true });
    closeSync(this.#descriptor);
  }
}

/** Refuses a path at which there is a device, a folder or a link. */
function refuseOther(path: string): void {
  const there = kindOf(path);
  if (there === undefined || there.isFile()) return;
  const other = there.isDirectory() ? "a folder" : "not a regular file";
  const kind = there.isSymbolicLink() ? "a symbolic link" : other;
  throw new GatewayError(ErrorCode.BadInput, `the pid file ${path} is ${kind}`, {
    hint: "remove it, or name another file",
  });
}

/** Returns what is at a path. Undefined if there is nothing, or it cannot be read. */
function kindOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

function unwritable(path: string, cause: unknown): GatewayError {
  const message = `cannot write the pid file ${path}: ${(cause as Error).message}`;
  return new GatewayError(ErrorCode.BadInput, message, {
    cause,
    hint: "the folder must exist, and this user must be allowed to write there",
  });
}
