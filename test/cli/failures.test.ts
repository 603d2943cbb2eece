import { describe, expect, it } from "vitest";
import { closing } from "../harness/fake-server.js";
import { runHere } from "./cli.js";
import { goodPool, start } from "./fake-pool.js";

const refused = (count: number) =>
  Array.from({ length: count }, (_, index) => `127.0.0.1:1/pool${index}`);

describe("many failures", () => {
  it("are a line and a hint for each kind, the most frequent first", async () => {
    const targets = [
      "unix:/nowhere/a.sock",
      ...refused(20),
      await start(closing),
      await start(goodPool),
      await start(goodPool),
    ];
    const { code, stderr } = await runHere(["status", ...targets]);
    expect(code).toBe(2);
    const lines = stderr.trimEnd().split("\n");
    const four = refused(4).join(", ");
    expect(lines[0]).toBe("fcgi-probe: 2 pools answer, 22 failed (--verbose lists all):");
    expect(lines[1]).toBe(`  20 × cannot connect: connection refused (${four}, …)`);
    expect(lines[2]).toMatch(/^ {2}hint: nothing listens here/);
    expect(lines[3]).toMatch(/^ {2}1 × /);
    expect(lines).toHaveLength(7);
  });

  it("say so when nothing answers", async () => {
    const { stderr } = await runHere(["status", ...refused(2)]);
    expect(stderr).toMatch(/^fcgi-probe: all 2 pools failed \(--verbose lists all\):\n {2}2 × /);
  });

  it("are listed with --verbose, each with its error and hint", async () => {
    const { stderr } = await runHere(["status", "--verbose", ...refused(20)]);
    const lines = stderr.trimEnd().split("\n");
    expect(lines).toHaveLength(40);
    for (const target of refused(20)) {
      expect(lines).toContain(`fcgi-probe: ${target}: connection refused`);
    }
  });

  it("of different kinds are shown as single ones are", async () => {
    const { stderr } = await runHere(["status", "unix:/nowhere/a.sock", ...refused(1)]);
    expect(stderr).toMatch(/^fcgi-probe: unix:.*\nhint: .*\nfcgi-probe: 127.*\nhint: .*\n$/);
  });
});
