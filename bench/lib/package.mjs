import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** A module of the package, by its path in dist/. */
export function load(path) {
  return import(pathToFileURL(join(root, "dist", path)).href);
}

/**
 * Both engines, the one that a process gets by default first. They take turns in one process: the
 * package's functions take an engine. That costs 1 to 3 % against a process with one engine.
 */
export async function loadEngines() {
  const { getEngine } = await load("engine/select.js");
  return [getEngine("webassembly"), getEngine("typescript")];
}

/** What a row of the tables calls the package with this engine. */
export function title({ name }) {
  return name === "webassembly" ? "fcgi-probe" : "fcgi-probe, TypeScript engine";
}
