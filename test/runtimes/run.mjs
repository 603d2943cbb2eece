// Packs the project, installs the tarball in a project apart, and runs from there what is tested in
// each runtime. Ends with `N passed, N failed, N skipped`. With --write it writes docs/runtimes.md;
// otherwise it checks that the page is current.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadHarness } from "../../scripts/harness.mjs";
import { judgeExamples } from "./examples.mjs";
import { judge } from "./judge.mjs";
import { installRuntimes, makeRuntimesProject, root } from "./project.mjs";
import { nodes, runs, servers } from "./runtimes.mjs";
import { judgeServer, loadCases } from "./serve-behind-nginx.mjs";
import { tableOf } from "./table.mjs";
import { startWorld } from "./world.mjs";

const page = join(root, "docs", "runtimes.md");
const sum = { passed: 0, failed: 0, skipped: 0 };
/** The features that each runtime has shown. */
const seen = new Map();

/** Prints and counts results. Those of a runtime of the table become its cells. */
function report(name, runtime, { results, isMissing = false }, began) {
  const failures = results.filter(({ failure }) => failure !== undefined);
  const passed = results.length - failures.length;
  sum.passed += passed;
  sum.failed += failures.length;
  sum.skipped += isMissing ? 1 : 0;
  const seconds = ((Date.now() - began) / 1_000).toFixed(1);
  const verdict = failures.length === 0 ? "ok    " : "failed";
  const line = isMissing
    ? `skipped  ${name}: not for this platform`
    : `${verdict}   ${name}: ${passed} of ${results.length} in ${seconds} s`;
  const details = failures.map((each) => `  ${each.feature}, ${each.name}: ${each.failure}`);
  process.stdout.write(`${[line, ...details].join("\n")}\n`);
  if (runtime === undefined) return;
  const features = seen.get(runtime) ?? new Map();
  for (const { feature } of results) features.set(feature, true);
  seen.set(runtime, features);
}

/** The page has to say what was seen. */
function checkPage() {
  const table = tableOf(seen);
  if (process.argv.includes("--write")) writeFileSync(page, table);
  const isCurrent = readFileSync(page, "utf8") === table;
  const failure = isCurrent ? undefined : "is not current: npm run test:runtimes -- --write";
  return { results: [{ feature: "docs/runtimes.md", name: "the table", failure }] };
}

installRuntimes();
const esbuild = await import("esbuild");
const harness = await loadHarness();
const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-runtimes-"));
let world;
try {
  makeRuntimesProject(folder);
  world = await startWorld(harness, folder);
  for (const run of await runs(esbuild, world)) {
    const began = Date.now();
    report(run.name, run.runtime, judge(run, folder), began);
  }
  const matrix = await loadCases(esbuild, folder);
  for (const server of servers) {
    const began = Date.now();
    const results = await judgeServer(server, folder, harness, matrix);
    report(`${server.runtime} behind nginx`, server.runtime, { results }, began);
  }
  const began = Date.now();
  report("examples", undefined, await judgeExamples(folder, harness, world), began);
  // The page is about all runtimes, and Node's oldest version is the first of them.
  const isWhole = sum.skipped === 0 && nodes[0].name === "Node 20";
  if (isWhole && sum.failed === 0) report("docs", undefined, checkPage(), Date.now());
} finally {
  await world?.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped\n`);
process.exit(sum.failed > 0 || sum.passed === 0 ? 1 : 0);
