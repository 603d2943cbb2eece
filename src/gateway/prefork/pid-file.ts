import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { ErrorCode, GatewayError } from "../../errors.js";

/**
 * The file that names a pool's master. It is written beside its place before anything starts, so
 * that a start finds out that it cannot, and takes its place when the pool is ready: a start that
 * fails leaves that of a running pool alone.
 */
export class PidFile {
  readonly #path: string;
  readonly #draft: string;
  readonly #identity: string;
  #isPlaced = false;

  /** @throws GatewayError `bad_input` when it cannot be written */
  constructor(path: string) {
    this.#path = path;
    this.#draft = `${path}.${process.pid}`;
    refuseOther(path);
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    try {
      // What an earlier process of the same number has left.
      rmSync(this.#draft, { force: true });
      const descriptor = openSync(this.#draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
      try {
        writeSync(descriptor, `${process.pid}\n`);
        this.#identity = identityOf(fstatSync(descriptor, { bigint: true }));
      } finally {
        closeSync(descriptor);
      }
    } catch (cause) {
      rmSync(this.#draft, { force: true });
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
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat !== undefined && identityOf(stat) === this.#identity) rmSync(path, { force: true });
  }
}

/** A device, a folder or a link is no file that was meant. */
function refuseOther(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isFile()) return;
  const kind = stat.isSymbolicLink()
    ? "a symbolic link"
    : stat.isDirectory()
      ? "a folder"
      : "no file";
  throw new GatewayError(ErrorCode.BadInput, `the pid file ${path} is ${kind}`, {
    hint: "remove it, or name another file",
  });
}

function unwritable(path: string, cause: unknown): GatewayError {
  const message = `cannot write the pid file ${path}: ${(cause as Error).message}`;
  return new GatewayError(ErrorCode.BadInput, message, {
    cause,
    hint: "its folder has to exist, and this user has to be allowed to write there",
  });
}

function identityOf({ dev, ino }: { dev: bigint; ino: bigint }): string {
  return `${dev}:${ino}`;
}
