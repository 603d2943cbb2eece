import { defineConfig } from "vitest/config";

/** What takes minutes: `npm run soak`. SOAK_SECONDS and SOAK_REQUESTS make it shorter. */
export default defineConfig({
  test: {
    include: ["test/soak/*.soak.ts"],
    globalSetup: "test/harness/run-folder.ts",
    testTimeout: 3_600_000,
    hookTimeout: 60_000,
  },
});
