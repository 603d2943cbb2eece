import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { SkippedReporter } from "./test/harness/skipped-reporter.js";

/** Where to leave a report as JSON, for .ci/run. */
const report = process.env["TEST_REPORT"];

/** Tests that look at every httpd or php-fpm of the machine, and so run alone. */
const machineWide = [
  "test/apache/real-apache.test.ts",
  "test/apache/processes/*.test.ts",
  "test/cli/apache-*.test.ts",
  "test/cli/exporter/outcome.test.ts",
  "test/cli/top/top.test.ts",
];

export default defineConfig({
  test: {
    globalSetup: "test/harness/run-folder.ts",
    reporters: ["default", new SkippedReporter(), ...(report === undefined ? [] : ["json"])],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
    // What tests named *.fuzz.test.ts may take each; `npm run fuzz` gives them longer.
    env: { FUZZ_SECONDS: process.env["FUZZ_SECONDS"] ?? "2" },
    // Real servers share two cores with the tests there: a failure counts when it repeats.
    retry: process.env["CI"] === "true" ? 1 : 0,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: "apart",
          include: ["test/**/*.test.ts"],
          exclude: ["test/runtimes/**", "**/node_modules/**", ...machineWide],
          // Most of them wait for servers most of the time.
          maxWorkers: availableParallelism() + 1,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "alone", include: machineWide, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
