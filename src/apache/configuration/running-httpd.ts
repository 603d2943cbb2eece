import { existsSync, realpathSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { findServers } from "../processes/apache-servers.js";
import type { ProcessTable } from "../processes/process-table.js";
import { configurationsOf, findConfiguration } from "./places.js";

/** What httpd's own options say. */
export interface StartOptions {
  /** The names of `-D`. */
  readonly defines: readonly string[];
  /** The configuration, `-f`; it may be relative to the ServerRoot. */
  readonly file: string | undefined;
  /** The ServerRoot that the configuration is read with, `-d`. */
  readonly serverRoot: string | undefined;
}

/** How a running httpd was started, for reading its configuration. */
export interface RunningHttpd extends StartOptions {
  /** The file of its program. */
  readonly program: string | undefined;
  readonly warnings: readonly string[];
}

/** Letters of httpd's options that have a value. */
const withValue = "CDEcdefk";

/** Reads httpd's options, as in `-D NAME`, `-DNAME` and `-XDNAME`. */
export function startOptions(args: readonly string[]): StartOptions {
  const defines: string[] = [];
  let file: string | undefined;
  let serverRoot: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!;
    if (!/^-[^-]/.test(word)) break;
    const letter = [...word].findIndex((each, index) => index > 0 && withValue.includes(each));
    if (letter < 0) continue;
    const attached = word.slice(letter + 1);
    const value = attached === "" ? args[++at] : attached;
    if (value === undefined) break;
    if (word[letter] === "D") defines.push(value);
    if (word[letter] === "f") file = value;
    if (word[letter] === "d") serverRoot = value;
  }
  return { defines, file, serverRoot };
}

interface Master extends StartOptions {
  readonly program: string | undefined;
  /** The configuration with which it was started; `undefined` where that is not known. */
  readonly configuration: string | undefined;
}

/**
 * Finds the options of the httpd that runs with a configuration. Default: the configuration of the
 * only httpd that runs here, or the first place that has one.
 */
export function findRunningHttpd(config: string | undefined, table: ProcessTable): RunningHttpd {
  const masters = mastersHere(table);
  const all = new Map(
    masters.flatMap(({ configuration: each }) =>
      each === undefined ? [] : [[realPath(each), each] as const],
    ),
  );
  const [only] = all.size === 1 ? all.values() : [];
  const file = config ?? only;
  const wanted = realPath(file ?? findConfiguration().file);
  const own = masters.filter(
    ({ configuration }) => configuration !== undefined && realPath(configuration) === wanted,
  );
  const [first] = own;
  const isSame = own.every(
    ({ defines, serverRoot }) =>
      String(defines) === String(first?.defines) && serverRoot === first?.serverRoot,
  );
  const { defines, serverRoot, program } = isSame && first !== undefined ? first : unknown;
  const warnings = isSame
    ? []
    : [`${own.length} httpds run with ${wanted}, started in different ways: their -D do not count`];
  return { file, defines, serverRoot, program, warnings };
}

/** The configurations of the httpds that run here, each once. */
export function runningConfigurations(table: ProcessTable): string[] {
  const files = mastersHere(table).flatMap(({ configuration }) => configuration ?? []);
  return [...new Set(files.map(realPath))];
}

const unknown = { defines: [], serverRoot: undefined, program: undefined };

/**
 * The masters of root and of this user. Those of others could name any file, and those of
 * containers name files of theirs.
 */
function mastersHere(table: ProcessTable): Master[] {
  const users = new Set([0, process.getuid?.()]);
  return findServers(table).flatMap(({ master }) => {
    const details = table.details(master.pid);
    if (details === undefined || !users.has(details.userId)) return [];
    if (details.innerPid !== master.pid) return [];
    const options = startOptions((table.commandLine?.(master.pid) ?? []).slice(1));
    const program = master.executable ?? absolute(master.title);
    return [{ ...options, program, configuration: configurationOf(options, program) }];
  });
}

const absolute = (path: string | undefined) =>
  path !== undefined && isAbsolute(path) ? path : undefined;

function configurationOf(
  { file, serverRoot }: StartOptions,
  program: string | undefined,
): string | undefined {
  if (file !== undefined && isAbsolute(file)) return file;
  if (serverRoot !== undefined) {
    const names = file === undefined ? ["apache2.conf", "conf/httpd.conf", "httpd.conf"] : [file];
    return names.map((name) => join(serverRoot, name)).find((path) => existsSync(path));
  }
  // Where a relative file begins, only the program knows.
  if (file !== undefined || program === undefined) return undefined;
  return configurationsOf(program).find((path) => existsSync(path));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
