import { afterAll, beforeAll, expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { runExample } from "./run-example.js";

describeWith(["php-fpm"], "examples/fleet-to-ndjson.mjs", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [
        { name: "one", pm: "static", maxChildren: 2, listen: "unix" },
        { name: "two", pm: "static", maxChildren: 3, listen: "tcp" },
      ],
    });
  });
  afterAll(() => fpm?.stop());

  const linesOf = (stdout: string) =>
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));

  it("writes a line for each pool that it reads from standard input", async () => {
    const input = `# two pools\n${fpm.pool("one").address}\r\n\n  ${fpm.pool("two").address}`;
    const { stdout, stderr, code } = await runExample("fleet-to-ndjson.mjs", ["-"], input);
    expect([stderr, code]).toEqual(["", 0]);
    const byPool = new Map(linesOf(stdout).map((line) => [line.pool, line]));
    expect(byPool.get("one")).toMatchObject({ target: fpm.pool("one").address, idleProcesses: 1 });
    expect(byPool.get("two")).toMatchObject({ target: fpm.pool("two").address, idleProcesses: 2 });
  });

  it("says of a pool that fails why, and what to check, and ends with 1", async () => {
    const input = "unix:/nonexistent.sock:/status\n";
    const { stdout, code } = await runExample("fleet-to-ndjson.mjs", [], input);
    expect(linesOf(stdout)).toMatchObject([{ error: "socket_missing", hint: expect.any(String) }]);
    expect(code).toBe(1);
  });
});
