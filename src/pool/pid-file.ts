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
 * The file that names a pool's master. It is written beside its place before anything starts, so
 * that a start finds out that it cannot, and takes its place when the pool is ready: a start that
 * fails leaves that of a running pool alone.
 */
export class PidFile {
  readonly #path: string;
  readonly #draft: string;
  /** Stays open, so that no other file gets this one's inode. */
  readonly #descriptor: number;
  #isPlaced = false;

  /** @throws GatewayError `bad_input` when it cannot be written */
  constructor(path: string) {
    this.#path = path;
    this.#draft = `${path}.${process.pid}`;
    if (path === "") throw unwritable(path, new Error("it has no name"));
    refuseOther(path);
    try {
      // What an earlier process of the same number has left.
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

  /** The pool is ready. A link at the path is replaced, and not followed. */
  place(): void {
    try {
      renameSync(this.#draft, this.#path);
    } catch (cause) {
      throw unwritable(this.#path, cause);
    }
    this.#isPlaced = true;
  }

  /** The pool has ended. Another's file, which has taken the place of this one, stays. */
  remove(): void {
    const path = this.#isPlaced ? this.#path : this.#draft;
    const ours = fstatSync(this.#descriptor, { bigint: true });
    const there = kindOf(path);
    if (there?.ino === ours.ino && there.dev === ours.dev) rmSync(path, { force: true });
    closeSync(this.#descriptor);
  }
}

/** A device, a folder or a link is no file that was meant. */
function refuseOther(path: string): void {
  const there = kindOf(path);
  if (there === undefined || there.isFile()) return;
  const other = there.isDirectory() ? "a folder" : "no file";
  const kind = there.isSymbolicLink() ? "a symbolic link" : other;
  throw new GatewayError(ErrorCode.BadInput, `the pid file ${path} is ${kind}`, {
    hint: "remove it, or name another file",
  });
}

/** What is at a path. Undefined when nothing is, or when that can not be seen. */
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
    hint: "its folder has to exist, and this user has to be allowed to write there",
  });
}
