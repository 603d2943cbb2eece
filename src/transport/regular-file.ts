import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** Opening a pipe would wait for its writer otherwise, in a thread that nothing can cancel. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Opens a file for reading. Pipes, devices and folders are refused: they may wait or never end.
 *
 * @throws Error of the system, or that it is not a regular file
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  const file = await open(path, FLAGS);
  try {
    check(await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * The bytes of a regular file, and no more than `most` + 1 of them: one that is longer is not read
 * to its end.
 *
 * @throws Error as {@link openRegularFile}
 */
export async function readRegularFile(path: string, most: number): Promise<Buffer> {
  const file = await openRegularFile(path);
  const chunks: Buffer[] = [];
  for await (const chunk of file.createReadStream({ start: 0, end: most })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * The text of a regular file, without a turn of the event loop.
 *
 * @param most the longest file, in bytes
 * @throws Error as {@link openRegularFile}, or that it is too long
 */
export function readRegularFileSync(path: string, most: number): string {
  const file = openSync(path, FLAGS);
  try {
    const stats = fstatSync(file);
    check(stats);
    if (stats.size > most) throw new Error(`it has more than ${most} bytes`);
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

function check(stats: Stats): void {
  if (!stats.isFile()) throw new Error("it is not a regular file");
}
