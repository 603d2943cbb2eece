import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Imports a module of the package, by its path in dist/. */
export function load(path) {
  return import(pathToFileURL(join(root, "dist", path)).href);
}

/**
 * Both engines, the default one first. They take turns in one process, because the package's
 * functions take an engine. This costs 1 to 3 % compared with a process that has one engine.
 */
export async function loadEngines() {
  const { getEngine } = await load("engine/select.js");
  return [getEngine("webassembly"), getEngine("typescript")];
}

/** The name of the package with this engine, in the rows of the tables. */
export function title({ name }) {
  return name === "webassembly" ? "fcgi-probe" : "fcgi-probe, TypeScript engine";
}
