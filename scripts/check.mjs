// Checks the code without running it: format, lint, types, imports between rooms, unused code, docs,
// and the package as npm would publish it. Stops at the first step that fails.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const temporary = mkdtempSync(join(tmpdir(), "fcgi-probe-check-"));
process.on("exit", () => rmSync(temporary, { recursive: true, force: true }));

/** The script of a command of an installed package. */
function script(packageName, command = packageName) {
  const folder = join(root, "node_modules", packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bin === "string" ? bin : bin[command]);
}

const { name, version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const packed = join(temporary, `${name}-${version}.tgz`);
const npm = process.env.npm_execpath?.endsWith("npm-cli.js")
  ? [process.execPath, process.env.npm_execpath]
  : ["npm"];
const node = (packageName, command, ...args) => [
  process.execPath,
  script(packageName, command),
  ...args,
];

const STEPS = [
  [
    "format and lint",
    node("@biomejs/biome", "biome", "check", "--error-on-warnings", "--diagnostic-level=warn"),
  ],
  ["types", node("typescript", "tsc", "--project", "tsconfig.test.json")],
  ["types of assembly/", node("assemblyscript", "asc", "--target", "release", "--noEmit")],
  ["arrows", node("vitest", "vitest", "run", "test/architecture.test.ts")],
  ["unused code (knip)", node("knip", "knip")],
  [
    "docs that are made from the code",
    [process.execPath, join("scripts", "manual.mjs"), "--check"],
  ],
  ["pack", [...npm, "pack", "--ignore-scripts", "--silent", "--pack-destination", temporary]],
  ["package (publint)", node("publint", "publint", "run", packed, "--strict")],
  [
    "package types (attw)",
    node("@arethetypeswrong/cli", "attw", packed, "--profile", "esm-only", "--no-emoji"),
  ],
  ["types for users", [process.execPath, join("scripts", "user-types.mjs"), packed]],
];

function fail(output) {
  process.stderr.write(`${output.trimEnd()}\n`);
  process.exit(1);
}

for (const [title, [command, ...args]] of STEPS) {
  const began = Date.now();
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = `${((Date.now() - began) / 1000).toFixed(1)} s`;
  if (status !== 0) {
    process.stdout.write(`failed  ${title} (${seconds})\n`);
    fail(error ? error.message : stdout + stderr);
  }
  process.stdout.write(`ok      ${title} (${seconds})\n`);
}
