import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runManager } from "../../src/apache-manager/apache-manager.js";
import { freePort } from "../harness/ports.js";
import { captured, daemonOf, servePages } from "./apache-world.js";
import { runIn } from "./cli.js";
import {
  dataFile,
  folder,
  log,
  manage,
  pages,
  report,
  saved,
  settings,
  table,
  worldOf,
} from "./manager-world.js";

const killed = [
  log("INFO", "Performing a dry run .."),
  log(
    "INFO",
    "Killing native worker 5029045 (idle) using 200 MB (GET /server-status?auto HTTP/1.1) ..",
  ),
  log("INFO", "Killing native worker 5029047 (idle) using 300 MB (GET /server-status HTTP/1.1) .."),
  log("INFO", "Would kill 2 of 3 Apache workers."),
].join("");

describe("apache-manager, as version 1", () => {
  it("S1.80 S1.81 reports, and writes the metrics file", async () => {
    const outcome = await manage([]);
    expect(outcome).toEqual({ code: 0, stdout: report, stderr: "" });
    expect(saved()).toContain("busy-workers\t1\n");
    expect(saved()).not.toContain("worker-count");
  });

  it("S1.81 distinguishes main workers from those of mod_wsgi", async () => {
    const processes = table();
    for (const daemon of [daemonOf(5_000_300, "b", 1024), daemonOf(5_000_301, "a", 2_500_000)]) {
      processes.processes.set(daemon.pid, daemon);
    }
    const { stdout } = await manage([], {}, processes);
    expect(stdout).toContain(`
Memory usage of main Apache workers (3 workers):
 - Minimum: 100 MB
 - Average: 200 MB
 - Maximum: 300 MB

Memory usage of WSGI process group 'a' (1 worker):
 - Minimum: 2.5 MB
 - Average: 2.5 MB
 - Maximum: 2.5 MB

Memory usage of WSGI process group 'b' (1 worker):
`);
  });

  it("S1.81 has green headings on a terminal, and none with NO_COLOR", async () => {
    const there = await manage([], { columns: 80 });
    expect(there.stdout).toContain("\x1b[32mServer metrics:\x1b[39m\n - Busy workers: 1\n");
    expect(there.stdout).toContain("\x1b[32mMemory usage of Apache workers (3 workers):\x1b[39m");
    const without = await manage([], { columns: 80, env: { NO_COLOR: "1" } });
    expect(without.stdout).toBe(report);
  });

  it("S1.80 writes to standard output alone, without a report", async () => {
    const { stdout } = await manage(["--data-file=-"]);
    expect(stdout).toMatch(/^# Global Apache server metrics\.\nbusy-workers\t1\n/);
    expect(saved()).toBeUndefined();
  });

  it("S1.80 S1.86 reports nothing with -q, and writes the file", async () => {
    expect(await manage(["-q"])).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(saved()).toContain("busy-workers");
  });

  it("S1.80 writes no file in a dry run, but to standard output", async () => {
    expect((await manage(["-n"])).stdout).toBe(report);
    expect(saved()).toBeUndefined();
    expect((await manage(["-n", "-f-"])).stdout).toMatch(/^# Global/);
  });

  it("S1.70 S1.72 S1.80 S1.90 kills if a limit is given, and logs it", async () => {
    const args = ["--max-memory-active=250MB", "-i", "150M", "--simulate"];
    expect(await manage(args)).toEqual({ code: 0, stdout: "", stderr: killed });
  });

  it("S1.74 counts nothing as killed in a dry run", async () => {
    const { stdout } = await manage(["-i", "150M", "-n", "-f", "-"]);
    expect(stdout).toContain("workers-killed-active\t0\nworkers-killed-idle\t0\n");
  });

  it("S1.80 does not kill if every limit is 0", async () => {
    expect((await manage(["-a0", "-i", "0", "-t", "0"])).stdout).toBe(report);
  });

  it("S1.80 S1.85 prints the groups for Zabbix, and writes the file", async () => {
    const { code, stdout } = await manage(["--zabbix-discovery"]);
    expect(code).toBe(0);
    expect(stdout).toBe('{"data": [{"{#NAME}": "native"}]}\n');
    expect(saved()).toContain("busy-workers");
  });

  it("S1.80 reports with --watch without a terminal, and writes nothing", async () => {
    const { code, stdout } = await manage(["--watch"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: report });
    expect(saved()).toBeUndefined();
  });

  it("S1.87 repaints the report on a terminal, writes nothing, and ends with 0", async () => {
    let asked = 0;
    const stop = new AbortController();
    const text = Buffer.from(pages.auto ?? "").toString();
    const later = Buffer.from(text.replace(/(Total Accesses: ).*/, "$1190"));
    const changing = {
      ...pages,
      onRequest() {
        asked++;
        if (asked === 3) changing.auto = later;
        if (asked === 5) stop.abort();
      },
    };
    const url = await servePages(changing);
    const world = { columns: 40, stop };
    const { code, stdout } = await manage(["-w", "--interval=100ms"], world, table(), url);
    expect(code).toBe(0);
    expect(stdout.startsWith("\x1b[?1049h")).toBe(true);
    expect(stdout.endsWith("\x1b[?1049l")).toBe(true);
    expect(stdout).toContain("\x1b[1mServer metrics:\x1b[22m");
    expect(stdout.match(/Total accesses: \d+/g)).toEqual([
      "Total accesses: 180",
      "Total accesses: 190",
    ]);
    expect(saved()).toBeUndefined();
  });

  it("S1.H ignores positionals and everything after them", async () => {
    expect((await manage(["x", "--nope"])).stdout).toBe(report);
  });

  it("S1.84 writes that httpd does not answer, and exits with 1", async () => {
    const url = `http://127.0.0.1:${await freePort()}/server-status`;
    const { code, stdout, stderr } = await manage([], {}, table(), url);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`ERROR Failed to retrieve Apache status page from ${url}?auto!`);
    expect(saved()).toContain("status-response\t1\n");
  });

  it("S1.84 writes so with limits to kill by, too", async () => {
    const url = `http://127.0.0.1:${await freePort()}/server-status`;
    const { code } = await manage(["-t5m"], {}, table(), url);
    expect(code).toBe(1);
    expect(saved()).toContain("status-response\t1\n");
  });

  it.each([[[]], [["-t5m"]], [["-z"]], [["-q"]], [["-c"]], [["-ck", "-t5m"]]])(
    "S1.84 writes that httpd was not found, with %j",
    async (args) => {
      const world = worldOf(table());
      const all = [`--config=${join(folder, "none.conf")}`, ...args];
      const { code, stderr } = await runIn((io) => runManager(all, io, world));
      // The discovery for Zabbix needs only the processes.
      expect(stderr).toContain("Failed to discover any addresses or ports");
      expect(code).toBe(1);
      expect(saved()).toContain("\nstatus-response\t1\n");
      expect(saved()).toContain("memory-usage\tnative\tcount\t3\n");
    },
  );

  it("S1.81 has floats in the report of a server that has just started", async () => {
    const fresh = await servePages(captured("fresh"));
    const { stdout } = await manage([], {}, table(), fresh);
    expect(stdout).toContain(" - Bytes per request: 0.0 bytes\n");
    expect(stdout).toContain(" - Bytes per second: 0.0 bytes\n - Cpu load: 0.0%\n");
    expect(stdout).toContain(" - Requests per second: 0.0\n");
  });

  it("says that the data file is a folder, and leaves nothing beside it", async () => {
    mkdirSync(dataFile);
    const { code, stderr } = await manage(["-q"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${dataFile} is a folder`);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("S1.I reads no settings, which would make it kill", async () => {
    writeFileSync(settings, "[apache-manager]\nmax-memory-idle = 1\n");
    expect(await manage([])).toEqual({ code: 0, stdout: report, stderr: "" });
  });

  it.each([
    [["--nope"], "Error: option --nope not recognized!\n"],
    [["-a", "foo"], 'Error: Failed to parse size! ("foo")!\n'],
    [["-t", "1 parsec"], 'Error: Failed to parse timespan! ("1 parsec")!\n'],
  ])("S1.86 refuses %j with 1", async (args, message) => {
    expect(await manage(args)).toEqual({ code: 1, stdout: "", stderr: message });
  });

  it("S1.86 exits with 0 for help, which names every option", async () => {
    const { code, stdout } = await manage(["--help"]);
    expect(code).toBe(0);
    const names = ["watch", "max-memory-active", "max-memory-idle", "max-time", "max-ss"];
    const more = ["data-file", "zabbix-discovery", "dry-run", "simulate", "verbose", "quiet"];
    const last = ["help", "collect-metrics", "kill-workers", "hanging-worker-threshold", "url"];
    for (const name of [...names, ...more, ...last]) expect(stdout).toContain(`--${name}`);
  });
});
