import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const script = fileURLToPath(new URL("./socket-shape.mjs", import.meta.url));

/** How many hidden classes the options of a hundred sockets have. */
function shapesOf(how: "as it comes" | "shared" | "counted"): number {
  const args = ["--allow-natives-syntax", "--no-warnings", script, how];
  return Number(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

it("gives the options of all sockets one hidden class", () => {
  expect(shapesOf("shared")).toBe(1);
});

it("does so by itself for a client that opens many", () => {
  expect(shapesOf("counted")).toBe(1);
});

it.runIf(process.versions.node.startsWith("20."))("which Node 20 does not", () => {
  expect(shapesOf("as it comes")).toBe(100);
});
