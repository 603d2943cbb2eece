import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { describeWith } from "../../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../../harness/php-fpm.js";
import { runHere, spawnCommand } from "../cli.js";
import { startCommand, startTop, type TmuxTerminal } from "./start-top.js";

describeWith(["php-fpm", "tmux"], "top", () => {
  let fpm: PhpFpm;
  let terminal: TmuxTerminal;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [
        { name: "shop", pm: "static", maxChildren: 2, listen: "unix" },
        { name: "blog", pm: "dynamic", maxChildren: 4, listen: "tcp" },
      ],
    });
  });
  afterEach(() => terminal.stop());
  afterAll(() => fpm.stop());

  const top = (...args: string[]) => {
    terminal = startTop(args);
    return terminal;
  };

  it("shows each pool when it answers, and the terminal as it was after q", async () => {
    const { shows, press } = top(fpm.pool("shop").address, fpm.pool("blog").address);
    const lines = await shows(/2 targets: 2 fine/);
    expect(lines[1]).toMatch(/^ {2}POOL +STATE +ACTIVE +QUEUE +REQ\/S/);
    expect(lines[2]).toMatch(/^> blog +ok +1\/\d/);
    expect(lines[3]).toMatch(/^ {2}shop +ok +1\/2/);
    press("q");
    expect(await shows(/exit/)).toEqual(["exit 0"]);
  });

  it("is what status --watch shows", async () => {
    terminal = startCommand(["status", "--watch", "1s", fpm.pool("shop").address], {
      columns: 100,
    });
    const { shows, press } = terminal;
    const lines = await shows(/static {3}1 active, 1 idle .* 0 requests\/s/);
    expect(lines[0]).toMatch(/^shop {2}unix:.*\/shop\.sock:\/status .*every 1\.0 s$/);
    press("Escape");
    await shows(/^1 target: 1 fine/);
  });

  it("writes one frame where there is no terminal, and the worst exit code", async () => {
    const { address } = fpm.pool("shop");
    const { code, stdout } = await runHere(["top", address, "unix:/nowhere.sock:/status"]);
    expect(code).toBe(1);
    expect(stdout.split("\n").slice(0, 1)).toEqual(["2 targets: 1 unreachable, 1 fine"]);
    expect(stdout).toMatch(/^- +unreachable: there is no such socket +unix:\/nowhere/m);
    expect(stdout).toMatch(/^shop +ok .* unix:\/.*shop.sock$/m);
  });

  it("writes a pool with its processes if that is the only target, and sorts them", async () => {
    const { address } = fpm.pool("shop");
    const { stdout } = await runHere(["top", address, "--sort", "pid"]);
    const pids = [...stdout.matchAll(/^ *(\d+) +Idle/gm)].map((match) => Number(match[1]));
    expect(pids.length).toBeGreaterThan(0);
    expect(pids).toEqual(pids.toSorted((one, other) => one - other));
    const only = await runHere(["top", address, "--only", "running"]);
    expect(only.stdout).toMatch(/^no request is running$/m);
  });

  it("finds the pools of this machine by itself", async () => {
    const { stdout } = await spawnCommand(["top", "--timeout", "1s"]);
    const { bareAddress } = fpm.pool("shop");
    expect(stdout).toMatch(new RegExp(`^shop +ok .* unix:${bareAddress}$`, "m"));
  });

  it("sorts, freezes, and filters by keys", async () => {
    const { shows, press, type } = top(fpm.pool("shop").address, fpm.pool("blog").address);
    await shows(/2 targets: 2 fine/);
    press("s");
    await shows(/; by name/);
    press("f");
    await shows(/ frozen$/m);
    type("/SHOP");
    await shows(/; 1 with "SHOP"/);
    press("Enter", "f");
    await shows(/every 1\.0 s$/m);
    press("Escape");
    expect(await shows(/^ {2}shop/m)).toContainEqual(expect.stringMatching(/^> blog/));
  });
});
