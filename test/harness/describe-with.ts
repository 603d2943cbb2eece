import { describe, it } from "vitest";
import { findServer, missingServer, type ServerName } from "./servers.js";

/** Missing servers are an error in continuous integration, and a skipped test elsewhere. */
const isCI = !["", "0", "false"].includes(process.env["CI"] ?? "");

interface Plan {
  readonly action: "run" | "skip" | "fail";
  readonly title: string;
  /** Why, for each missing server. */
  readonly reasons: readonly string[];
}

/** What becomes of tests that need servers, when some of those are missing. */
export function planTests(title: string, missing: readonly ServerName[], onCI: boolean): Plan {
  if (missing.length === 0) return { action: "run", title, reasons: [] };
  const reasons = missing.map(missingServer);
  if (onCI) return { action: "fail", title, reasons };
  return { action: "skip", title: `${title}: needs ${reasons.join(" and ")}`, reasons };
}

/**
 * A `describe` whose tests need real servers. Where one is missing they are skipped under a title
 * that says so; with CI=true they fail, with the package to install.
 */
export function describeWith(names: readonly ServerName[], title: string, body: () => void): void {
  const missing = names.filter((name) => findServer(name) === undefined);
  const plan = planTests(title, missing, isCI);
  if (plan.action === "run") {
    describe(plan.title, body);
  } else if (plan.action === "skip") {
    describe.skip(plan.title, body);
  } else {
    describe(plan.title, () => {
      it.each(plan.reasons)("has %s", (reason) => {
        throw new Error(`missing: ${reason}`);
      });
    });
  }
}
