import type { Reporter, TestModule } from "vitest/node";

/** Lists every skipped test by name at the end of a run, so that none goes unnoticed. */
export class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) =>
      [...module.children.allTests("skipped")].map((test) => test.fullName),
    );
    if (skipped.length === 0) return;
    process.stdout.write(`\n Skipped:\n${skipped.map((name) => `   ${name}\n`).join("")}`);
  }
}
