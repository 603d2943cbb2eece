// Packs the project, installs the tarball in a project apart, and runs the codec's behaviours from
// there in each runtime. Ends with `N passed, N failed, N skipped`.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installTools, makeProject, run } from "./packed-project.mjs";
import { runtimes } from "./runtimes.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const MARK = "fcgi-probe behaviours:";
const FILES = [
  "behaviours.mjs",
  "expect.mjs",
  "main.mjs",
  "php-fpm-answer.mjs",
  "run-behaviours.mjs",
  "worker.mjs",
  "workerd.capnp",
];

/** What a runtime reported; undefined when it reported nothing. */
function reportIn(output) {
  const line = output.split("\n").find((each) => each.includes(MARK));
  return line === undefined ? undefined : JSON.parse(line.slice(line.indexOf(MARK) + MARK.length));
}

/** Runs the behaviours in one runtime, and says how it went. */
function judge({ name, engine, program, prepare, args }, folder) {
  if (!existsSync(program)) {
    return { passed: 0, failed: 0, skipped: 1, lines: [`skipped  ${name}: not for this platform`] };
  }
  prepare?.(folder);
  // The engine is the package's own choice here, whatever our environment asks for.
  const { FCGI_PROBE_ENGINE: _, ...env } = process.env;
  const { status, error, stdout, stderr } = run(program, args, folder, env);
  const report = reportIn(`${stdout}\n${stderr}`);
  if (report === undefined || status !== 0) {
    const output = `${error?.message ?? `exit ${status}`}\n${stdout}${stderr}`.trimEnd();
    return { passed: 0, failed: 1, skipped: 0, lines: [`failed   ${name}: ${output}`] };
  }
  const failures = report.failures.map((failure) => `${failure.name}: ${failure.message}`);
  if (report.engine !== engine) failures.push(`the engine is ${report.engine}, not ${engine}`);
  const failed = failures.length;
  const passed = report.total - report.failures.length;
  const verdict = failed === 0 ? "ok     " : "failed ";
  const lines = [`${verdict}  ${name}: ${passed} of ${report.total}, engine ${report.engine}`];
  return { passed, failed, skipped: 0, lines: [...lines, ...failures.map((line) => `  ${line}`)] };
}

installTools(here, "the runtimes (750 MB)");
const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-runtimes-"));
const sum = { passed: 0, failed: 0, skipped: 0 };
try {
  makeProject(folder);
  for (const file of FILES) copyFileSync(join(here, file), join(folder, file));
  for (const runtime of await runtimes(here)) {
    const { lines, ...counts } = judge(runtime, folder);
    process.stdout.write(`${lines.join("\n")}\n`);
    for (const key of Object.keys(sum)) sum[key] += counts[key];
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped\n`);
process.exit(sum.failed > 0 || sum.passed === 0 ? 1 : 0);
