// Prepares a clone for work: installs the development tools and builds dist/, each if it is missing
// or out of date. Needs only Node and npm. `--build` always builds.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const LEAST_NODE = [20, 19, 0];
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...path) => join(root, ...path);

/** The sources of dist/ and lib/. A folder stands for everything in it. */
const SOURCES = [
  "src",
  "assembly",
  "asconfig.json",
  "tsconfig.json",
  "package.json",
  "scripts/build.mjs",
  "scripts/join.mjs",
];
/** Its modification time is the start of the last successful build. lib/ itself is published. */
const STAMP = at("build", "built");

function isTooOld(version) {
  const found = version.split(".").map((part) => Number.parseInt(part, 10));
  for (let i = 0; i < LEAST_NODE.length; i++) {
    if (found[i] !== LEAST_NODE[i]) return found[i] < LEAST_NODE[i];
  }
  return false;
}

/** The modification time in milliseconds; 0 if there is no such file. */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** The latest change at or below a path. A folder's own time shows that a file was removed. */
function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce(
    (latest, name) => Math.max(latest, newest(join(path, name))),
    stat.mtimeMs,
  );
}

function needsInstall() {
  return modified(at("node_modules", ".package-lock.json")) < modified(at("package-lock.json"));
}

function needsBuild() {
  if (!existsSync(at("dist")) || !existsSync(at("lib"))) return true;
  const built = modified(STAMP);
  return SOURCES.some((source) => newest(at(source)) > built);
}

/** Runs a command quietly, and shows its output if it fails. */
function run(title, command, args) {
  const began = Date.now();
  process.stderr.write(`${title}… `);
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  if (status === 0) {
    process.stderr.write(`${seconds} s\n`);
    return;
  }
  process.stderr.write(`failed after ${seconds} s\n${stdout ?? ""}${stderr ?? ""}`);
  if (error) process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

function install() {
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath;
  // Runs npm's script by Node: on Windows, `npm` is a script that cannot be spawned.
  if (npm?.endsWith("npm-cli.js"))
    run("installing (about a minute)", process.execPath, [npm, ...args]);
  else run("installing (about a minute)", "npm", args);
}

function build() {
  const began = Date.now();
  rmSync(STAMP, { force: true });
  run("building (about half a minute)", process.execPath, [at("scripts", "build.mjs")]);
  mkdirSync(dirname(STAMP), { recursive: true });
  writeFileSync(STAMP, "");
  // A source that is saved during the build is newer than this, so the next run builds again.
  utimesSync(STAMP, began / 1000, began / 1000);
}

if (isTooOld(process.versions.node)) {
  process.stderr.write(
    `fcgi-probe needs Node ${LEAST_NODE.join(".")} or newer; this is ${process.versions.node}.\n`,
  );
  process.exit(1);
}
if (needsInstall()) install();
if (process.argv.includes("--build") || needsBuild()) build();
