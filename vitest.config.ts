import { defineConfig } from "vitest/config";
import { SkippedReporter } from "./test/harness/skipped-reporter.js";

/** Where to leave a report as JSON, for .ci/run. */
const report = process.env["TEST_REPORT"];

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/runtimes/**", "**/node_modules/**"],
    reporters: ["default", new SkippedReporter(), ...(report === undefined ? [] : ["json"])],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
    // What tests named *.fuzz.test.ts may take each; `npm run fuzz` gives them longer.
    env: { FUZZ_SECONDS: process.env["FUZZ_SECONDS"] ?? "2" },
    // Real servers share two cores with the tests there: a failure counts when it repeats.
    retry: process.env["CI"] === "true" ? 1 : 0,
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
});
