import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { StatusSource } from "../../../src/apache/fetch/status-source.js";
import { readLocalWorkers } from "../../../src/apache/workers/local-workers.js";
import { FakeTable, MACHINE, processOf } from "../fake-processes.js";

const headings = ["Srv", "PID", "Acc", "M", "CPU", "SS", "Req", "Conn", "Child", "Slot"];
const rowOf = ([pid, mode = "_", request = "GET / HTTP/1.1", slot = 0]: Row) =>
  `<tr><td>${slot}-0</td><td>${pid}</td><td>1/2/3</td><td>${mode}</td><td>0.5</td><td>3</td><td>7</td>` +
  `<td>1.5</td><td>0.25</td><td>2.5</td><td>127.0.0.1</td><td>h</td><td>${request}</td></tr>`;
type Row = readonly [pid: number | "-", mode?: string, request?: string, slot?: number];
const pageOf = (...rows: readonly Row[]) =>
  `<table><tr>${[...headings, "Client", "VHost", "Request"].map((name) => `<th>${name}</th>`).join("")}</tr>${rows.map(rowOf).join("")}</table>`;

/** Serves one page after another, and repeats the last one. A number delays its end. */
async function serve(...parts: readonly (string | (() => string) | number)[]) {
  const pages = parts.filter((part) => typeof part !== "number");
  const delay = parts.find((part) => typeof part === "number") ?? 0;
  let asked = 0;
  const server = createServer((_, response) => {
    const page = pages[Math.min(asked++, pages.length - 1)] as string | (() => string);
    response.write(typeof page === "string" ? page : page());
    setTimeout(() => response.end(), delay);
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/server-status`;
  return { source: new StatusSource(url), asked: () => asked };
}

const MASTER = 9_000_000;
const child = (pid: number) => processOf(pid, { parentPid: MASTER });
const machine = (...pids: number[]) =>
  new FakeTable([processOf(MASTER, { parentPid: 1 }), ...pids.map(child)]);

describe("the workers of an httpd on this machine", () => {
  it("are proven to be its own", async () => {
    const { source, asked } = await serve(pageOf([9_000_001], [9_000_002, "W"], ["-", "."]));
    const table = machine(9_000_001, 9_000_002);
    const { server, doubt, workers } = await readLocalWorkers(source, table);
    expect({ doubt, asked: asked() }).toEqual({ doubt: undefined, asked: 1 });
    expect(server?.master.pid).toBe(MASTER);
    expect(workers.map(({ process }) => process?.pid)).toEqual([9_000_001, 9_000_002]);
  });

  it("are those of another machine, where one pid alone is the same", async () => {
    const file = new URL(
      "../../fixtures/apache-status/another-machine--html.html",
      import.meta.url,
    );
    const html = readFileSync(file, "latin1").replace("24168", "9000001");
    const { source } = await serve(html);
    const { server, doubt, workers } = await readLocalWorkers(source, machine(9_000_001));
    expect(server).toBeUndefined();
    expect(doubt?.reason).toBe(
      "the page names processes that are not children of httpd (process 9000000): 990000, 990001, 990002 …",
    );
    expect(workers.every(({ process }) => process === undefined)).toBe(true);
  });

  it("are read once where none of the pids is one of ours", async () => {
    const { source, asked } = await serve(pageOf([9_000_008], [9_000_009]));
    const { doubt } = await readLocalWorkers(source, machine(9_000_001));
    expect(doubt?.reason).toContain("not children of httpd (process 9000000): 9000008, 9000009");
    expect(asked()).toBe(1);
  });

  it("may have ended while the page was made", async () => {
    const table = machine(9_000_001);
    const { source, asked } = await serve(() => {
      table.processes.set(9_000_002, child(9_000_002));
      setTimeout(() => table.processes.delete(9_000_002), 50);
      return pageOf([9_000_001], [9_000_002, "G"]);
    }, 100);
    const { doubt, workers } = await readLocalWorkers(source, table);
    expect({ doubt, asked: asked() }).toEqual({ doubt: undefined, asked: 1 });
    expect(workers.map(({ process }) => process?.pid)).toEqual([9_000_001, undefined]);
  });

  it("are read again where one is not known, which a page may name that has just ended", async () => {
    const { source, asked } = await serve(
      pageOf([9_000_001], [9_000_009, "G", "", 1]),
      pageOf([9_000_001]),
    );
    const { server, doubt } = await readLocalWorkers(source, machine(9_000_001));
    expect({ doubt, asked: asked() }).toEqual({ doubt: undefined, asked: 2 });
    expect(server?.master.pid).toBe(MASTER);
  });

  it("leave threads in the slot of a child where they were killed", async () => {
    const { source, asked } = await serve(
      pageOf([9_000_001, "_", "", 3], [9_000_002, "_", "", 4], [9_000_009, "S", "", 3]),
    );
    const { doubt, workers } = await readLocalWorkers(source, machine(9_000_001, 9_000_002));
    expect({ doubt, asked: asked() }).toEqual({ doubt: undefined, asked: 1 });
    expect(workers.map(({ process }) => process?.pid)).toEqual([9_000_001, 9_000_002, undefined]);
  });

  it.each([
    [
      "in a slot that no child has",
      pageOf([9_000_001, "_", "", 3], [9_000_002, "_", "", 4], [9_000_009, "S", "", 5]),
    ],
    [
      "but not most of them",
      pageOf([9_000_001, "_", "", 3], [9_000_008, "_", "", 3], [9_000_009, "S", "", 3]),
    ],
  ])("leave threads, %s", async (_, page) => {
    const { source } = await serve(page);
    const { doubt } = await readLocalWorkers(source, machine(9_000_001, 9_000_002));
    expect(doubt?.reason).toContain("not children of httpd");
  });

  it("may have a slot whose process is about to start, which shows 0", async () => {
    const { source, asked } = await serve(pageOf([9_000_001], [0, "S"]));
    const { doubt, workers } = await readLocalWorkers(source, machine(9_000_001));
    expect({ doubt, asked: asked() }).toEqual({ doubt: undefined, asked: 1 });
    expect(workers.map(({ pid }) => pid)).toEqual([9_000_001, undefined]);
  });

  it("are unknown if the page names no process", async () => {
    const { source } = await serve(pageOf(["-", "."]));
    const { doubt } = await readLocalWorkers(source, machine(9_000_001));
    expect(doubt?.reason).toBe("the page names no process");
  });

  it("may be shown, and not killed, in a container with the host's network", async () => {
    const table = machine(9_000_001);
    table.innerPids.set(MASTER, 1).set(9_000_001, 8);
    table.otherNamespaces.set(MASTER, { ...MACHINE, pid: "pid:[2]" });
    const { source } = await serve(pageOf([8]));
    const { doubt, workers } = await readLocalWorkers(source, table);
    expect(doubt?.reason).toBe("httpd (process 9000000) has a pid namespace of its own");
    expect(workers[0]?.process?.pid).toBe(9_000_001);
    const given = await readLocalWorkers(source, table, { masterPid: MASTER });
    expect(given).toMatchObject({ doubt: undefined, workers: [{ process: { pid: 9_000_001 } }] });
  });

  it("may be shown, and not killed, behind a front end that is not an httpd", async () => {
    const table = machine(9_000_001);
    table.openSockets.clear();
    const { source } = await serve(pageOf([9_000_001]));
    const { server, doubt } = await readLocalWorkers(source, table);
    expect(server?.master.pid).toBe(MASTER);
    expect(doubt).toBeDefined();
  });
});

describe("a given master", () => {
  it("is accepted, whatever its program is called", async () => {
    const own = { executable: "/opt/rh-web", name: "rh-web" };
    const table = new FakeTable([
      processOf(MASTER, { parentPid: 1, ...own }),
      processOf(9_000_001, { parentPid: MASTER, ...own }),
    ]);
    table.openSockets.clear();
    const { source } = await serve(pageOf([9_000_001]));
    expect((await readLocalWorkers(source, table)).server).toBeUndefined();
    const { server, doubt } = await readLocalWorkers(source, table, { masterPid: MASTER });
    expect(doubt).toBeUndefined();
    expect(server?.children.map(({ pid }) => pid)).toEqual([9_000_001]);
  });

  it("is refused if it is not the parent of the processes on the page", async () => {
    const { source } = await serve(pageOf([9_000_001]));
    const { doubt } = await readLocalWorkers(source, machine(9_000_001), { masterPid: 9_000_001 });
    expect(doubt?.reason).toContain("not children of process 9000001: 9000001");
  });

  it("is refused if there is no such process", async () => {
    const { source } = await serve(pageOf([9_000_001]));
    const { doubt } = await readLocalWorkers(source, machine(9_000_001), { masterPid: 4 });
    expect(doubt?.reason).toBe("there is no process 4");
  });
});

describe("our own request for the page", () => {
  const own = "GET /server-status HTTP/1.1";
  const activities = async (...rows: readonly Row[]) => {
    const { source } = await serve(pageOf(...rows));
    const { workers } = await readLocalWorkers(source, machine(9_000_001));
    return workers.map(({ activity }) => activity);
  };

  it("makes no worker active", async () => {
    expect(await activities([9_000_001], [9_000_001, "W", own])).toEqual(["idle", "idle"]);
  });

  it.each([
    ["of another path", [9_000_001, "W", "GET /server-status?auto HTTP/1.1"]],
    ["in another state", [9_000_001, "K", own]],
  ] as const)("is not one %s", async (_, row) => {
    expect(await activities(row)).toEqual(["active"]);
  });

  it("is unknown if others request the page, too", async () => {
    const rows = [
      [9_000_001, "W", own],
      [9_000_001, "W", own],
    ] as const;
    expect(await activities(...rows)).toEqual(["active", "active"]);
  });
});
