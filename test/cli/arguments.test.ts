import { describe, expect, it } from "vitest";
import { captured, servePages } from "./apache-world.js";
import { runHere } from "./cli.js";
import { goodPool, start } from "./fake-pool.js";

describe("an address without a command", () => {
  it.each([
    [[], []],
    [["--full"], []],
    [[], ["--full"]],
    [["--color", "never"], []],
  ])("runs status, with %j before it and %j after it", async (before, after) => {
    const { code, stdout } = await runHere([...before, await start(goodPool), ...after]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^POOL .*\nwww /);
  });

  it("that is a URL runs apache status", async () => {
    const url = await servePages(captured("prefork-idle"));
    const { code, stdout } = await runHere([url]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^http:.*\nApache\S+ .*prefork/);
  });

  it("is no command with a mistake in it", async () => {
    const { code, stderr } = await runHere(["stauts", "127.0.0.1:1"]);
    expect(code).toBe(2);
    expect(stderr).toContain("unknown command 'stauts'");
  });
});

describe("a message about arguments", () => {
  it("says to who writes a path after the address, as for curl, which option takes it", async () => {
    const { code, stderr } = await runHere(["request", "127.0.0.1:1", "/index.php"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/too many arguments.*\nhint: --path .* --script /);
  });

  it.each([[["completion", "bash\x1b[31m"]], [["sta\x1b[31mtus"]], [["status", "--x\x1b[31m"]]])(
    "shows the control characters of %j",
    async (args) => {
      const { code, stderr } = await runHere(args);
      expect(code).toBe(2);
      expect(stderr).toContain("\\x1b[31m");
      expect(stderr).not.toContain("\x1b");
    },
  );
});

describe("--color", () => {
  it.each([
    [["--color", "always", "status"], undefined, true],
    [["--color=always", "status"], undefined, true],
    [["status", "--color", "always"], undefined, true],
    [["status", "--color", "auto"], undefined, false],
    [["status", "--color", "never"], 80, false],
    [["--color", "never", "exporter", "get"], 80, false],
  ])("%j", async (args, columns, isColoured) => {
    const world = columns === undefined ? {} : { columns };
    const { stdout } = await runHere([...args, await start(goodPool)], world);
    expect(stdout).toContain("www");
    expect(stdout.includes("\x1b[")).toBe(isColoured);
  });

  it("refuses other words", async () => {
    for (const args of [
      ["--color", "blue", "status"],
      ["status", "--color", "blue"],
    ]) {
      const { code, stderr } = await runHere(args);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^fcgi-probe: .*"blue" is no choice\nhint: .*always/);
    }
  });
});
