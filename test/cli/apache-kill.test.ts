import { describe, expect, it } from "vitest";
import { isThisMachine } from "../../src/apache/processes/this-machine.js";
import type { KillResult } from "../../src/apache/workers/kill.js";
import {
  type KillCommandOptions,
  refusalsOf,
  runKill,
} from "../../src/cli/commands/apache/kill.js";
import { reportErrors } from "../../src/cli/report-error.js";
import { FakeTable, processOf } from "../apache/fake-processes.js";
import { captured, MASTER, processesOf, servePages } from "./apache-world.js";
import { runHere, runIn } from "./cli.js";

const pages = captured("prefork-idle");
/** The page's workers have 100, 200 and 300 MB; the last one serves our request. */
const table = () => processesOf(pages.html, (index) => 100_000_000 * (index + 1));
const tryKill = (url: string, options: KillCommandOptions, table: FakeTable) =>
  runIn((io) => reportErrors(io, () => runKill(url, { ...options, dryRun: true }, io, table)));

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
    const limits = { maxMemoryActive: 250_000_000, maxMemoryIdle: 150_000_000 };
    const { code, stdout, stderr } = await tryKill(await servePages(pages), limits, table());
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(
      "Performing a dry run ..\n" +
        "Killing native worker 5029045 (idle) using 200 MB (GET /server-status?auto HTTP/1.1) ..\n" +
        "Killing native worker 5029047 (idle) using 300 MB (GET /server-status HTTP/1.1) ..\n" +
        "Would kill 2 of 3 Apache workers.\n",
    );
  });

  it("reports that all are within their limits", async () => {
    const table = processesOf(pages.html, () => 1_000_000);
    const { code, stdout } = await tryKill(await servePages(pages), { maxTime: 60 }, table);
    expect(code).toBe(0);
    expect(stdout).toContain(
      "No Apache workers killed (found 3 workers within resource usage limits).\n",
    );
  });

  it("does not announce a kill that is not permitted, but names the process", async () => {
    const { code, stdout, stderr } = await runIn((io) =>
      reportErrors(io, async () =>
        runKill(await servePages(pages), { maxMemoryIdle: 1 }, io, table()),
      ),
    );
    // There is no such process, so a real signal has no effect.
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).not.toContain("Killing");
  });

  it("S1.77 kills nothing if no httpd here has the page's workers", async () => {
    const others = new FakeTable([
      processOf(5_000_100, { parentPid: 1 }),
      processOf(5_000_101, { parentPid: 5_000_100 }),
      processOf(5_029_044, { parentPid: 1, name: "sshd", executable: "/usr/sbin/sshd" }),
    ]);
    const url = await servePages(pages);
    const { code, stdout, stderr } = await tryKill(url, { maxMemoryIdle: 1 }, others);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(
      `fcgi-probe: ${url}: no worker is killed, because it is not proven whose page this is: ` +
        "the page names processes that are not children of httpd (process 5000100): " +
        "5029044, 5029045, 5029047\n" +
        "hint: it may be another machine's, behind a proxy or a tunnel: give the URL of httpd itself\n",
    );
  });

  it("S1.77 kills nothing if one of the page's workers is not a child of httpd", async () => {
    const some = table();
    some.processes.delete(5_029_044);
    const { code, stderr } = await tryKill(await servePages(pages), { maxMemoryIdle: 1 }, some);
    expect(code).toBe(2);
    expect(stderr).toContain("not children of httpd (process 5000100): 5029044\n");
  });

  it("kills nothing for another httpd's answer, unless its master is given", async () => {
    const other = table();
    other.openSockets.clear();
    const url = await servePages(pages);
    const { code, stderr } = await tryKill(url, { maxMemoryIdle: 1 }, other);
    expect(code).toBe(2);
    expect(stderr).toContain("this user may not see which process listens on 127.0.0.1:");
    expect(stderr).toContain("hint: run it as root, or give --master PID\n");
    const given = await tryKill(url, { maxMemoryIdle: 1, master: `${MASTER}` }, other);
    expect(given.stdout).toContain("Would kill 3 of 3 Apache workers.\n");
  });

  it("refuses a master that does not exist", async () => {
    const url = await servePages(pages);
    const { code, stderr } = await tryKill(url, { maxMemoryIdle: 1, master: "5000999" }, table());
    expect(code).toBe(2);
    expect(stderr).toContain("there is no process 5000999\nhint: give the pid of httpd's master");
  });

  it("kills nothing if another httpd answers the second time", async () => {
    const changing = table();
    let asked = 0;
    const onRequest = () => {
      asked++;
      if (asked === 2) changing.processes.set(MASTER, processOf(MASTER, { startTicks: 9 }));
    };
    const url = await servePages({ ...pages, onRequest });
    const { code, stderr } = await tryKill(url, { maxMemoryIdle: 1 }, changing);
    expect(code).toBe(2);
    expect(stderr).toContain("another httpd answers now");
  });

  it("needs a limit", async () => {
    const { code, stderr } = await runHere(["apache", "kill", "--max-time", "0", "http://x/"]);
    expect(code).toBe(2);
    expect(stderr).toContain("no limit is given, so nothing would be killed");
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

  it("exits with 1 if nothing answers", async () => {
    const { code } = await runHere(["apache", "kill", "--max-time", "5m", "http://127.0.0.1:2/"]);
    expect(code).toBe(1);
  });

  it("names the processes that were not killed, once for each reason", () => {
    const refused = result([
      { pid: 7, reason: "EPERM" },
      { pid: 8, reason: "EPERM" },
      { pid: 9, reason: "the signal did not end it" },
    ]);
    expect(refusalsOf(refused)).toEqual([
      "processes 7, 8 not killed: this user may not kill them (run it as root)",
      "process 9 not killed: the signal did not end it",
    ]);
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
