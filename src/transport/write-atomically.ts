import { randomBytes } from "node:crypto";
import { open, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

export interface WriteAtomicallyOptions {
  /** The permissions of the file, whatever the umask. Default: 0644 as the umask allows. */
  readonly mode?: number | undefined;
  /** Whether to wait until the disk has the text. Default: true. */
  readonly isDurable?: boolean | undefined;
}

/**
 * Replaces a file as a whole, so that a reader sees the old text or the new one: writes a file beside
 * it, such as `PATH.4711-9f86d081884c.tmp`, then renames that. Of writers at the same time, the last
 * one counts. A character device, such as /dev/null, is written to directly. A failure leaves no
 * other file.
 *
 * @throws a system error, or an Error if the path is a folder, a pipe or the like
 */
export async function writeAtomically(
  path: string,
  text: string | Iterable<string>,
  { mode, isDurable = true }: WriteAtomicallyOptions = {},
): Promise<void> {
  const old = await stat(path).catch(() => undefined);
  if (old?.isCharacterDevice()) return writeFile(path, text);
  if (old?.isDirectory()) throw new Error(`${path} is a folder`);
  if (old !== undefined && !old.isFile()) throw new Error(`${path} is not a regular file`);
  const temporary = `${path}.${process.pid}-${randomBytes(6).toString("hex")}.tmp`;
  const file = await open(temporary, "wx", 0o644).catch((cause: NodeJS.ErrnoException) => {
    const message =
      cause.code === "ENOENT"
        ? `the folder ${dirname(path)} does not exist`
        : cause.message.replace(temporary, path);
    throw Object.assign(new Error(message, { cause }), { code: cause.code });
  });
  try {
    try {
      if (mode !== undefined) await file.chmod(mode);
      await writeFile(file, text);
      if (isDurable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
