import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { ReadProblem } from "./read-configuration.js";

/** A running php-fpm. */
export interface PhpFpmMaster {
  readonly pid: number;
  /** The main file of its configuration. */
  readonly file: string;
  /** Its program; `undefined` where this user may not see it. */
  readonly program: string | undefined;
  /** Its environment; `undefined` where it cannot be seen. php-fpm overwrites it, too. */
  readonly environment: ReadonlyMap<string, string> | undefined;
}

/** A worker of a pool. */
export interface PhpFpmWorker {
  readonly pid: number;
  readonly pool: string;
}

/** The masters that run on this machine, and what could not be found out about others. */
export interface PhpFpmMasters {
  readonly masters: readonly PhpFpmMaster[];
  readonly problems: readonly ReadProblem[];
  /** Workers whose parent can be seen, and is not php-fpm: their master has ended. */
  readonly orphans: readonly PhpFpmWorker[];
}

const WORKER = /^php-fpm: pool (.*?)[\0\s]*$/s;
const TITLE = /^php-fpm: master process \((.*)\)[\0\s]*$/s;

/** Finds the running masters by the titles of their processes. */
export function findMasters(root = "/proc"): PhpFpmMasters {
  const masters: PhpFpmMaster[] = [];
  const problems: ReadProblem[] = [];
  const orphans: PhpFpmWorker[] = [];
  for (const name of processesIn(root)) {
    const folder = join(root, name);
    const title = textOf(join(folder, "cmdline")) ?? "";
    const pool = WORKER.exec(title)?.[1];
    if (pool !== undefined && isOrphan(folder, root)) orphans.push({ pid: Number(name), pool });
    const written = TITLE.exec(title)?.[1];
    if (written === undefined) continue;
    const source = `php-fpm master ${name}`;
    if (isElsewhere(folder, name)) {
      const message = "runs in a container, whose files are not those of this system";
      problems.push({ source, message });
      continue;
    }
    const folderOfWork = linkOf(join(folder, "cwd"));
    const file = isAbsolute(written) ? written : folderOfWork && join(folderOfWork, written);
    if (!file) {
      const message = `was started with -y ${written}, relative to a folder that this user may not see`;
      problems.push({ source, message });
      continue;
    }
    const program = linkOf(join(folder, "exe"))?.replace(/ \(deleted\)$/, "");
    masters.push({
      pid: Number(name),
      file: realPath(file),
      program,
      environment: environmentOf(folder),
    });
  }
  return { masters, problems, orphans };
}

/** A master that starts again on a reload has the title of its command for a moment. */
function isOrphan(folder: string, root: string): boolean {
  const parent = /^PPid:\s*(\d+)$/m.exec(textOf(join(folder, "status")) ?? "")?.[1];
  const title = parent && textOf(join(root, parent, "cmdline"));
  return title !== undefined && title !== "" && !/php.*fpm/.test(title);
}

function processesIn(root: string): string[] {
  try {
    return readdirSync(root)
      .filter((name) => /^\d+$/.test(name))
      .sort((one, other) => Number(one) - Number(other));
  } catch {
    return []; // Not Linux.
  }
}

/** Whether the process is in another pid namespace, which is how containers show. */
function isElsewhere(folder: string, pid: string): boolean {
  const inner = /^NSpid:.*?(\d+)$/m.exec(textOf(join(folder, "status")) ?? "")?.[1];
  return inner !== undefined && inner !== pid;
}

/** The variables; `undefined` where the process has overwritten them with its title. */
function environmentOf(folder: string): ReadonlyMap<string, string> | undefined {
  const variables = (textOf(join(folder, "environ")) ?? "").split("\0").flatMap((variable) => {
    const equals = variable.indexOf("=");
    return equals < 1 ? [] : [[variable.slice(0, equals), variable.slice(equals + 1)] as const];
  });
  return variables.length === 0 ? undefined : new Map(variables);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // It has ended, or is another user's.
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** A path without symbolic links, so that one configuration counts once. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
