// What the runtimes' and the bundlers' tests share: their own tools, and a project that has the
// packed package as its users get it.
import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export function run(command, args, cwd, env = process.env) {
  return spawnSync(command, args, { cwd, env, encoding: "utf8", timeout: 120_000 });
}

function npm(args, cwd) {
  const script = process.env.npm_execpath;
  const command = script?.endsWith("npm-cli.js") ? [process.execPath, script] : ["npm"];
  const said = [...command.slice(1), ...args, "--loglevel=error"];
  const { status, stdout, stderr } = run(command[0], said, cwd);
  if (status !== 0) throw new Error(`npm ${args.join(" ")} failed:\n${stdout}${stderr}`);
}

const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** Installs the tools of a folder's own package.json, unless they are there already. */
export function installTools(folder, what) {
  const installed = modified(join(folder, "node_modules", ".package-lock.json"));
  if (installed >= modified(join(folder, "package-lock.json"))) return;
  process.stderr.write(`installing ${what}…\n`);
  npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder);
}

const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));

/** The folders of everything that the package needs at run time, as our own lock has it. */
function dependencyFolders() {
  const { packages } = readJson(join(root, "package-lock.json"));
  return Object.entries(packages)
    .filter(([path, { dev, optional }]) => path !== "" && !dev && !optional)
    .map(([path]) => join(root, path));
}

/**
 * Makes a project that has the package as its users get it; its dependencies come from ours.
 *
 * @returns the path of the tarball
 */
export function makeProject(folder) {
  const { name, version } = readJson(join(root, "package.json"));
  npm(["pack", "--ignore-scripts", "--pack-destination", folder], root);
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const tarball = `${name}-${version}.tgz`;
  npm(
    [
      ...["install", "--offline", "--ignore-scripts", "--install-links", "--no-audit", "--no-fund"],
      ...[`./${tarball}`, ...dependencyFolders()],
    ],
    folder,
  );
  return join(folder, tarball);
}
