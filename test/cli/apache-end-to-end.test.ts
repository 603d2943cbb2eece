import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Apache, findModule, type Mpm, startApache } from "../harness/apache.js";
import { describeWith } from "../harness/describe-with.js";
import { childrenOf, isAlive } from "../harness/processes.js";
import { type Outcome, spawnCommand } from "./cli.js";

const urlOf = (apache: Apache) => `${apache.url}/server-status`;
const command = (...args: string[]) => spawnCommand(["apache", ...args]);
const manager = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> =>
  spawnCommand(args, { command: "apache-manager", env });

/** Sends a request to a script that takes so many seconds, or until httpd ends. */
const hang = async (apache: Apache, seconds: number): Promise<string> => {
  try {
    const response = await fetch(`${apache.url}/cgi/sleep.sh?${seconds}`);
    return await response.text();
  } catch (error) {
    return String(error);
  }
};

interface Row {
  readonly pid: number;
  readonly request?: string;
  readonly activity: string;
  readonly secondsSinceRequest?: number;
}

/** Waits until the command lists a worker that has been on a request for this long. */
async function hangingWorker(apache: Apache, request: string, seconds: number): Promise<Row> {
  for (let attempt = 0; attempt < 60; attempt++) {
    const { stdout } = await command("workers", "--format", "json", urlOf(apache));
    const found = (JSON.parse(stdout) as Row[]).find(
      (row) =>
        row.activity === "active" &&
        row.request?.includes(request) === true &&
        (row.secondsSinceRequest ?? 0) >= seconds,
    );
    if (found !== undefined) return found;
    await sleep(100);
  }
  throw new Error(`no worker with ${request}`);
}

/** A killed worker stays a zombie until httpd waits for it, once a second. */
async function isGone(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 50 && isAlive(pid); attempt++) await sleep(100);
  return !isAlive(pid);
}

for (const mpm of ["prefork", "event"] as const satisfies readonly Mpm[]) {
  describeWith(["apache2"], `the commands and a real httpd with ${mpm}`, () => {
    let apache: Apache;
    beforeAll(async () => {
      apache = await startApache({ mpm });
    });
    afterAll(() => apache.stop());

    it("show its status in every form", async () => {
      const show = (format: string) => command("status", "--format", format, urlOf(apache));
      const [table, text, json, prometheus] = await Promise.all(
        ["table", "text", "json", "prometheus"].map(show),
      );
      expect(table?.stdout).toMatch(new RegExp(`^${urlOf(apache)}\nApache/2.*, ${mpm}, up `));
      expect(table?.stdout).toMatch(/\n[_W.KCR]+\n\n_ \d+ waiting/);
      expect(text?.stdout).toMatch(/^127\.0\.0\.1\nServerVersion: Apache\/2/);
      expect(JSON.parse(json?.stdout ?? "")).toMatchObject([{ ok: true, serverMpm: mpm }]);
      expect(prometheus?.stdout).toContain("\napache_up 1\n");
      expect(prometheus?.stdout).toMatch(/^apache_workers\{state="idle"\} \d+$/m);
      const outcomes = [table, text, json, prometheus];
      expect(outcomes.map((outcome) => [outcome?.code, outcome?.stderr])).toEqual(
        outcomes.map(() => [0, ""]),
      );
    });

    it("find it by its configuration", async () => {
      const { stdout } = await command("discover", "--config", apache.configuration);
      expect(stdout).toContain(`status page    ${urlOf(apache)}\n`);
      expect(stdout).toMatch(new RegExp(`httpd\\.pid, master ${apache.pid} with \\d+ children`));
      const status = await command("status", "--format", "text", "--config", apache.configuration);
      expect(status.stdout).toContain("ServerVersion: Apache");
    });

    it("list its workers with their memory", async () => {
      const { code, stdout, stderr } = await command("workers", "--full", urlOf(apache));
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(/^ *\d+ {2}replying .* \d+\.\d M .*GET \/server-status HTTP\/1\.1$/m);
      expect(stdout).toMatch(/\n\d+ workers, \d+ active; \d+ processes: \d+\.\d M, at most /);
    });

    it("S1.82 write its metrics file", async () => {
      const path = join(apache.folder, "metrics.txt");
      const before = childrenOf(apache.pid).length;
      const outcome = await command("metrics", "--data-file", path, urlOf(apache));
      expect(outcome).toEqual({ code: 0, stdout: "", stderr: "" });
      const lines = readFileSync(path, "utf8").split("\n");
      const names = lines.map((line) => line.split("\t").slice(0, -1).join(" "));
      expect(names.filter((name) => name !== "")).toEqual([
        ...["busy-workers", "bytes-per-request", "bytes-per-second", "cpu-load", "idle-workers"],
        ...["requests-per-second", "total-accesses", "total-traffic", "uptime"],
        ...["status-response", "workers-hanging", "workers-killed-active", "workers-killed-idle"],
        ...["count", "min", "max", "average", "median"].map(
          (name) => `memory-usage native ${name}`,
        ),
      ]);
      // The number of spare workers changes.
      const possible = [before, childrenOf(apache.pid).length];
      const count = lines.find((line) => line.startsWith("memory-usage\tnative\tcount\t"));
      expect(possible.map((children) => `memory-usage\tnative\tcount\t${children}`)).toContain(
        count,
      );
    });

    it("S1.80 S1.82 write the same file as apache-manager", async () => {
      const path = join(apache.folder, "apache-manager.txt");
      const outcome = await manager(["-q", "--url", urlOf(apache)], { TMPDIR: apache.folder });
      expect(outcome).toEqual({ code: 0, stdout: "", stderr: "" });
      const printed = await command("metrics", urlOf(apache));
      const withoutNumbers = (text: string) => text.replace(/\t[\d.e+-]+$/gm, "\t?");
      expect(withoutNumbers(readFileSync(path, "utf8"))).toBe(withoutNumbers(printed.stdout));
    });

    it("S1.81 report like apache-manager", async () => {
      const { code, stdout } = await manager(["-n", "--url", urlOf(apache)]);
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /^Server metrics:\n - Busy workers: \d+\n( - .*\n){8}\nMemory usage of Apache workers \(\d+ workers\):\n - Minimum: [\d.]+ MB\n - Average: [\d.]+ MB\n - Maximum: [\d.]+ MB\n$/,
      );
    });

    it("S1.85 print the groups for Zabbix", async () => {
      const args = ["--master", apache.pidFile];
      const { stdout } = await command("zabbix-discovery", ...args);
      expect(stdout).toBe('{"data": [{"{#NAME}": "native"}]}\n');
      const again = await manager(["-z", "-n", ...args, "--config", apache.configuration]);
      expect(again.stdout).toBe(stdout);
    });

    it("S1.74 kill nothing in a dry run, and S1.71 then kill a worker that hangs", async () => {
      const request = hang(apache, 40);
      const { pid } = await hangingWorker(apache, "sleep.sh?40", 2);
      const limit = ["kill", "--max-time", "1s", urlOf(apache)];
      const dry = await command(...limit, "--dry-run");
      expect(dry).toMatchObject({ code: 0, stderr: "" });
      expect(dry.stdout).toContain(`Killing native worker ${pid} (active) hanging for `);
      expect(dry.stdout).toMatch(/Would kill 1 of \d+ Apache workers\.\n$/);
      expect(isAlive(pid)).toBe(true);

      const others = childrenOf(apache.pid).filter((other) => other !== pid);
      const { code, stdout } = await command(...limit, "--signal", "KILL");
      expect(code).toBe(0);
      expect(stdout).toMatch(/Killed 1 of \d+ Apache workers\.\n$/);
      expect(await isGone(pid)).toBe(true);
      expect(others.every(isAlive)).toBe(true);
      expect(await request).not.toBe("slept\n");
    });

    it("leave a worker that is within its time", async () => {
      const request = hang(apache, 2);
      const { pid } = await hangingWorker(apache, "sleep.sh?2", 1);
      const { code, stdout } = await command("kill", "--max-time", "5m", urlOf(apache));
      expect(code).toBe(0);
      expect(stdout).toMatch(/^No Apache workers killed \(found \d+ workers within/);
      expect(isAlive(pid)).toBe(true);
      expect(await request).toBe("slept\n");
    });

    it("S1.70 S1.80 kill like apache-manager, and count it in the file", async () => {
      const request = hang(apache, 41);
      const { pid } = await hangingWorker(apache, "sleep.sh?41", 2);
      const args = ["--max-time=1", "--data-file=-", "--url", urlOf(apache)];
      const { code, stdout, stderr } = await manager(args);
      expect(code).toBe(0);
      expect(stderr).toMatch(
        new RegExp(`INFO Killing native worker ${pid} \\(active\\) hanging for \\d+ seconds since`),
      );
      expect(stdout).toContain("workers-killed-active\t1\nworkers-killed-idle\t0\n");
      expect(stdout).toMatch(/^memory-usage\tnative\tcount\t[1-9]/m);
      expect(await isGone(pid)).toBe(true);
      expect(await request).not.toBe("slept\n");
    });
  });
}

describeWith(["apache2"], "the commands and an httpd that is gone", () => {
  it("S1.84 S1.86 write that it does not answer", async () => {
    const apache = await startApache({ mpm: "prefork" });
    const url = urlOf(apache);
    await apache.stop();
    expect(existsSync(apache.folder)).toBe(false);
    const metrics = await command("metrics", url);
    expect(metrics.code).toBe(1);
    expect(metrics.stdout).toContain("status-response\t1\n");
    const managed = await manager(["-c", "-f", "-", "--url", url]);
    expect(managed.code).toBe(1);
    expect(managed.stdout).toContain("status-response\t1\n");
    const status = await command("status", "--format", "prometheus", url);
    expect(status.code).toBe(1);
    expect(status.stdout).toContain("apache_up 0\n");
  });
});

if (findModule("mod_wsgi") !== undefined) {
  describeWith(["apache2"], "the commands and daemons of a real httpd", () => {
    let apache: Apache;
    beforeAll(async () => {
      apache = await startApache({ mpm: "prefork", wsgiGroups: ["small", "hog"] });
    });
    afterAll(() => apache.stop());

    it("S1.62 S1.85 print their groups", async () => {
      const { stdout } = await command("zabbix-discovery", "--master", `${apache.pid}`);
      expect(stdout).toBe(
        '{"data": [{"{#NAME}": "native"}, {"{#NAME}": "hog"}, {"{#NAME}": "small"}]}\n',
      );
      const workers = await command("workers", urlOf(apache));
      expect(workers.stdout).toMatch(/^ *\d+ {2}wsgi hog /m);
    });

    it("S1.70 S1.72 kill the one that uses too much memory", async () => {
      await fetch(`${apache.url}/wsgi/hog?100`);
      const before = await command(
        "workers",
        "--sort",
        "memory",
        "--format",
        "json",
        urlOf(apache),
      );
      const [hog] = JSON.parse(before.stdout) as (Row & { group: string })[];
      expect(hog?.group).toBe("hog");
      const { code, stdout } = await command("kill", "--max-memory-active", "60M", urlOf(apache));
      expect(code).toBe(0);
      expect(stdout).toMatch(
        /^Killing WSGI worker \d+ \(hog\) \(active\) using 1\d\d(\.\d+)? MB \(last/,
      );
      expect(await isGone(hog?.pid ?? 0)).toBe(true);
    });
  });
}
