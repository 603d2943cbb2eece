import { defineConfig } from "vitest/config";
import { FuzzReporter } from "./test/harness/fuzz-reporter.js";

/** How long each file fuzzes: all of them at once. `npm test` runs the same tests for a moment. */
const seconds = Number(process.env["FUZZ_SECONDS"] ?? 120);

export default defineConfig({
  test: {
    include: ["test/**/*.fuzz.test.ts"],
    setupFiles: ["test/harness/count-cases.ts"],
    reporters: ["default", new FuzzReporter()],
    maxWorkers: 16,
    testTimeout: (seconds + 60) * 1_000,
    env: { FUZZ_SECONDS: String(seconds) },
  },
});
