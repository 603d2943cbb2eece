import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface TrailFile {
  readonly file: string;
  readonly functions: readonly string[];
}

describeWith(["php-fpm"], "the trail of", () => {
  const script = join(root, "scripts", "trail.mjs");
  const output = execFileSync(process.execPath, [script, "--json"], { encoding: "utf8" });
  const trails = JSON.parse(output) as Record<"scrape" | "served", readonly TrailFile[]>;
  const page = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const isNamed = ({ file }: TrailFile) => page.includes(`  ${file}\n`);

  it("a scrape has at most 18 files and 90 functions", () => {
    const functions = trails.scrape.flatMap((each) => each.functions);
    expect(trails.scrape.length).toBeLessThanOrEqual(18);
    expect(functions.length).toBeLessThanOrEqual(90);
    expect(functions).toContain("status");
  });

  it("a served FastCGI request has at most 24 files", () => {
    expect(trails.served.length).toBeLessThanOrEqual(24);
    expect(trails.served.map(({ file }) => file)).toContain("server/run-request.ts");
  });

  it("both is what ARCHITECTURE.md shows", () => {
    expect([...trails.scrape, ...trails.served].filter((each) => !isNamed(each))).toEqual([]);
  });
});
