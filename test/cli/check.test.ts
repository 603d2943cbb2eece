import { execFile, execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { startApache } from "../harness/apache.js";
import { describeWith } from "../harness/describe-with.js";
import { silent, startFakeServer } from "../harness/fake-server.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { makeFolder } from "../harness/server-process.js";

const command = fileURLToPath(new URL("../../bin/fcgi-probe.js", import.meta.url));

/** Runs `fcgi-probe check`, as a monitoring system does. */
function check(...args: string[]): Promise<{ code: number; line: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [command, "check", ...args], (error, stdout) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, line: stdout });
    });
  });
}

describeWith(["php-fpm"], "fcgi-probe check", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    const common = { pm: "static", maxChildren: 3, statusListen: true } as const;
    fpm = await startPhpFpm({
      pools: [
        { ...common, name: "shop", listen: "unix" },
        { ...common, name: "blog", listen: "tcp" },
        { ...common, name: "wiki", listen: "unix", backlog: 16 },
      ],
    });
  });
  afterAll(() => fpm.stop());

  it("is OK with performance data", async () => {
    const { code, line } = await check(fpm.pool("shop").address, "-w", "idle<1", "-c", "queue>10");
    expect(code).toBe(0);
    expect(line).toMatch(/^FCGI OK: shop: 2 idle, 1 active, 3 total, 0 queue \| [^\n]*\n$/);
    expect(line).toContain("'idle'=2;1:;;0 'active'=1;;;0");
    expect(line).toContain("'queue'=0;;~:10;0");
  });

  it("warns, and is critical", async () => {
    const { address } = fpm.pool("shop");
    expect(await check(address, "-w", "idle<3")).toMatchObject({
      code: 1,
      line: expect.stringMatching(/^FCGI WARNING: shop: idle 2 \(idle<3\) \|/),
    });
    expect(await check(address, "-w", "idle<3", "--critical", "idle processes=3:")).toMatchObject({
      code: 2,
      line: expect.stringMatching(/^FCGI CRITICAL: shop: idle processes 2 \(.*\), idle 2/),
    });
  });

  it("judges several targets by the worst, and names them", async () => {
    const dead = `unix:${join(fpm.folder, "nowhere.sock")}:/status`;
    const { code, line } = await check(fpm.pool("shop").address, dead, fpm.pool("blog").address);
    expect(code).toBe(2);
    expect(line).toContain("(socket_missing); 2 of 3 fine | 'shop idle'=");
    expect(line).toContain("'blog idle'=");
  });

  it("counts the pools that it finds, those without a page as UNKNOWN", async () => {
    const common = { pm: "static", maxChildren: 1, listen: "unix" } as const;
    const found = await startPhpFpm({
      pools: [
        { ...common, name: "has-page" },
        { ...common, name: "has-none", extra: { "pm.status_path": "" } },
      ],
    });
    onTestFinished(() => found.stop());
    // Other pools of this machine are found, too.
    const { code, line } = await check();
    expect([2, 3]).toContain(code);
    expect(line).toContain("has-none: pm.status_path is not set");
    expect(line).toContain("'has-page idle'=");
    const [, fine, all] = /; (\d+) of (\d+) fine/.exec(line) ?? [];
    expect(Number(fine)).toBeLessThan(Number(all));
  });

  it("is critical for a pool that is late", async () => {
    const server = await startFakeServer(silent);
    onTestFinished(() => server.stop());
    const { code, line } = await check(server.address, "--timeout", "200ms");
    expect(code).toBe(2);
    expect(line).toContain("(deadline)");
  });

  it("sees a queue of a saturated pool by its status socket", async () => {
    const pool = fpm.pool("blog");
    const sockets = Array.from({ length: 5 }, () => connect(pool.endpoint));
    onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
    await expect
      .poll(() => check(pool.statusListenAddress as string, "-c", "queue>1"), { timeout: 9_000 })
      .toMatchObject({ code: 2, line: expect.stringContaining("blog: queue 2 (queue>1)") });
  });

  it("sees the queue of a unix socket, of which the page says 0", async () => {
    const pool = fpm.pool("wiki");
    const sockets = Array.from({ length: 7 }, () => connect(pool.endpoint));
    onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
    await expect
      .poll(() => check(pool.statusListenAddress as string, "-c", "queue>3"), { timeout: 9_000 })
      .toMatchObject({ code: 2, line: expect.stringContaining("wiki: queue 4 (queue>3)") });
    const silent = await check(pool.address, "-c", "queue>3", "--timeout", "200ms");
    expect(silent.code).toBe(2);
    expect(silent.line).toMatch(
      /within 200 ms: [45] connections wait in its accept queue \(limit 16\), and every worker is busy, stopped, or held by a silent client \(deadline\)/,
    );
  });

  it("knows rates from the last check on", async () => {
    const { address, bareAddress } = fpm.pool("shop");
    const state = join(makeFolder(), "state.json");
    const options = ["--state", state, "-c", "requests/s>0.001"];
    const first = await check(address, ...options);
    expect(first).toMatchObject({ code: 0, line: expect.not.stringContaining("requests/s") });
    for (let count = 0; count < 3; count++) {
      const request = new Request("http://localhost/echo.php");
      const script = { scriptFilename: phpScript("echo.php") };
      await (await gatewayFetch(`unix:${bareAddress}`, request, script)).arrayBuffer();
    }
    expect(await check(address, ...options)).toMatchObject({
      code: 2,
      line: expect.stringMatching(/requests\/s [\d.]+ \(requests\/s>0\.001\).*'requests\/s'=/),
    });
  });

  it.each([
    [["-w", "idle<"], /^FCGI UNKNOWN: "idle<" is not a threshold/],
    [["-w", "nonsense<2"], /^FCGI UNKNOWN: shop: there is no value nonsense/],
    [["-w", "slow/s>1"], /^FCGI UNKNOWN: "slow\/s>1" is a rate since the last check \(.*--state/],
    [["--nonsense"], /^FCGI UNKNOWN: unknown option '--nonsense'[^\n]*\n$/],
    [["-t", "0"], /^FCGI UNKNOWN: --timeout: [^\n]*\n$/],
    [["-w"], /^FCGI UNKNOWN: option '-w, --warning <threshold>' argument missing\n$/],
  ])("is UNKNOWN with %j", async (args, line) => {
    const result = await check(fpm.pool("shop").address, ...args);
    expect(result.code).toBe(3);
    expect(result.line).toMatch(line);
  });

  it("is UNKNOWN for what is no address, as for other bad usage", async () => {
    const { code, line } = await check("pool-one", "-c", "queue>9");
    expect({ code, line }).toEqual({ code: 3, line: expect.stringContaining("(bad_address)") });
  });

  it("counts what a state file cannot change, and needs it for rates alone", async () => {
    const folder = makeFolder();
    const corrupt = join(folder, "state.json");
    const fifo = join(folder, "fifo");
    execFileSync("mkfifo", [fifo]);
    const { address } = fpm.pool("shop");
    for (const file of [corrupt, fifo, "/dev/zero", folder, "/nowhere/state.json"]) {
      const run = (...args: string[]) => {
        if (file === corrupt) writeFileSync(corrupt, "{");
        return check(address, "--state", file, ...args);
      };
      const note = `; --state ${file}: `;
      expect(await run("-c", "idle<3", "-w", "slow/s>1")).toEqual({
        code: 2,
        line: expect.stringMatching(/^FCGI CRITICAL: shop: idle 2 [^\n]*; --state [^\n]*\n$/),
      });
      const rated = await run("-w", "slow/s>1");
      expect(rated).toEqual({ code: 3, line: expect.stringContaining(note) });
      expect(rated.line).toMatch(/^FCGI UNKNOWN: shop: 2 idle[^\n]*\n$/);
      expect(await run("-c", "queue>9")).toEqual({
        code: 0,
        line: expect.stringContaining(note),
      });
    }
    // It may be another program's file. An empty one is the same as none.
    expect(readFileSync(corrupt, "utf8")).toBe("{");
    for (const text of [undefined, ""]) {
      if (text === undefined) rmSync(corrupt);
      else writeFileSync(corrupt, text);
      const { code, line } = await check(address, "--state", corrupt, "-w", "slow/s>1");
      expect({ code, line }).toEqual({ code: 0, line: expect.not.stringContaining("--state") });
    }
  }, 60_000);
});

describeWith(["apache2"], "fcgi-probe check of an httpd", () => {
  it("compares the numbers of its page", async () => {
    const apache = await startApache({ mpm: "event" });
    onTestFinished(() => apache.stop());
    expect(
      await check(`${apache.url}/server-status`, "-w", "busy>100", "-c", "idle<1"),
    ).toMatchObject({
      code: 0,
      line: expect.stringMatching(/^FCGI OK: [^|]*1 busy, \d+ idle.* \| 'busy'=1;~:100;;0/),
    });
    expect(await check(`${apache.url}/server-status`, "-c", "BusyWorkers>0")).toMatchObject({
      code: 2,
    });
  });
});

describe("the output", () => {
  it("is one line, whatever a pool is called", async () => {
    const { code, line } = await check("unix:/nowhere/a|b'c.sock:/status");
    expect(code).toBe(2);
    expect(line).toMatch(/^FCGI CRITICAL: [^|\n]*\n$/);
  });
});
