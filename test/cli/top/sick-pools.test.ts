import { renameSync, symlinkSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from "vitest";
import { gatewayFetch } from "../../../src/client/fetch.js";
import { describeWith } from "../../harness/describe-with.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../../harness/php-fpm.js";
import { until } from "../../harness/server-process.js";
import { startTop, type TmuxTerminal } from "./start-top.js";

const sizes = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
] as const;

describeWith(["php-fpm", "tmux"], "top of sick pools", () => {
  let fpm: PhpFpm;
  let terminal: TmuxTerminal;
  const stop = new AbortController();
  const requests: Promise<unknown>[] = [];

  /** Keeps workers of a pool busy until the end of the tests. */
  const occupy = (pool: string, count: number): void => {
    for (let index = 0; index < count; index++) {
      const request = new Request(`http://shop.example/sleep.php?ms=120000&n=${index}`);
      const options = { scriptFilename: phpScript("sleep.php"), timeout: 300_000 };
      const { signal } = stop;
      requests.push(
        gatewayFetch(fpm.pool(pool).bareAddress, new Request(request, { signal }), options).catch(
          () => {},
        ),
      );
    }
  };

  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [
        { name: "fine", pm: "static", maxChildren: 3, listen: "unix" },
        { name: "full", pm: "static", maxChildren: 4, listen: "unix", statusListen: true },
        { name: "stuck", pm: "static", maxChildren: 2, listen: "unix" },
        {
          ...{ name: "hidden", pm: "static", maxChildren: 1, listen: "unix" },
          extra: { "pm.status_path": "/elsewhere" },
        },
      ],
    });
    occupy("full", 7);
    occupy("stuck", 2);
  });
  afterEach(() => terminal.stop());
  afterAll(async () => {
    stop.abort();
    await fpm.stop();
    await Promise.all(requests);
  });

  const sickTargets = (): string[] => [
    fpm.pool("fine").address,
    fpm.pool("full").statusListenAddress ?? "",
    fpm.pool("stuck").address,
    "unix:/nowhere/dead.sock:/status",
  ];

  it.each(sizes)("shows the sick ones first, and what they wait for, at %j", async (size) => {
    terminal = startTop([...sickTargets(), "--timeout", "30s"], size);
    const lines = await terminal.shows(/full +queue +4\/4 +3 [\s\S]*stuck +waiting [3-9] s/);
    expect(lines[0]).toMatch(/^4 targets: 1 unreachable, .*1 fine/);
    expect(lines.slice(2, 6).map((line) => line.slice(0, 25).trim())).toEqual([
      expect.stringMatching(/^> - +unreachable: t/),
      expect.stringMatching(/^full +queue/),
      expect.stringMatching(/^stuck +waiting \d s/),
      expect.stringMatching(/^fine +ok/),
    ]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(size.columns);
  });

  it.each(sizes)("shows what the requests of a saturated pool are on, at %j", async (size) => {
    terminal = startTop([fpm.pool("full").statusListenAddress ?? ""], size);
    const text = (await terminal.shows(/^queue: 3 clients wait[\s\S]*PID +STATE/m)).join("\n");
    expect(text).toMatch(/^by script {2}4 of 4 in .*sleep\.php, oldest \d/m);
    expect(text).toMatch(/^by URI {5}4 of 4 at \/sleep\.php, oldest \d/m);
    expect(text.match(/Running/g)).toHaveLength(4);
  });

  it("shows a pool without a status page after those that are slow, and what to do", async () => {
    const { bareAddress } = fpm.pool("hidden");
    terminal = startTop([`unix:${bareAddress}:/status`, fpm.pool("fine").address]);
    const lines = await terminal.shows(/2 targets: 1 misconfigured, 1 fine/);
    expect(lines[2]).toMatch(/^> \S+ +misconfigured: /);
    terminal.press("Enter");
    const hint = (await terminal.shows(/^hint: /m)).join(" ").replace(/\s+/g, " ");
    expect(hint).toContain("set pm.status_path (or ping.path) in the pool to the path you ask for");
  });

  it("shows clients that do not send their requests, and workers that have died", async () => {
    const pool = fpm.pool("fine");
    const client = connect(pool.endpoint);
    onTestFinished(() => void client.destroy());
    client.write(Uint8Array.of(1));
    const crash = { scriptFilename: phpScript("crash.php") };
    await gatewayFetch(pool.bareAddress, new Request("http://shop.example/"), crash).catch(
      () => {},
    );
    terminal = startTop([pool.address], { columns: 60, rows: 24 });
    const seen = async (pattern: RegExp) => {
      await terminal.shows(pattern);
    };
    await seen(/^silent clients: 1 worker waits for clients that have not/m);
    await seen(/^SIGKILL has ended 1 worker in the last hour/m);
    terminal.press("Escape");
    await seen(/1 target: 1 slow[\s\S]*silent clients/);
  });

  it("shows the queue by the kernel, where the address is the pool's own", async () => {
    terminal = startTop([fpm.pool("full").address, "--timeout", "30s"]);
    await terminal.shows(/^waiting/m);
    terminal.press("Escape");
    const lines = await terminal.shows(/1 with a queue/);
    expect(lines[2]).toMatch(/^> \S+ +(?:queue|waiting \d s) +- +3 /);
  });

  it("shows a pool again after a restart, and no rates across it", async () => {
    const { address, bareAddress } = fpm.pool("fine");
    terminal = startTop([address, "unix:/nowhere/dead.sock:/status"]);
    await terminal.shows(/fine +ok +1\/3 +0 +0 /);
    renameSync(bareAddress, `${bareAddress}.gone`);
    await terminal.shows(/2 unreachable/);
    renameSync(`${bareAddress}.gone`, bareAddress);
    await terminal.shows(/1 unreachable, 1 fine/);
    const reloading = fpm.reload();
    await terminal.shows(/fine +ok +1\/3 +0 +0 /);
    await reloading;
  });

  it.each([...sizes, { columns: 40, rows: 10 }])(
    "moves through 500 pools, filters them, and freezes, at %j",
    { timeout: 100_000 },
    async (size) => {
      const links = Array.from({ length: 500 }, (_, index) => {
        const link = join(fpm.folder, `${size.columns}-${index}.sock`);
        symlinkSync(fpm.pool("fine").bareAddress, link);
        return `unix:${link}:/status`;
      });
      terminal = startTop([...links, "--interval", "2s", "--sort", "name"], size);
      const { shows, press, type, lines } = terminal;
      await shows(/^500 targets: /);
      // A pool that was not read yet has no name, and stands before those that have one.
      await until(
        () => {
          press("Home");
          return /POOL.*\n> fine .*-0\.sock/.test(lines().join("\n"));
        },
        () => lines().join("\n"),
        60_000,
      );
      expect(lines()).toHaveLength(size.rows);
      press("End");
      await shows(/^> fine .*-99\.sock/m);
      press("PageUp");
      await shows(/^ {2}fine .*-99\.sock[\s\S]*^> fine|^> fine (?!.*-99\.sock)/m);
      press("Home");
      await shows(/POOL.*\n> fine .*-0\.sock/);
      type("/-123");
      await shows(/^\/-123_$/m);
      press("Enter");
      expect((await shows(/^q quit/m)).filter((line) => / fine /.test(line))).toHaveLength(1);
      press("Escape", "f");
      await shows(/^> fine .*-0\.sock/m);
      press("q");
      await shows(/^exit 0$/m);
    },
  );

  it("has no colour with NO_COLOR, and colours without", async () => {
    terminal = startTop(sickTargets(), { env: { NO_COLOR: "1" } });
    await terminal.shows(/1 unreachable/);
    expect(terminal.colouredLines().join("\n")).not.toMatch(/\x1b\[[0-9;]*3[0-7]/);
    terminal.stop();
    terminal = startTop(sickTargets());
    await terminal.shows(/1 unreachable/);
    expect(terminal.colouredLines().join("\n")).toMatch(/\x1b\[31m/);
  });

  it("follows the size of the terminal", async () => {
    terminal = startTop(sickTargets(), { columns: 120, rows: 40 });
    await terminal.shows(/MAXED\/S +UPTIME +TARGET/);
    terminal.resize(40, 10);
    const lines = await terminal.shows(/STATE +TARGET$/m);
    expect(lines).toHaveLength(10);
    terminal.resize(120, 40);
    await terminal.shows(/MAXED\/S +UPTIME +TARGET/);
    terminal.press("?");
    await terminal.shows(/^Keys/);
    terminal.press("Escape");
    await terminal.shows(/^4 targets/);
  });
});
