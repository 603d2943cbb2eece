import type { Reporter, TestModule } from "vitest/node";

/** Says at the end of a run how many cases each property ran. */
export class FuzzReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => [
        (test.meta().cases ?? 0).toLocaleString("en"),
        `${module.relativeModuleId} > ${test.fullName}`,
      ]),
    );
    const width = Math.max(...rows.map(([cases = ""]) => cases.length), 0);
    const lines = rows.map(([cases = "", name]) => `   ${cases.padStart(width)}  ${name}\n`);
    process.stdout.write(`\n Cases:\n${lines.join("")}`);
  }
}
