import { readdirSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";

/** A configuration file is read up to this size, in bytes. */
const LARGEST = 4_194_304;

/** The lines of a configuration file, or why it cannot be read. */
export type FileLines = { readonly lines: readonly string[] } | { readonly problem: string };

/** Reads a regular file. Nothing else is opened: a pipe or a device may never end. */
export function readLines(path: string): FileLines {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return { problem: "is not a regular file" };
    if (stats.size > LARGEST) return { problem: `is larger than ${LARGEST} bytes` };
    return { lines: readFileSync(path, "utf8").split(/\r?\n/) };
  } catch (error) {
    return { problem: (error as NodeJS.ErrnoException).code ?? String(error) };
  }
}

/**
 * The files that an Include names: a file, all files below a folder, or the matches of a pattern
 * with `*`, `?` and `[…]` in any of its parts, in the order in which httpd reads them.
 */
export function filesOf(pattern: string): string[] {
  let paths = [isAbsolute(pattern) ? "/" : "."];
  for (const part of pattern.split("/").filter((name) => name !== "")) {
    paths = /[*?[]/.test(part)
      ? paths.flatMap((folder) => matchesIn(folder, part))
      : paths.map((folder) => join(folder, part));
  }
  return paths.flatMap((path) => filesBelow(path, 0));
}

function matchesIn(folder: string, pattern: string): string[] {
  const matcher = matcherOf(pattern);
  return namesIn(folder)
    .filter((name) => matcher.test(name) && (!name.startsWith(".") || pattern.startsWith(".")))
    .map((name) => join(folder, name));
}

function matcherOf(pattern: string): RegExp {
  const source = pattern.replace(/\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    if (part.length > 1) return part.replace(/^\[!/, "[^").replace(/\\/g, "\\\\");
    return part.replace(/[\\^$.|+()[\]{}]/, "\\$&");
  });
  try {
    return new RegExp(`^${source}$`, "s");
  } catch {
    return /(?!)/; // A range that runs backwards matches nothing.
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function filesBelow(path: string, depth: number): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
  } catch {
    return [];
  }
  return depth > 16 ? [] : namesIn(path).flatMap((name) => filesBelow(join(path, name), depth + 1));
}
