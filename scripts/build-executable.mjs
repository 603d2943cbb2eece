// Builds build/fcgi-probe: the commands, their dependencies and Node in one file. It needs the Node
// that it is built with to be one file, too, as nodejs.org and NodeSource make it. See
// src/transport/executable.ts for how its parts find each other.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const parts = join(root, "build", "executable");
const executable = join(root, "build", "fcgi-probe");

/** Modules that run in a thread of their own, and are assets for that. */
const THREADS = [
  "pool/slow-log-thread",
  "phpfpm/status-thread",
  "discovery/watch-thread",
  "web/bcrypt-worker",
];
/** What Node looks for in an executable: postject's documentation and Node's have it. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/** Runs a program of Node, and shows what it wrote if it fails. */
function run(...args) {
  const options = { cwd: parts, encoding: "utf8" };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  if (status === 0) return;
  process.stderr.write(stdout + stderr);
  process.exit(1);
}

/** Joins a module and all that it imports into one script of build/executable/, and returns its name. */
async function joinModules(input, name) {
  const script = `${name}.cjs`;
  await build({
    input,
    platform: "node",
    tsconfig: false,
    resolve: { extensionAlias: { ".js": [".ts", ".js"] } },
    transform: { target: "es2022" },
    // package.json says that importing a module has no effects. The program of a worker has.
    treeshake: { moduleSideEffects: [{ test: /worker-main/, sideEffects: true }] },
    logLevel: "warn",
    output: {
      file: join(parts, script),
      format: "cjs",
      codeSplitting: false,
      minify: true,
    },
  });
  return script;
}

rmSync(parts, { recursive: true, force: true });
mkdirSync(parts, { recursive: true });
const main = await joinModules(join(root, "scripts", "executable-main.mjs"), "executable");
const assets = {};
for (const thread of THREADS) {
  const name = basename(thread);
  assets[`${name}.cjs`] = await joinModules(join(root, "src", `${thread}.ts`), name);
}

const output = "executable.blob";
const options = { disableExperimentalSEAWarning: true, useCodeCache: true };
writeFileSync(join(parts, "sea.json"), JSON.stringify({ main, output, assets, ...options }));
run("--experimental-sea-config", "sea.json");
rmSync(executable, { force: true });
copyFileSync(process.execPath, executable);
chmodSync(executable, 0o755);
const postject = join(dirname(fileURLToPath(import.meta.resolve("postject"))), "cli.js");
run(postject, executable, "NODE_SEA_BLOB", output, "--sentinel-fuse", FUSE);
process.stdout.write(`${executable}\n`);
