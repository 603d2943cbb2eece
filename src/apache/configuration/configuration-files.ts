import { accessSync, constants, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { globMatcher } from "./glob-matcher.js";

/** A configuration file is read up to this size, in bytes. */
const LARGEST = 4_194_304;

/** Why a file was not read. */
export interface FileProblem {
  readonly isMissing: boolean;
  /** In words that follow the name of the file: `is not a regular file`. */
  readonly problem: string;
}

/** The text of a configuration file, or why it cannot be read. */
export function readConfigurationText(path: string): { readonly text: string } | FileProblem {
  try {
    const stats = statSync(path);
    // Nothing else is opened: a pipe or a device may never end.
    if (stats.isDirectory()) return refused("is a folder");
    if (!stats.isFile()) return refused("is not a regular file");
    if (stats.size > LARGEST) return refused(`is larger than ${LARGEST} bytes`);
    return { text: readFileSync(path, "utf8") };
  } catch (error) {
    return problemOf(path, error);
  }
}

/** The lines of a configuration file, or why it cannot be read. */
export function readLines(path: string): { readonly lines: readonly string[] } | FileProblem {
  const read = readConfigurationText(path);
  return "text" in read ? { lines: read.text.split(/\r?\n/) } : read;
}

const refused = (problem: string): FileProblem => ({ isMissing: false, problem });

/** Says what an error of the file system means for a path. */
export function problemOf(path: string, error: unknown): FileProblem {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  if (code === "ENOENT" || code === "ENOTDIR") return { isMissing: true, problem: "is missing" };
  if (code !== "EACCES" && code !== "EPERM") return refused(`cannot be read (${code})`);
  const folder = closedFolder(path);
  return refused(
    folder === undefined
      ? `may not be read by this user (${code})`
      : `is in the folder ${folder}, which this user may not enter (${code})`,
  );
}

/** The first folder on the way to a path that may not be entered. */
function closedFolder(path: string): string | undefined {
  const folder = dirname(resolve(path));
  const above = folder === "/" ? undefined : closedFolder(folder);
  if (above !== undefined) return above;
  try {
    accessSync(folder, constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES" ? folder : undefined;
  }
}

/** Called with each path that may exist but cannot be read, and with the reason. */
type OnProblem = (path: string, problem: string) => void;

/**
 * The files that an Include names: a file, all files below a folder, or the matches of a pattern
 * with `*`, `?` and `[…]` in any of its parts, in the order in which httpd reads them.
 */
export function filesOf(pattern: string, onProblem: OnProblem = () => {}): string[] {
  let paths = [isAbsolute(pattern) ? "/" : "."];
  for (const part of pattern.split("/").filter((name) => name !== "")) {
    paths = /[*?[]/.test(part)
      ? paths.flatMap((folder) => matchesIn(folder, part, onProblem))
      : paths.map((folder) => join(folder, part));
  }
  return paths.flatMap((path) => filesBelow(path, 0, onProblem));
}

function matchesIn(folder: string, pattern: string, onProblem: OnProblem): string[] {
  const matcher = globMatcher(pattern);
  return namesIn(folder, onProblem)
    .filter((name) => matcher.test(name) && (!name.startsWith(".") || pattern.startsWith(".")))
    .map((name) => join(folder, name));
}

function namesIn(folder: string, onProblem: OnProblem): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    report(folder, error, onProblem);
    return [];
  }
}

/** Reports why a path cannot be read, unless it is missing: an Include may name missing files. */
function report(path: string, error: unknown, onProblem: OnProblem): void {
  const { isMissing, problem } = problemOf(path, error);
  if (!isMissing) onProblem(path, problem);
}

function filesBelow(path: string, depth: number, onProblem: OnProblem): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
  } catch (error) {
    report(path, error, onProblem);
    return [];
  }
  if (depth > 16) return [];
  return namesIn(path, onProblem).flatMap((name) =>
    filesBelow(join(path, name), depth + 1, onProblem),
  );
}
