// Packs the project, installs the tarball in a project apart, bundles a program for each door with
// each bundler, and runs the bundles. Then type-checks the package with each TypeScript that users
// have. Ends with `N passed, N failed, N skipped`.
import { execFile, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { installTools, makeProject } from "../runtimes/packed-project.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const SHARED = ["behaviours.mjs", "expect.mjs", "php-fpm-answer.mjs"];
const PAGE = join(root, "bench", "fixtures", "apache-status.html.txt");
/** Bundles whose programs run without the package beside them, or with another version of it. */
const ALONE = "esbuild, cjs";

const exec = promisify(execFile);
const counts = { passed: 0, failed: 0 };

async function judge(name, test) {
  const began = performance.now();
  const failure = await test().then(
    () => undefined,
    (error) => `${error.message}\n${error.stdout ?? ""}${error.stderr ?? ""}`.trimEnd(),
  );
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  counts[failure === undefined ? "passed" : "failed"] += 1;
  process.stdout.write(
    failure === undefined ? `ok      ${name} (${seconds} s)\n` : `failed  ${name}: ${failure}\n`,
  );
}

/** Runs a bundled program, and fails unless it ends well and says nothing. */
async function runProgram(file, ...args) {
  const { stdout, stderr } = await exec(process.execPath, [file, ...args], { timeout: 30_000 });
  if (stdout + stderr !== "") throw new Error(`it said ${stdout}${stderr}`);
}

/** webpack warns of a package that may be missing, which is imported in a `try`. */
const OPTIONAL = /Can't resolve '@fastify\/send'/;

function expectNone(warnings) {
  const left = warnings.filter((warning) => !OPTIONAL.test(warning));
  if (left.length > 0) throw new Error(`warnings:\n${left.join("\n")}`);
}

async function testBundle({ name, extension, programs, build }, doors, bundles, all) {
  const out = join(bundles, name.replaceAll(/\W+/g, "-"));
  const application = join(doors, "application.mjs");
  let isBuilt = false;
  await judge(`${name} bundles every door`, async () => {
    expectNone(await build(doors, out, extension));
    isBuilt = true;
  });
  if (!isBuilt) return;
  for (const program of programs ?? all) {
    if (program === "incomplete") continue;
    await judge(`${name}: ${program} works`, () =>
      runProgram(join(out, program + extension), application, PAGE),
    );
  }
  if (name !== ALONE) return;
  const alone = mkdtempSync(join(tmpdir(), "fcgi-probe-alone-"));
  try {
    cpSync(out, alone, { recursive: true });
    const file = join(alone, `incomplete${extension}`);
    await judge("a bundle alone says what it lacks", () =>
      runProgram(file, application, "a bundle without them"),
    );
    const other = join(alone, "node_modules", "fcgi-probe");
    mkdirSync(other, { recursive: true });
    writeFileSync(join(other, "package.json"), '{ "name": "fcgi-probe", "version": "0.0.1" }\n');
    await judge("a bundle beside another version says so", () =>
      runProgram(file, application, "0.0.1 is installed"),
    );
  } finally {
    rmSync(alone, { recursive: true });
  }
}

/** Bundles a Worker as `wrangler deploy` would, and uploads nothing. */
async function testWrangler(folder) {
  const out = join(folder, "out", "wrangler");
  const config = { name: "x", main: "bundlers/doors/worker.mjs", compatibility_date: "2026-01-01" };
  writeFileSync(join(folder, "wrangler.json"), JSON.stringify(config));
  const wrangler = join(here, "node_modules", "wrangler", "bin", "wrangler.js");
  const env = { ...process.env, HOME: folder, WRANGLER_SEND_METRICS: "false", CI: "true" };
  const { stderr } = await exec(
    process.execPath,
    [wrangler, "deploy", "--dry-run", "--outdir", out],
    { cwd: folder, env, timeout: 60_000 },
  );
  if (stderr !== "") throw new Error(`it said ${stderr}`);
  const files = readdirSync(out);
  if (!files.some((file) => file.endsWith(".wasm"))) throw new Error(`no .wasm in ${files}`);
}

installTools(here, "the bundlers");
const { BUNDLES, PROGRAMS } = await import("./bundlers.mjs");
const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-bundlers-"));
try {
  const tarball = makeProject(folder);
  const doors = join(folder, "bundlers", "doors");
  mkdirSync(join(folder, "runtimes"));
  for (const file of SHARED) {
    copyFileSync(join(here, "..", "runtimes", file), join(folder, "runtimes", file));
  }
  cpSync(join(here, "doors"), doors, { recursive: true });
  for (const bundle of BUNDLES) await testBundle(bundle, doors, join(folder, "out"), PROGRAMS);
  await judge("wrangler bundles a Worker", () => testWrangler(folder));
  await judge("every TypeScript reads the types", async () => {
    const script = join(root, "scripts", "user-types.mjs");
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, tarball, "--all"], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(stdout + stderr);
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, 0 skipped\n`);
process.exit(counts.failed > 0 ? 1 : 0);
