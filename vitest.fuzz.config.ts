import { defineConfig } from "vitest/config";

/** How long each fuzzing test goes on. `npm test` runs the same tests for a moment. */
const seconds = Number(process.env["FUZZ_SECONDS"] ?? 120);

export default defineConfig({
  test: {
    include: ["test/**/*.fuzz.test.ts"],
    env: { FUZZ_SECONDS: String(seconds) },
    testTimeout: (seconds + 60) * 1_000,
  },
});
