import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runManager } from "../../src/cli/apache-manager/apache-manager.js";
import { parseOptions } from "../../src/cli/apache-manager/getopt.js";
import type { ManagerWorld } from "../../src/cli/apache-manager/manager.js";
import { readManagerOptions } from "../../src/cli/apache-manager/options.js";
import type { FakeTable } from "../apache/fake-processes.js";
import { freePort } from "../harness/ports.js";
import { captured, daemonOf, processesOf, servePages } from "./apache-world.js";
import { runIn, type World } from "./cli.js";

let folder: string;
let dataFile: string;
let settings: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fcgi-probe-"));
  dataFile = join(folder, "apache-manager.txt");
  settings = join(folder, "etc", "apache-manager.ini");
  mkdirSync(join(folder, "etc"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pages = captured("prefork-idle");
/** Workers of 100, 200 and 300 MB; the last does nothing but answer us. */
const table = () => processesOf(pages.html, (index) => 100_000_000 * (index + 1));

/** What went to the system's log. */
const systemLines: string[] = [];

function worldOf(processes: FakeTable): ManagerWorld {
  return {
    table: processes,
    home: join(folder, "home"),
    etc: join(folder, "etc"),
    temporaryFolder: folder,
    host: "web1",
    pid: 44,
    now: () => new Date(2026, 10, 20, 18, 24, 54),
    systemLog: async (line) => {
      // logger(1) takes a while.
      await sleep(20);
      systemLines.push(line);
    },
  };
}

const manage = async (
  args: readonly string[],
  world: World = {},
  processes: FakeTable = table(),
  url?: string,
) => {
  const page = `--url=${url ?? (await servePages(pages))}`;
  return runIn((io) => runManager([page, ...args], io, worldOf(processes)), world);
};
const saved = () => {
  try {
    return readFileSync(dataFile, "utf8");
  } catch {
    return undefined;
  }
};
const log = (level: string, text: string) =>
  `2026-11-20 18:24:54 web1 apache_manager[44] ${level} ${text}\n`;

const report = `Server metrics:
 - Busy workers: 1
 - Bytes per request: 1.01 KB
 - Bytes per second: 474.471 bytes
 - Cpu load: 0.0%
 - Idle workers: 2
 - Requests per second: 0.471204
 - Total accesses: 180
 - Total traffic: 181.25 KB
 - Uptime: 6 minutes and 22 seconds

Memory usage of Apache workers (3 workers):
 - Minimum: 100 MB
 - Average: 200 MB
 - Maximum: 300 MB
`;

const killed = [
  log("INFO", "Performing a dry run .."),
  log(
    "INFO",
    "Killing native worker 5029045 (idle) using 200 MB (GET /server-status?auto HTTP/1.1) ..",
  ),
  log("INFO", "Killing native worker 5029047 (idle) using 300 MB (GET /server-status HTTP/1.1) .."),
  log("INFO", "Would kill 2 of 3 Apache workers."),
].join("");

describe("getopt", () => {
  const specs = [
    { long: ["watch"], short: "w" },
    { long: ["max-ss", "max-time"], short: "t", takesValue: true },
    { long: ["help"], short: "h" },
  ];
  const later = [{ long: ["hanging"], short: "T", takesValue: true }];
  const parse = (...args: string[]) => {
    const { options, positionals } = parseOptions(args, [specs, later]);
    return [...options.map(({ spec, value }) => `${spec.long[0]}=${value}`), ...positionals];
  };

  it.each([
    [
      ["-w", "-t", "5"],
      ["watch=", "max-ss=5"],
    ],
    [["-wt5"], ["watch=", "max-ss=5"]],
    [["-t-5"], ["max-ss=-5"]],
    [
      ["--max-time=5", "--max-ss", "6"],
      ["max-ss=5", "max-ss=6"],
    ],
    [["--max-time="], ["max-ss="]],
    [
      ["--wa", "--max-t=1"],
      ["watch=", "max-ss=1"],
    ],
    [["--h"], ["help="]],
    [["--ha=3"], ["hanging=3"]],
    [
      ["-w", "x", "-h"],
      ["watch=", "x", "-h"],
    ],
    [
      ["-w", "--", "-h"],
      ["watch=", "-h"],
    ],
    [
      ["-", "-w"],
      ["-", "-w"],
    ],
  ])("S1.H reads %j", (args, result) => {
    expect(parse(...args)).toEqual(result);
  });

  it.each([
    [["--nope"], "option --nope not recognized"],
    [["-x"], "option -x not recognized"],
    [["-wx"], "option -x not recognized"],
    [["--max"], "option --max not a unique prefix"],
    [["-t"], "option -t requires argument"],
    [["--max-time"], "option --max-time requires argument"],
    [["--watch=1"], "option --watch must not have an argument"],
  ])("S1.86 refuses %j", (args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });
});

describe("the options of apache-manager", () => {
  it("S1.H are those of version 1", () => {
    const args = ["-a", "1K", "-i2K", "--max-ss=3m", "-f", "x", "-znw", "-vvq"];
    expect(readManagerOptions(args)).toMatchObject({
      version: 1,
      maxMemoryActive: 1000,
      maxMemoryIdle: 2000,
      maxTime: 180,
      dataFile: "x",
      zabbixDiscovery: true,
      dryRun: true,
      watch: true,
      verbosity: 1,
    });
  });

  it.each(["-c", "-k", "-T5m"])(
    "S1.I S1.88 are those of version 2 with %s: sizes are binary",
    (option) => {
      expect(readManagerOptions([option, "-a", "500M"])).toMatchObject({
        version: 2,
        maxMemoryActive: 524_288_000,
      });
      expect(readManagerOptions(["-a", "500M"])).toMatchObject({
        version: 1,
        maxMemoryActive: 500_000_000,
      });
    },
  );

  it("keep each prefix that was unique in version 1 and 2", () => {
    expect(readManagerOptions(["--h"])).toMatchObject({ help: true });
    expect(readManagerOptions(["--c"])).toMatchObject({ collectMetrics: true });
    expect(readManagerOptions(["--hang", "1m"])).toMatchObject({ hangingAfter: 60 });
    expect(readManagerOptions(["--in=1m"])).toMatchObject({ interval: 60 });
    expect(readManagerOptions(["--define=A", "--de", "B"])).toMatchObject({ define: ["A", "B"] });
  });
});

describe("apache-manager, as version 1", () => {
  it("S1.80 S1.81 reports, and writes the metrics file", async () => {
    const outcome = await manage([]);
    expect(outcome).toEqual({ code: 0, stdout: report, stderr: "" });
    expect(saved()).toContain("busy-workers\t1\n");
    expect(saved()).not.toContain("worker-count");
  });

  it("S1.81 tells main workers from those of mod_wsgi", async () => {
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

  it("S1.81 has green headings on a terminal, and by NO_COLOR none", async () => {
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

  it("S1.70 S1.72 S1.80 S1.90 kills where a limit is given, and logs it", async () => {
    const args = ["--max-memory-active=250MB", "-i", "150M", "--simulate"];
    expect(await manage(args)).toEqual({ code: 0, stdout: "", stderr: killed });
  });

  it("S1.74 counts nothing as killed in a dry run", async () => {
    const { stdout } = await manage(["-i", "150M", "-n", "-f", "-"]);
    expect(stdout).toContain("workers-killed-active\t0\nworkers-killed-idle\t0\n");
  });

  it("S1.80 does not kill where every limit is 0", async () => {
    expect((await manage(["-a0", "-i", "0", "-t", "0"])).stdout).toBe(report);
  });

  it("S1.80 S1.85 tells Zabbix, and writes the file", async () => {
    const { code, stdout } = await manage(["--zabbix-discovery"]);
    expect(code).toBe(0);
    expect(stdout).toBe('{"data": [{"{#NAME}": "native"}]}\n');
    expect(saved()).toContain("busy-workers");
  });

  it("S1.80 reports with --watch where there is no terminal, and writes nothing", async () => {
    const { code, stdout } = await manage(["--watch"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: report });
    expect(saved()).toBeUndefined();
  });

  it("S1.87 repaints the report on a terminal, writes nothing, and ends with 0", async () => {
    let asked = 0;
    const stop = new AbortController();
    const onRequest = () => {
      asked++;
      if (asked === 5) stop.abort();
    };
    const url = await servePages({ ...pages, onRequest });
    const world = { columns: 40, stop };
    const { code, stdout } = await manage(["-w", "--interval=100ms"], world, table(), url);
    expect(code).toBe(0);
    expect(stdout.startsWith("\x1b[?1049h")).toBe(true);
    expect(stdout.endsWith("\x1b[?1049l")).toBe(true);
    expect(stdout.split("\x1b[1mServer metrics:\x1b[22m").length - 1).toBe(2);
    expect(saved()).toBeUndefined();
  });

  it("S1.H ignores positionals and what is behind them", async () => {
    expect((await manage(["x", "--nope"])).stdout).toBe(report);
  });

  it("S1.84 writes that httpd does not answer, and exits with 1", async () => {
    const url = `http://127.0.0.1:${await freePort()}/server-status`;
    const { code, stdout, stderr } = await manage([], {}, table(), url);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`ERROR Failed to retrieve Apache status page from ${url}?auto!`);
    expect(saved()).toContain("status-response\t1\n");
  });

  it("S1.84 writes so too where it was to kill", async () => {
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
      // The processes alone tell Zabbix of process groups.
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

  it("S1.I reads no settings: they would make it kill", async () => {
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

describe("apache-manager, as version 2", () => {
  it("S1.I collects with -c, says nothing, and counts foreign and native workers", async () => {
    expect(await manage(["--collect-metrics"])).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(saved()).toContain(
      "foreign-worker-count\t0\nnative-worker-count\t3\nstatus-response\t0\n",
    );
  });

  it("S1.I does not kill without -k, whatever the limits", async () => {
    const { stderr } = await manage(["-c", "-i", "1"]);
    expect(stderr).toBe("");
  });

  it("S1.I S1.72 kills with -k by the limits of the settings, and logs a notice", async () => {
    writeFileSync(settings, "[apache-manager]\nmax-memory-idle = 180M\n");
    const { code, stdout, stderr } = await manage(["-kn"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toContain(
      log(
        "NOTICE",
        "Killing native worker 5029045 (idle) using 200 MB (GET /server-status?auto HTTP/1.1) ..",
      ),
    );
    expect(stderr.endsWith(log("INFO", "Would kill 2 of 3 Apache workers."))).toBe(true);
    expect(saved()).toBeUndefined();
  });

  it("S1.I takes the command line before the settings", async () => {
    writeFileSync(settings, "[apache-manager]\nmax-memory-idle = 1\n");
    const { stderr } = await manage(["-kn", "--max-memory-idle=1G"]);
    expect(stderr).toContain("No Apache workers killed (found 3 workers");
  });

  it("S1.90 shows less with -q, notices still", async () => {
    const { stderr } = await manage(["-knq", "-i", "250M"]);
    expect(stderr).toMatch(
      /^\S+ \S+ web1 apache_manager\[44\] NOTICE Killing native .*300 MB.*\n$/,
    );
    expect(systemLines.at(-1)).toMatch(/^NOTICE Killing native .* \(idle\)/);
  });

  it("S1.I counts as hanging what the threshold says", async () => {
    const loaded = captured("prefork-loaded");
    const url = await servePages(loaded);
    const processes = processesOf(loaded.html, () => 4096);
    const run = (threshold: string) =>
      manage(["-c", "-f", "-", "-T", threshold], {}, processes, url);
    expect((await run("1h")).stdout).toContain("workers-hanging\t0\n");
    expect((await run("1s")).stdout).toMatch(/^workers-hanging\t[1-9]\d*$/m);
  });

  it("S1.I writes nothing to a file in a dry run, and prints it to -", async () => {
    expect((await manage(["-cn"])).stdout).toBe("");
    expect(saved()).toBeUndefined();
    expect((await manage(["-cn", "--data-file=-"])).stdout).toContain("native-worker-count\t3\n");
  });

  it("S1.I reports where no action is asked for", async () => {
    expect(await manage(["-T", "1m"])).toEqual({ code: 0, stdout: report, stderr: "" });
    expect(saved()).toBeUndefined();
  });

  it.each([
    [["-k", "x"], "Error: This program doesn't support any positional arguments!\n"],
    [["-cw"], "Error: The 'apache-manager --watch' command requires an interactive terminal!\n"],
  ])("S1.I refuses %j", async (args, message) => {
    expect(await manage(args)).toEqual({ code: 1, stdout: "", stderr: message });
  });

  it("warns of settings that it does not understand", async () => {
    writeFileSync(settings, "[apache-manager]\nnonsense = 1\n");
    const { stderr } = await manage(["-c"]);
    expect(stderr).toContain("WARNING");
    expect(stderr).toContain("sets nonsense on line 2, which is no setting");
  });
});
