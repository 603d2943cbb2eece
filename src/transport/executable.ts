import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

/**
 * How the package starts its own modules. As a package they are files. In the single executable
 * (scripts/build-executable.mjs) there are no files: modules that run in a thread are assets, and
 * `process.execPath` is the executable itself.
 */
const sea = process.getBuiltinModule?.("node:sea");
export const isExecutable = sea?.isSea() === true;

/** The argument with which the executable runs a module of its own in place of a command. */
export const MODULE_ARGUMENT = "--run-module=";

/** The name of a module, by which the executable has it. */
const nameOf = (url: URL) => basename(url.pathname, ".js");

/** The text of a module or library in the executable; undefined in the package. */
export function embeddedText(name: string): string | undefined {
  return isExecutable ? sea?.getAsset(`${name}.cjs`, "utf8") : undefined;
}

/** Starts a thread that runs a module of this package. */
export function startThread(module: URL, options: WorkerOptions = {}): Worker {
  const text = embeddedText(nameOf(module));
  return text === undefined
    ? new Worker(module, options)
    : new Worker(text, { ...options, eval: true });
}

/** The first argument of `process.execPath` with which it runs a module of this package. */
export function programArgument(module: URL): string {
  return isExecutable ? `${MODULE_ARGUMENT}${nameOf(module)}` : fileURLToPath(module);
}
