import { describe, expect, it } from "vitest";
import { parseWorkerPage } from "../../src/apache/html-page.js";
import type { KillResult } from "../../src/apache/kill.js";
import { isHanging } from "../../src/apache/worker-row.js";
import {
  hasFailed,
  type KillCommandOptions,
  refusalsOf,
  runKill,
} from "../../src/cli/apache/kill.js";
import { reported } from "../../src/cli/apache/reported.js";
import { isThisMachine } from "../../src/cli/apache/this-machine.js";
import { FakeTable, processOf } from "../apache/fake-processes.js";
import { captured, processesOf, servePages } from "./apache-world.js";
import { runHere, runIn } from "./cli.js";

const pages = captured("prefork-idle");
const tryKill = (url: string, options: KillCommandOptions, table: FakeTable) =>
  runIn((io) => reported(io, () => runKill(url, { ...options, dryRun: true }, io, table)));

const result = (refused: KillResult["refused"]): KillResult => ({
  killed: [],
  killedActive: 0,
  killedIdle: 0,
  wouldKill: [],
  wouldKillActive: 0,
  wouldKillIdle: 0,
  checked: 1,
  spared: [],
  refused,
});

describe("fcgi-probe apache kill", () => {
  it("S1.72 S1.74 says what it would kill", async () => {
    const table = processesOf(pages.html, (index) => 100_000_000 * (index + 1));
    const limits = { maxMemoryActive: 250_000_000, maxMemoryIdle: 150_000_000 };
    const { code, stdout, stderr } = await tryKill(await servePages(pages), limits, table);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(
      "Performing a dry run ..\n" +
        "Killing native worker 5029045 (idle) using 200 MB (GET /server-status?auto HTTP/1.1) ..\n" +
        "Killing native worker 5029047 (active) using 300 MB (GET /server-status HTTP/1.1) ..\n" +
        "Would kill 2 of 3 Apache workers.\n",
    );
  });

  it("says so where all are within their limits", async () => {
    const table = processesOf(pages.html, () => 1_000_000);
    const { code, stdout } = await tryKill(await servePages(pages), { maxTime: 60 }, table);
    expect(code).toBe(0);
    expect(stdout).toContain(
      "No Apache workers killed (found 3 workers within resource usage limits).\n",
    );
  });

  it("S1.77 kills nothing where no httpd here has the page's workers", async () => {
    const others = new FakeTable([
      processOf(5_029_044, { parentPid: 1, name: "sshd", executable: "/usr/sbin/sshd" }),
      processOf(5_000_100, { parentPid: 1 }),
      processOf(5_000_101, { parentPid: 5_000_100 }),
    ]);
    const { code, stdout, stderr } = await tryKill(
      await servePages(pages),
      { maxMemoryIdle: 1 },
      others,
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("no httpd here has the workers that the page names");
    expect(stderr).toContain("hint: give --master");
  });

  it("S1.77 notes who the page says hangs and is no child of httpd, which is no failure", async () => {
    const loaded = captured("prefork-loaded");
    const table = processesOf(loaded.html, () => 1_000_000);
    const hanging = parseWorkerPage(loaded.html).rows.find(
      (row) => isHanging(row, 1) && row.mode === "R",
    )?.pid;
    expect(table.processes.delete(hanging ?? 0)).toBe(true);
    const { code, stderr } = await tryKill(await servePages(loaded), { maxTime: 0.5 }, table);
    expect(code).toBe(0);
    expect(stderr).toContain(`process ${hanging} was not killed: it is no child of this httpd`);
  });

  it("wants a limit", async () => {
    const { code, stderr } = await runHere(["apache", "kill", "--max-time", "0", "http://x/"]);
    expect(code).toBe(2);
    expect(stderr).toContain("no limit is given: nothing would be killed");
  });

  it.each([
    [["--max-time", "5 parsecs"], 'Failed to parse timespan! ("5 parsecs")'],
    [["--max-memory-idle", "much"], 'Failed to parse size! ("much")'],
    [["--signal", "HUP"], "Allowed choices are TERM, KILL"],
  ])("refuses %j", async (args, message) => {
    const { code, stderr } = await runHere(["apache", "kill", ...args, "http://x/"]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it("exits with 1 where nothing answers", async () => {
    const { code } = await runHere(["apache", "kill", "--max-time", "5m", "http://127.0.0.1:2/"]);
    expect(code).toBe(1);
  });

  it("fails where a worker lives on that should not", () => {
    const server = { master: processOf(100), children: [processOf(7)] };
    const refused = result([{ pid: 7, reason: "EPERM" }]);
    expect(hasFailed(refused, server)).toBe(true);
    expect(refusalsOf(refused)).toEqual([
      "process 7 was not killed: this user may not (run it as root)",
    ]);
    expect(hasFailed(result([{ pid: 8, reason: "it is no child" }]), server)).toBe(false);
  });
});

describe("this machine", () => {
  it.each(["127.0.0.1", "127.8.8.8", "localhost", "[::1]", "a.localhost", "[::ffff:7f00:1]"])(
    "is at %s",
    async (host) => {
      expect(await isThisMachine(host)).toBe(true);
    },
  );

  it.each(["192.0.2.1", "[2001:db8::1]", "[::ffff:c000:201]", "no-such-host.invalid"])(
    "is not at %s",
    async (host) => {
      expect(await isThisMachine(host)).toBe(false);
    },
  );
});
