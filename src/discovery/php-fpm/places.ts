import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { problemOf } from "../../apache/configuration/configuration-files.js";
import { globMatcher } from "../../apache/configuration/glob-matcher.js";
import type { ReadProblem } from "./read-configuration.js";

/** The main files where packages keep them. `*` stands for the versions. */
const places = [
  "/etc/php/*/fpm/php-fpm.conf", // Debian, Ubuntu, Sury
  "/etc/php-fpm.conf", // RHEL, Fedora
  "/etc/opt/remi/php*/php-fpm.conf", // Remi's collections
  "/opt/cpanel/ea-php*/root/etc/php-fpm.conf", // cPanel
  "/opt/plesk/php/*/etc/php-fpm.conf", // Plesk
  "/opt/*/etc/php-fpm.conf",
  "/usr/local/etc/php-fpm.conf", // the docker image, FreeBSD
  "/etc/php*/php-fpm.conf", // Alpine
  "/etc/php/php-fpm.conf", // Arch
  "/etc/php/fpm-*/php-fpm.conf", // Gentoo
  "/etc/php*/fpm/php-fpm.conf", // openSUSE
  "/opt/homebrew/etc/php/*/php-fpm.conf",
  "/usr/local/etc/php/*/php-fpm.conf",
] as const;

/** The folders in which new configurations appear. */
export const placeFolders: readonly string[] = ["/etc", "/etc/php", "/usr/local/etc"];

/** The main files of the php-fpms that are installed here, and what could not be looked at. */
export function installedConfigurations(): { files: string[]; problems: ReadProblem[] } {
  const problems: ReadProblem[] = [];
  const files = new Set(places.flatMap((place) => expand(place, problems)));
  return { files: [...files], problems };
}

/**
 * The paths that a pattern with `*`, `?` and `[…]` matches, in order.
 *
 * @param problems gets the folders that this user may not list
 */
export function expand(pattern: string, problems: ReadProblem[]): string[] {
  let paths = ["/"];
  for (const part of pattern.split("/").filter((name) => name !== "")) {
    paths = /[*?[]/.test(part)
      ? paths.flatMap((folder) => matchesIn(folder, part, problems))
      : paths.map((folder) => join(folder, part));
  }
  return paths.filter((path) => existsSync(path));
}

function matchesIn(folder: string, part: string, problems: ReadProblem[]): string[] {
  const matcher = globMatcher(part);
  try {
    return readdirSync(folder)
      .filter((name) => matcher.test(name) && (!name.startsWith(".") || part.startsWith(".")))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    const { isMissing, problem } = problemOf(folder, error);
    if (!isMissing) problems.push({ source: folder, message: `the folder ${problem}` });
    return [];
  }
}

/** The version in a path or the name of a program: `8.2` in `/etc/php/8.2/fpm/php-fpm.conf`. */
export function versionIn(path: string): string | undefined {
  const match = /(?:php(?:-fpm)?|\/)[-/]?(\d)(?:\.(\d{1,2})|(\d{1,2}))(?=\/|$|-)/.exec(path);
  return match === null ? undefined : `${match[1]}.${match[2] ?? match[3]}`;
}

/**
 * The prefix before relative paths: the one that is built in, by the program's folder or by the
 * place of the configuration. php-fpm hides the argument of `-p`, which shows only where it names
 * the folder of the configuration.
 */
export function prefixOf(file: string, program: string | undefined): string {
  const above = /^(.+)\/etc\/php-fpm\.conf$/.exec(file)?.[1];
  if (program !== undefined) {
    const builtIn = dirname(dirname(program));
    return above === undefined || builtIn.startsWith(above) ? builtIn : above;
  }
  const remi = /^\/etc\/opt\/remi\/(php\d+)\//.exec(file)?.[1];
  if (remi !== undefined) return `/opt/remi/${remi}/root/usr`;
  if (above?.startsWith("/opt/cpanel/")) return `${above}/usr`;
  return above ?? "/usr";
}
