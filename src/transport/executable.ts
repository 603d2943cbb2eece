import { basename } from "node:path";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { moduleFile, type OwnModule } from "./package-files.js";

/**
 * How the package starts its own modules. As a package they are files. In the single executable
 * (scripts/build-executable.mjs) there are no files: modules that run in a thread are assets, and
 * `process.execPath` is the executable itself.
 */
const sea = process.getBuiltinModule?.("node:sea");
export const isExecutable = sea?.isSea() === true;

/** The argument with which the executable runs a module of its own in place of a command. */
export const MODULE_ARGUMENT = "--run-module=";

/** The text of a module in the executable; undefined in the package. */
function embeddedText(name: string): string | undefined {
  return isExecutable ? sea?.getAsset(`${name}.cjs`, "utf8") : undefined;
}

/**
 * Starts a thread that runs a module of this package.
 *
 * @throws GatewayError `incomplete_bundle`
 */
export function startThread(module: OwnModule, options: WorkerOptions = {}): Worker {
  const text = embeddedText(basename(module));
  return text === undefined
    ? new Worker(moduleFile(module), options)
    : new Worker(text, { ...options, eval: true });
}

/** Fails early if a bundle lacks a module that is started later: `incomplete_bundle`. */
export function requireOwnModule(module: OwnModule): void {
  if (!isExecutable) moduleFile(module);
}

/**
 * The first argument of `process.execPath` with which it runs a module of this package.
 *
 * @throws GatewayError `incomplete_bundle`
 */
export function programArgument(module: OwnModule): string {
  return isExecutable ? `${MODULE_ARGUMENT}${basename(module)}` : moduleFile(module);
}
