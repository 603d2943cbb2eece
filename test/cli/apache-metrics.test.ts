import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runDiscover } from "../../src/cli/commands/apache/discover.js";
import { type MetricsOptions, runMetrics } from "../../src/cli/commands/apache/metrics.js";
import { runZabbixDiscovery } from "../../src/cli/commands/apache/zabbix-discovery.js";
import { reportErrors } from "../../src/cli/report-error.js";
import { FakeTable, processOf } from "../apache/fake-processes.js";
import { freePort } from "../harness/ports.js";
import { captured, daemonOf, MASTER, processesOf, servePages } from "./apache-world.js";
import { runHere, runIn } from "./cli.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fcgi-probe-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pages = captured("prefork-idle");
/** Three workers of 1, 2 and 3 pages of memory, and two daemons of mod_wsgi. */
function table(): FakeTable {
  const processes = processesOf(pages.html, (index) => 4096 * (index + 1));
  for (const daemon of [daemonOf(5_000_200, "o'app", 8192), daemonOf(5_000_201, "o'app", 4096)]) {
    processes.processes.set(daemon.pid, daemon);
  }
  return processes;
}

const memory = `# Memory usage of native Apache worker processes.
memory-usage	native	count	3
memory-usage	native	min	4096
memory-usage	native	max	12288
memory-usage	native	average	8192.0
memory-usage	native	median	8192

# Memory usage of "o'app" WSGI worker processes.
memory-usage	o'app	count	2
memory-usage	o'app	min	4096
memory-usage	o'app	max	8192
memory-usage	o'app	average	6144.0
memory-usage	o'app	median	6144.0
`;

const file = `# Global Apache server metrics.
busy-workers	1
bytes-per-request	1006.93
bytes-per-second	474.471
cpu-load	0.0209424
idle-workers	2
requests-per-second	0.471204
total-accesses	180
total-traffic	181248
uptime	382

# Metrics internal to apache-manager.
status-response	0
workers-hanging	0
workers-killed-active	0
workers-killed-idle	0

${memory}`;

const write = (url: string, options: MetricsOptions = {}) =>
  runIn((io) => reportErrors(io, () => runMetrics(url, options, io, table())));

describe("fcgi-probe apache metrics", () => {
  it("S1.82 S1.83 prints the bytes of apache-manager's file", async () => {
    const outcome = await write(await servePages(pages));
    expect(outcome).toEqual({ code: 0, stdout: file, stderr: "" });
  });

  it("S1.82 writes them to a file, and leaves nothing beside it", async () => {
    const path = join(folder, "metrics.txt");
    writeFileSync(path, "old");
    const outcome = await write(await servePages(pages), { dataFile: path });
    expect(outcome).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(readFileSync(path, "utf8")).toBe(file);
    expect(readdirSync(folder)).toEqual(["metrics.txt"]);
  });

  it("S1.84 writes that httpd does not answer, and fails", async () => {
    const path = join(folder, "metrics.txt");
    const url = `http://127.0.0.1:${await freePort()}/server-status`;
    const { code, stderr } = await write(url, { dataFile: path });
    expect(code).toBe(1);
    expect(stderr).toContain("hint: is httpd running");
    expect(readFileSync(path, "utf8")).toBe(
      `# Global Apache server metrics.

# Metrics internal to apache-manager.
status-response	1
workers-hanging	0
workers-killed-active	0
workers-killed-idle	0

${memory}`,
    );
  });

  it("S1.84 writes that no httpd was found, with the processes of the one that runs", async () => {
    const path = join(folder, "metrics.txt");
    const config = join(folder, "none.conf");
    const { code, stderr } = await runIn((io) =>
      reportErrors(io, () => runMetrics(undefined, { config, dataFile: path }, io, table())),
    );
    expect(code).toBe(2);
    expect(stderr).toContain("is missing. Are you sure");
    expect(readFileSync(path, "utf8")).toContain("\nstatus-response\t1\n");
    expect(readFileSync(path, "utf8")).toContain(memory);
  });

  it("S1.83 has floats for the metrics that a server lacks when it has just started", async () => {
    const { stdout } = await write(await servePages(captured("fresh")));
    expect(stdout).toContain(
      "busy-workers\t1\nbytes-per-request\t0.0\nbytes-per-second\t0.0\ncpu-load\t0.0\nidle-workers\t2\nrequests-per-second\t0.0\ntotal-accesses\t0\n",
    );
  });

  it("S1.84 writes the other metrics if a page cannot be read", async () => {
    const { code, stdout } = await write(await servePages(captured("extoff-idle")));
    expect(code).toBe(2);
    expect(stdout).toContain("busy-workers\t1\n");
    expect(stdout).toContain("status-response\t1\n");
  });

  it("counts foreign and native workers, as version 2 does", async () => {
    const { stdout } = await write(await servePages(pages), { counts: true });
    expect(stdout).toContain("apache-manager.\nforeign-worker-count\t2\nnative-worker-count\t3\n");
  });

  it("says why a file was not written", async () => {
    const path = join(folder, "missing", "metrics.txt");
    const { code, stderr } = await write(await servePages(pages), { dataFile: path });
    expect(code).toBe(2);
    expect(stderr).toContain(
      `the metrics file was not written: the folder ${join(folder, "missing")} does not exist\nhint: its folder must exist`,
    );
  });

  it("says that the file is a folder, and leaves nothing beside it", async () => {
    const path = join(folder, "metrics");
    mkdirSync(path);
    const { code, stderr } = await write(await servePages(pages), { dataFile: path });
    expect(code).toBe(2);
    expect(stderr).toContain(
      `the metrics file was not written: ${path} is a folder\nhint: give the path of a file\n`,
    );
    expect(readdirSync(folder)).toEqual(["metrics"]);
  });

  it("writes no memory if several httpds run and no page is read", async () => {
    const two = table();
    two.processes.set(5_000_500, processOf(5_000_500, { parentPid: 1 }));
    const url = `http://127.0.0.1:${await freePort()}/server-status`;
    const outcome = await runIn((io) => reportErrors(io, () => runMetrics(url, {}, io, two)));
    expect(outcome.stdout).toContain("status-response\t1\n");
    expect(outcome.stdout).not.toMatch(/memory/i);
    expect(outcome.stderr).toContain(
      "fcgi-probe: memory is not written, because it is not proven which httpd is meant\n",
    );
  });
});

describe("fcgi-probe apache zabbix-discovery", () => {
  const discover = (processes: FakeTable, master?: string) =>
    runIn((io) =>
      reportErrors(io, () =>
        runZabbixDiscovery(master === undefined ? {} : { master }, io, processes),
      ),
    );

  it("S1.85 has the spacing of Python's JSON, native first, then the groups by name", async () => {
    const processes = table();
    for (const daemon of [daemonOf(5_000_202, "b", 1), daemonOf(5_000_203, "a\u00e9", 1)]) {
      processes.processes.set(daemon.pid, daemon);
    }
    expect((await discover(processes)).stdout).toBe(
      '{"data": [{"{#NAME}": "native"}, {"{#NAME}": "a\\u00e9"}, {"{#NAME}": "b"}, {"{#NAME}": "o\'app"}]}\n',
    );
  });

  it("writes the groups of the httpd whose master is given", async () => {
    const processes = table();
    processes.processes.set(5_000_500, processOf(5_000_500, { parentPid: 1 }));
    processes.processes.set(5_000_501, processOf(5_000_501, { parentPid: 5_000_500 }));
    const { stdout } = await discover(processes, "5000500");
    expect(stdout).toBe('{"data": [{"{#NAME}": "native"}]}\n');
    expect((await discover(processes, `${MASTER}`)).stdout).toContain("o'app");
  });

  it("exits with 1 if no httpd runs", async () => {
    const { code, stdout, stderr } = await discover(new FakeTable([]));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("no httpd runs on this machine");
  });
});

describe("fcgi-probe apache discover", () => {
  it("shows where httpd listens, its pages and its master", async () => {
    const config = join(folder, "httpd.conf");
    const pidFile = join(folder, "httpd.pid");
    writeFileSync(pidFile, `${MASTER}\n`);
    writeFileSync(config, `PidFile ${pidFile}\nListen 8080\nlisten [::]:8443 https\nListen x\n`);
    const { code, stdout, stderr } = await runIn((io) => runDiscover({ config }, io, table()));
    expect(code).toBe(0);
    expect(stdout).toBe(
      `configuration  ${config}
status page    http://127.0.0.1:8080/server-status
text page      http://127.0.0.1:8080/server-status?auto
PidFile        ${pidFile}, master 5000100 with 5 children

PROTOCOL  ADDRESS    PORT  URL
http      127.0.0.1  8080  http://127.0.0.1:8080
https     [::1]      8443  https://[::1]:8443
`,
    );
    expect(stderr).toContain("Failed to parse listen directive on line 4");
  });

  it("writes JSON", async () => {
    const config = join(folder, "httpd.conf");
    writeFileSync(config, "Listen 80\n");
    const { stdout } = await runHere([
      "apache",
      "discover",
      "--config",
      config,
      "--format",
      "json",
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      file: config,
      listeners: [{ protocol: "http", address: "127.0.0.1", port: 80, url: "http://127.0.0.1" }],
      statusUrl: "http://127.0.0.1/server-status",
      textUrl: "http://127.0.0.1/server-status?auto",
    });
  });

  it("knows the names that are given, and the host that leads to the page", async () => {
    const config = join(folder, "httpd.conf");
    const host = (name: string, inner = "") =>
      `<VirtualHost *:81>\nServerName ${name}\n${inner}</VirtualHost>\n`;
    const location = "<Location /s>\nSetHandler server-status\n</Location>\n";
    writeFileSync(
      config,
      `<IfDefine A>\nListen 81\n</IfDefine>\n${host("a.example")}${host("b.example", location)}`,
    );
    const args = ["apache", "discover", "--config", config];
    const { stdout } = await runHere([...args, "--define", "A"]);
    expect(stdout).toContain(
      "text page      http://127.0.0.1:81/s?auto\nHost           b.example\n",
    );
    expect((await runHere(args)).code).toBe(2);
    const bad = await runHere([...args, "--define", "A B"]);
    expect(bad.stderr).toContain("is not a name for --define");
  });

  it("S1.10 exits with 2 if nothing listens", async () => {
    const config = join(folder, "httpd.conf");
    writeFileSync(config, "# nothing\n");
    const { code, stderr } = await runHere(["apache", "discover", "--config", config]);
    expect(code).toBe(2);
    expect(stderr).toContain("Maybe I'm parsing the wrong configuration file?");
  });
});

describe("fcgi-probe apache", () => {
  it("shows help with examples for every command", async () => {
    const names = ["status", "workers", "kill", "metrics", "discover", "zabbix-discovery"];
    const { stdout } = await runHere(["apache", "--help"]);
    for (const name of names) {
      expect(stdout).toContain(`  ${name} `);
      const { code, stdout: help } = await runHere(["apache", name, "--help"]);
      expect(code).toBe(0);
      expect(help).toMatch(/Exit status: 0 success/);
      expect(help).toMatch(/Examples?:\n {2}fcgi-probe apache /);
      expect(help.split("\n").every((line) => line.length <= 90)).toBe(true);
    }
  });

  it("refuses an unknown command", async () => {
    const { code, stderr } = await runHere(["apache", "restart"]);
    expect(code).toBe(2);
    expect(stderr).toContain("unknown command 'restart'");
  });
});
