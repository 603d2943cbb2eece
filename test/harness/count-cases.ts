import fc from "fast-check";
import { TestRunner } from "vitest";

declare module "vitest" {
  interface TaskMeta {
    /** How many cases the properties of a test ran. */
    cases?: number;
  }
}

// Before each fuzzing file: leaves with every test how many cases it ran, for FuzzReporter.
fc.configureGlobal({
  reporter: (details) => {
    count(details.numRuns);
    if (!details.failed) return;
    throw new Error(fc.defaultReportMessage(details), { cause: details.errorInstance });
  },
});

function count(cases: number): void {
  const test = TestRunner.getCurrentTest();
  if (test === undefined) return;
  test.meta.cases = (test.meta.cases ?? 0) + cases;
  if (cases === 0) throw new Error("no case was run: give FUZZ_SECONDS more");
}
