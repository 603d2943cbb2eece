import { readdir } from "node:fs/promises";
import { join } from "node:path";
import picomatch from "picomatch";
import { ErrorCode, GatewayError } from "../../../errors.js";

/** The most files that a glob may match. */
const MAX_FILES = 10_000;

/** The files that a glob matches, and the folders whose changes may change them. */
export interface GlobbedFiles {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/**
 * Finds the files of a glob, in the order of their names. `*` stands for any part of one name, which
 * does not begin with a dot. A path without wildcards is that file, whether it exists or not. Braces
 * are those of Prometheus' users; `globMatcher` for php-fpm's and httpd's own patterns has none.
 *
 * @param glob a whole path
 * @throws GatewayError `limit_exceeded` for more than 10,000 files, or the error of a folder that
 * cannot be read
 */
export async function globFiles(glob: string): Promise<GlobbedFiles> {
  const [root = "", ...parts] = glob.split("/");
  let paths = [root === "" ? "/" : root];
  const folders = new Set<string>();
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1;
    if (isLast) for (const path of paths) folders.add(path);
    const { isGlob } = picomatch.scan(part);
    if (!isGlob) {
      paths = paths.map((path) => join(path, part));
      continue;
    }
    if (!isLast) for (const path of paths) folders.add(path);
    const matches = picomatch(part);
    const found: string[] = [];
    for (const path of paths) {
      for (const name of await namesIn(path)) if (matches(name)) found.push(join(path, name));
      if (found.length > MAX_FILES) {
        const message = `${glob} matches more than ${MAX_FILES} files`;
        throw new GatewayError(ErrorCode.LimitExceeded, message);
      }
    }
    paths = found.sort();
  }
  return { files: paths, folders: [...folders] };
}

/** The names in a folder; none where it does not exist. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}
