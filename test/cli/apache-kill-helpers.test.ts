import { afterAll, beforeAll, expect, it } from "vitest";
import { type Apache, loadModule, type Mpm, startApache } from "../harness/apache.js";
import { describeWith } from "../harness/describe-with.js";
import { childrenOf, commandOf, isRunning } from "../harness/processes.js";
import { until } from "../harness/server-process.js";
import { spawnCommand } from "./cli.js";

const helpers = [
  ...loadModule("mod_fcgid"),
  "FcgidIPCDir @FOLDER@/run/fcgid",
  "FcgidProcessTableFile @FOLDER@/run/fcgid_shm",
  'CustomLog "||/usr/bin/tee @FOLDER@/access.log" "%h"',
];
const started = "resuming normal operations";

interface Row {
  readonly pid: number;
  readonly kind: string;
  readonly activity: string;
}

for (const mpm of ["prefork", "event"] as const satisfies readonly Mpm[]) {
  describeWith(["apache2", "mod_fcgid"], `the helpers of a real httpd with ${mpm}`, () => {
    let apache: Apache;
    beforeAll(async () => {
      const extra = mpm === "prefork" ? [...helpers, ...loadModule("mod_cgid")] : helpers;
      apache = await startApache({ mpm, wsgiGroups: ["small"], extra });
    });
    afterAll(() => apache.stop());

    const command = (name: string, ...args: string[]) =>
      spawnCommand(["apache", name, ...args, `${apache.url}/server-status`]);
    const list = async () =>
      JSON.parse((await command("workers", "--format", "json")).stdout) as Row[];

    it("are neither idle nor active, and listed as unknown", async () => {
      await until(
        () => childrenOf(apache.pid).some((pid) => commandOf(pid).startsWith("/usr/bin/tee")),
        () => "no logger",
      );
      const rows = (await list()).filter(({ kind }) => kind === "helper");
      // The process manager of mod_fcgid, and the daemon of mod_cgid.
      expect(rows.length).toBeGreaterThanOrEqual(2);
      expect(rows.every(({ activity }) => activity === "unknown")).toBe(true);
      const { stdout } = await command("workers");
      expect(stdout).toMatch(/^ *\d+ {2}helper or unused {4,}- /m);
      expect(stdout).toMatch(/^ *\d+ {2}wsgi small /m);
    });

    it("outlive a kill of all known workers, and httpd does not restart", async () => {
      for (let request = 0; request < 3; request++) await fetch(`${apache.url}/index.txt`);
      const helpersOf = async () =>
        (await list()).filter(({ kind }) => kind === "helper").map(({ pid }) => pid);
      const before = await helpersOf();
      const logger = childrenOf(apache.pid).filter((pid) => commandOf(pid).includes("/tee "));
      const limits = ["--max-memory-idle=1K", "--max-memory-active=1K"];
      const { code, stdout } = await command("kill", ...limits);
      expect(code).toBe(0);
      const killed = [...stdout.matchAll(/^Killing (?:native|WSGI) worker (\d+) /gm)];
      expect(killed.length).toBeGreaterThanOrEqual(2);
      expect(stdout).toMatch(/^Killing WSGI worker \d+ \(small\) \(active\) using /m);
      // httpd waits for its children once a second, so it has seen which have ended.
      await until(
        () => killed.every(([, pid]) => !childrenOf(apache.pid).includes(Number(pid))),
        () => "httpd did not notice",
      );
      // A worker without a request before may have had one since, or may have been killed.
      const kept = (await helpersOf()).filter((pid) => before.includes(pid));
      expect(kept.length).toBeGreaterThanOrEqual(2);
      expect(logger.length > 0 && logger.every(isRunning)).toBe(true);
      expect(apache.log().split(started)).toHaveLength(2);
      expect((await fetch(`${apache.url}/index.txt`)).status).toBe(200);
    });
  });
}
