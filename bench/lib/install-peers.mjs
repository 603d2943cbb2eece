import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../", import.meta.url));

function modified(path) {
  return statSync(folder + path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Installs the npm packages that we compare with, unless they are installed. */
export function installPeers() {
  if (modified("node_modules/.package-lock.json") >= modified("package-lock.json")) return;
  process.stderr.write("installing the peers\n");
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath;
  const [command, ...rest] = npm?.endsWith("npm-cli.js")
    ? [process.execPath, npm, ...args]
    : ["npm", ...args];
  const { status, stderr } = spawnSync(command, rest, { cwd: folder, encoding: "utf8" });
  if (status === 0) return;
  throw new Error(`npm ci in bench/ failed:\n${stderr}`);
}
