// Compiles and loads the tests' harness, for scripts that start a real server.
import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "test", "harness");
const compiled = join(root, "build", "harness");

/** `startPhpFpm`, `startApache`, `startNginx`, `findServer` and others of test/harness/. */
export async function loadHarness() {
  const folder = join(root, "node_modules", "typescript");
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const args = [join(folder, bin.tsc), "--project", join(source, "tsconfig.json")];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`the test harness does not compile:\n${stdout}`);
  copyFileSync(join(source, "guard.mjs"), join(compiled, "guard.mjs"));
  const load = (name) => import(pathToFileURL(join(compiled, name)).href);
  const names = ["php-fpm", "apache", "nginx", "front-ends/nginx", "ports", "servers"];
  const modules = names.map((name) => load(`${name}.js`));
  return Object.assign({}, ...(await Promise.all(modules)));
}
