import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  chooseServer,
  findServers,
  readPidFile,
  wsgiGroup,
} from "../../../src/apache/processes/apache-servers.js";
import { ProcFileSystem } from "../../../src/apache/processes/process-table.js";
import { type FakeProcess, makeProc, processOf } from "../fake-processes.js";

function tableOf(processes: readonly FakeProcess[]): ProcFileSystem {
  const proc = makeProc(processes);
  onTestFinished(proc.remove);
  return new ProcFileSystem(proc.root, 4096);
}

const serversOf = (processes: readonly FakeProcess[]) =>
  findServers(tableOf(processes)).map(({ master, children }) => [
    master.pid,
    children.map(({ pid }) => pid),
  ]);

const commandLine = (pid: number) =>
  Buffer.from(
    readFileSync(
      new URL(`../../fixtures/proc/cmdline-${pid}.hex`, import.meta.url),
      "latin1",
    ).trim(),
    "hex",
  ).toString("latin1");

describe("a process", () => {
  it("S1.60 is read from /proc", () => {
    const table = tableOf([
      {
        pid: 7,
        parentPid: 3,
        threads: 10,
        cpuTicks: 42,
        startTicks: 991,
        pages: 1053,
        userId: 33,
        innerPid: 2,
        pss: 1500,
      },
    ]);
    expect(table.read(7)).toEqual({
      pid: 7,
      parentPid: 3,
      name: "apache2",
      state: "S",
      executable: "/usr/sbin/apache2",
      title: "/usr/sbin/apache2",
      threads: 10,
      cpuTicks: 42,
      startTicks: 991,
      rss: 1053 * 4096,
    });
    expect(table.details(7)).toEqual({ innerPid: 2, userId: 33 });
    expect(table.proportionalMemory(7)).toBe(1500 * 1024);
  });

  it.each(["a) S 1 1 (b", "(((", ")))", "x y z", ""])("S1.60 may be called %j", (name) => {
    expect(tableOf([{ pid: 7, parentPid: 3, name }]).read(7)).toMatchObject({ name, parentPid: 3 });
  });

  it("S1.60 is undefined after it has ended", () => {
    const table = tableOf([]);
    expect(table.read(7)).toBeUndefined();
    expect(table.details(7)).toBeUndefined();
    expect(table.proportionalMemory(7)).toBeUndefined();
    expect(new ProcFileSystem("/nowhere", 4096).list()).toEqual([]);
  });

  it("is undefined if it is a zombie, but its parent is known", () => {
    const table = tableOf([
      { pid: 7, parentPid: 5, state: "Z" },
      { pid: 8, parentPid: 6, name: ") R 9 (" },
    ]);
    expect(table.read(7)).toBeUndefined();
    expect([...table.parents()].sort()).toEqual([
      [7, 5],
      [8, 6],
    ]);
  });

  it("has no sockets and namespaces if this user may not see them", () => {
    const table = tableOf([{ pid: 7, parentPid: 1 }]);
    expect(table.sockets(7)).toBeUndefined();
    expect(table.namespaces(7)).toBeUndefined();
    expect(table.listeners("127.0.0.1", 80)).toEqual([]);
  });

  it("may hide its program, and may have been replaced by an upgrade", () => {
    const table = tableOf([
      { pid: 7, parentPid: 1, executable: "" },
      { pid: 8, parentPid: 1, executable: "/usr/sbin/apache2 (deleted)" },
    ]);
    expect(table.read(7)?.executable).toBeUndefined();
    expect(table.read(8)?.executable).toBe("/usr/sbin/apache2");
  });

  it("is this one in the real /proc", () => {
    const table = new ProcFileSystem();
    const self = table.read(process.pid);
    expect(self).toMatchObject({ pid: process.pid, parentPid: process.ppid });
    expect(self?.executable).toBe(process.execPath);
    const ratio = (self?.rss ?? 0) / process.memoryUsage.rss();
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
    expect(table.proportionalMemory(process.pid)).toBeGreaterThan(1_000_000);
    expect(table.list().map(({ pid }) => pid)).toContain(process.pid);
    expect(table.parents().get(process.pid)).toBe(process.ppid);
    expect(table.namespaces(process.pid)).toEqual(table.namespaces("self"));
    expect(table.namespaces("self")?.pid).toMatch(/^pid:\[\d+\]$/);
  });
});

describe("httpds in the process table", () => {
  it("S1.61 finds the child of process 1, and its children", () => {
    expect(
      serversOf([
        { pid: 1, parentPid: 0, name: "systemd", executable: "/usr/lib/systemd/systemd" },
        { pid: 10, parentPid: 1 },
        { pid: 12, parentPid: 10, userId: 33 },
        { pid: 11, parentPid: 10, userId: 33 },
        { pid: 13, parentPid: 11, name: "sleep.sh", executable: "/bin/dash" },
        { pid: 14, parentPid: 1, name: "nginx", executable: "/usr/sbin/nginx" },
      ]),
    ).toEqual([[10, [11, 12]]]);
  });

  it("S1.61 finds httpd as process 1 of a container", () => {
    const executable = "/usr/local/apache2/bin/httpd";
    expect(
      serversOf([
        { pid: 1, parentPid: 0, name: "httpd", executable },
        { pid: 8, parentPid: 1, name: "httpd", executable },
      ]),
    ).toEqual([[1, [8]]]);
  });

  it("S1.61 finds a master that a supervisor has started", () => {
    expect(
      serversOf([
        { pid: 5, parentPid: 1, name: "runsv", executable: "/usr/bin/runsv" },
        { pid: 6, parentPid: 5 },
        { pid: 7, parentPid: 6 },
      ]),
    ).toEqual([[6, [7]]]);
  });

  it("S1.61 distinguishes several httpds", () => {
    const httpd = { name: "httpd", executable: "/usr/sbin/httpd" };
    expect(
      serversOf([
        { pid: 10, parentPid: 1 },
        { pid: 11, parentPid: 10 },
        { pid: 20, parentPid: 1, ...httpd },
        { pid: 21, parentPid: 20, ...httpd },
        { pid: 30, parentPid: 11, ...httpd },
      ]),
    ).toEqual([
      [10, [11]],
      [20, [21]],
      [30, []],
    ]);
  });

  it("S1.61 finds those whose program this user may not see", () => {
    expect(
      serversOf([
        { pid: 10, parentPid: 1, executable: "" },
        { pid: 11, parentPid: 10, executable: "" },
      ]),
    ).toEqual([[10, [11]]]);
  });

  it.each(["apache2ctl", "httpd-exporter", "apachetop", "my-httpd", "lighttpd"])(
    "does not take %s for httpd",
    (name) => {
      expect(serversOf([{ pid: 9, parentPid: 1, name, executable: `/usr/bin/${name}` }])).toEqual(
        [],
      );
    },
  );

  it.each(["apache2", "httpd", "httpd.worker", "apache2-prefork", "httpd2-event", "apache"])(
    "takes %s for httpd",
    (name) => {
      const executable = `/opt/${name}`;
      expect(serversOf([{ pid: 9, parentPid: 1, name, executable }])).toHaveLength(1);
    },
  );
});

describe("choosing a server", () => {
  const processes: FakeProcess[] = [
    { pid: 5, parentPid: 1, userId: 1000 },
    { pid: 6, parentPid: 5 },
    { pid: 10, parentPid: 1 },
    { pid: 11, parentPid: 10 },
    { pid: 12, parentPid: 10, innerPid: 3 },
    { pid: 20, parentPid: 1 },
  ];

  it("S1.61 takes the first of root's that has children", () => {
    const table = tableOf(processes);
    expect(chooseServer(findServers(table), table)?.master.pid).toBe(10);
  });

  it("takes the one of the PidFile, or none", () => {
    const table = tableOf(processes);
    const servers = findServers(table);
    expect(chooseServer(servers, table, { masterPid: 5 })?.master.pid).toBe(5);
    expect(chooseServer(servers, table, { masterPid: 4711 })).toBeUndefined();
  });

  it("accepts the pid of a master, whatever its program is called", () => {
    const own = { name: "rh-web", executable: "/opt/rh-web" };
    const logger = { name: "cat", executable: "/bin/cat" };
    const table = tableOf([
      { pid: 7, parentPid: 1, ...own },
      { pid: 8, parentPid: 7, ...own },
      { pid: 9, parentPid: 7, ...logger },
    ]);
    const server = chooseServer(findServers(table), table, { masterPid: 7 });
    expect(server?.master.pid).toBe(7);
    expect(server?.children.map(({ pid }) => pid)).toEqual([8]);
  });

  it("does not choose a server by its workers if it has its own pids, as in a container", () => {
    const table = tableOf([
      { pid: 100, parentPid: 1, innerPid: 1 },
      { pid: 101, parentPid: 100, innerPid: 8 },
    ]);
    const workerPids = new Set([8]);
    expect(chooseServer(findServers(table), table, { workerPids })).toBeUndefined();
  });

  it("takes the one that has the workers of the page, or none", () => {
    const table = tableOf(processes);
    const servers = findServers(table);
    const choose = (...pids: number[]) =>
      chooseServer(servers, table, { workerPids: new Set(pids) })?.master.pid;
    expect(choose(6)).toBe(5);
    expect(choose(6, 11, 3)).toBe(10);
    expect(choose(12)).toBeUndefined();
    expect(choose(4711)).toBeUndefined();
  });

  it.each([
    ["4711\n", 4711],
    [" 12 ", 12],
    ["", undefined],
    ["x", undefined],
    ["1 2", undefined],
    ["-5", undefined],
  ])("reads the PidFile %j", (text, pid) => {
    const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-pid-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "httpd.pid"), text);
    expect(readPidFile(join(folder, "httpd.pid"))).toBe(pid);
    expect(readPidFile(join(folder, "none"))).toBeUndefined();
  });
});

describe("the group of a daemon of mod_wsgi", () => {
  it("S1.62 is in its title, as Linux shows it", () => {
    const table = tableOf([
      { pid: 12747, parentPid: 1, commandLine: commandLine(12747) },
      { pid: 12751, parentPid: 1, commandLine: commandLine(12751) },
    ]);
    const group = (pid: number) => wsgiGroup(table.read(pid) ?? processOf(pid));
    expect(group(12747)).toBe("appone");
    expect(group(12751)).toBeUndefined();
  });

  it.each([
    ["(wsgi:name)", "name"],
    ["(wsgi:a", "a"],
    ["(wsgi:a b)   ", "a b"],
    ["(wsgi:)", undefined],
    ["/usr/sbin/apache2", undefined],
    ["x (wsgi:name)", undefined],
    [undefined, undefined],
  ])("S1.62 of %j is %j", (title, group) => {
    expect(wsgiGroup(processOf(1, { title }))).toBe(group);
  });
});
