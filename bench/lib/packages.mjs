import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

const VARIABLE = "FCGI_PROBE_ENGINE";

/**
 * The package three times over, each with an engine of its own. A process chooses its engine once,
 * so every contender gets a copy of dist/ and they can take turns in one process.
 */
export async function loadPackages() {
  const packages = [];
  for (const name of ["default", "webassembly", "typescript"]) packages.push(await load(name));
  return packages;
}

async function load(name) {
  const folder = join(root, "build", "bench", `${name}-${process.pid}`);
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, "dist"), join(folder, "dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(folder, "package.json"));
  const module = (path) => import(pathToFileURL(join(folder, "dist", path)).href);
  const before = process.env[VARIABLE];
  process.env[VARIABLE] = name;
  const engine = (await module("engine/select.js")).engine();
  if (before === undefined) delete process.env[VARIABLE];
  else process.env[VARIABLE] = before;
  if (engine.name !== name) throw new Error(`the ${name} engine cannot run: got ${engine.name}`);
  return { name, engine, module };
}

/** What a row of the tables calls a package. */
export function title({ name }) {
  switch (name) {
    case "default":
      return "fcgi-probe";
    case "webassembly":
      return "fcgi-probe, WebAssembly engine";
    default:
      return "fcgi-probe, TypeScript engine";
  }
}
