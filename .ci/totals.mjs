// Adds up what was run: the closing lines of logs, and vitest's reports, which are JSON.
// Names what failed, whose output is far above, then prints `N passed, N failed, N skipped`; exits
// with 1 unless all that there is has passed.
import { readFileSync } from "node:fs";
import { basename, relative } from "node:path";

/** The counts of a report; a test file that could not be loaded is a failure of its own. */
function fromVitest(path) {
  const report = JSON.parse(readFileSync(path, "utf8"));
  const failures = report.testResults
    .filter(({ status }) => status === "failed")
    .flatMap(({ name, assertionResults }) => {
      const failed = assertionResults.filter((test) => test.status === "failed");
      const file = relative(".", name);
      if (failed.length === 0) return [`${file}: not loaded`];
      return failed.map((test) => `${file}: ${test.fullName}`);
    });
  for (const failure of failures) process.stderr.write(`failed: ${basename(path)}: ${failure}\n`);
  return {
    passed: report.numPassedTests,
    failed: failures.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function fromLog(path) {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  const match = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(lines.at(-1) ?? "");
  if (match === null) throw new Error("it does not end with how many passed");
  const [, passed, failed, skipped] = match.map(Number);
  return { passed, failed, skipped };
}

/** A report that is missing or broken counts as one failure, and is told. */
function read(reader, path) {
  try {
    return reader(path);
  } catch (error) {
    process.stderr.write(`${path}: ${error.message}\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

const parts = process.argv
  .slice(2)
  .map((path) => read(path.endsWith(".log") ? fromLog : fromVitest, path));
const total = (key) => parts.reduce((sum, part) => sum + part[key], 0);
const [passed, failed, skipped] = ["passed", "failed", "skipped"].map(total);
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exit(parts.every((part) => part.passed > 0) && failed === 0 && skipped === 0 ? 0 : 1);
