import fc from "fast-check";
import { it, type TestContext } from "vitest";

/** What each file may take. Its tests share that evenly. */
const seconds = Number(process.env["FUZZ_SECONDS"] ?? "2");

/**
 * A test that looks for a case in which a property does not hold, for its share of FUZZ_SECONDS
 * (default 2).
 *
 * @param make makes the property when the test begins
 */
export function fuzz<Values>(name: string, make: () => fc.IRawProperty<Values>): void {
  // A failure is made small before it is reported.
  it(name, { timeout: seconds * 1_000 + 60_000 }, ({ task }) =>
    fc.assert(make(), {
      numRuns: Number.MAX_SAFE_INTEGER,
      // Of a case that waits: one that never ends is a failure.
      timeout: 10_000,
      interruptAfterTimeLimit: (seconds * 1_000) / testsOf(task.file),
      markInterruptAsFailure: false,
    }),
  );
}

type Suite = NonNullable<TestContext["task"]["suite"]>;

function testsOf({ tasks }: Suite): number {
  return tasks.reduce((sum, task) => sum + (task.type === "suite" ? testsOf(task) : 1), 0);
}
