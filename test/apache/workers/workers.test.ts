import { describe, expect, it } from "vitest";
import type { WorkerRow } from "../../../src/apache/page/worker-row.js";
import { memoryUsageOf, statisticsOf } from "../../../src/apache/processes/memory-usage.js";
import { describeWorker, joinWorkers } from "../../../src/apache/workers/workers.js";
import { FakeTable, processOf } from "../fake-processes.js";

function rowOf(pid: number | undefined, more: Partial<WorkerRow> = {}): WorkerRow {
  return {
    childNumber: 0,
    generation: 0,
    pid,
    connectionAccesses: 0,
    childAccesses: 0,
    slotAccesses: 0,
    mode: "_",
    cpu: 0,
    secondsSinceRequest: 1,
    requestTime: 0,
    totalTime: 0,
    connectionKilobytes: 0,
    childMegabytes: 0,
    slotMegabytes: 0,
    client: undefined,
    protocol: undefined,
    vhost: undefined,
    request: "GET / HTTP/1.1",
    ...more,
  };
}

const master = processOf(100, { parentPid: 1 });
const serverOf = (...children: ReturnType<typeof processOf>[]) => ({ master, children });

/** The workers in a short form. */
const join = (sources: Parameters<typeof joinWorkers>[0]) =>
  joinWorkers(sources).map(({ pid, kind, activity, process }) => [
    pid,
    kind,
    activity,
    process !== undefined,
  ]);

describe("joining the page, the scoreboard and the processes", () => {
  it("S1.45 S1.46 leaves out slots without a process", () => {
    const rows = [rowOf(1, { mode: "W" }), rowOf(undefined, { mode: "." })];
    expect(join({ rows })).toEqual([[1, "native", "active", false]]);
  });

  it("S1.48 has unknown activity for a worker without a mode", () => {
    expect(join({ rows: [rowOf(1, { mode: undefined })] })).toEqual([
      [1, "native", "unknown", false],
    ]);
  });

  it("finds the process of a worker", () => {
    const rows = [rowOf(1, { mode: "W" }), rowOf(2), rowOf(3)];
    expect(join({ rows, server: serverOf(processOf(1), processOf(2)) })).toEqual([
      [1, "native", "active", true],
      [2, "native", "idle", true],
      [3, "native", "idle", false],
    ]);
  });

  it("S1.49 S1.64 has unknown activity for a child that the page does not name", () => {
    const server = serverOf(processOf(1), processOf(2));
    expect(join({ rows: [rowOf(1, { mode: "W" })], server })).toEqual([
      [1, "native", "active", true],
      [2, "helper", "unknown", true],
    ]);
  });

  it("counts a worker as idle that only answers our request for the page", () => {
    const ownRow = rowOf(1, { mode: "W" });
    const rows = [ownRow, rowOf(2, { mode: "W" })];
    expect(join({ rows, ownRow, server: serverOf(processOf(1), processOf(2)) })).toEqual([
      [1, "native", "idle", true],
      [2, "native", "active", true],
    ]);
  });

  it("S1.62 knows daemons of mod_wsgi by their titles", () => {
    const daemon = processOf(5, { title: "(wsgi:shop)" });
    const workers = joinWorkers({
      rows: [rowOf(1)],
      server: serverOf(processOf(1), daemon),
    });
    expect(workers[1]).toMatchObject({ kind: "wsgi", group: "shop", activity: "active", pid: 5 });
  });

  it("uses the table of processes of the event MPM", () => {
    const processes = [
      { pid: 10, busyThreads: 0 },
      { pid: 11, busyThreads: 0 },
      { pid: 12, busyThreads: 3 },
    ] as never[];
    const server = serverOf(processOf(9), processOf(10), processOf(11), processOf(12));
    expect(join({ rows: [rowOf(10)], processes, server })).toEqual([
      [10, "native", "idle", true],
      [9, "helper", "unknown", true],
      [11, "native", "idle", true],
      [12, "native", "unknown", true],
    ]);
  });

  it("knows processes of a container by the pids that they have in it", () => {
    const table = new FakeTable([processOf(501), processOf(502)]);
    table.innerPids.set(501, 8).set(502, 9);
    const workers = joinWorkers({
      rows: [rowOf(8), rowOf(501)],
      server: serverOf(...table.list()),
      table,
    });
    expect(workers.map(({ pid, process }) => [pid, process?.pid])).toEqual([
      [8, 501],
      [501, undefined],
      [9, 502],
    ]);
  });
});

describe("the description of workers", () => {
  const process = processOf(7);
  const base = { pid: 7, row: undefined, process, isSending: false, group: undefined } as const;
  it.each([
    [{ ...base, kind: "native", activity: "active" }, "native worker 7 (active)"],
    [{ ...base, kind: "native", activity: "idle" }, "native worker 7 (idle)"],
    [{ ...base, kind: "helper", activity: "unknown" }, "helper or unused process 7"],
    [{ ...base, kind: "wsgi", activity: "active", group: "shop" }, "WSGI worker 7 (shop)"],
    [
      { ...base, kind: "native", activity: "unknown", pid: undefined },
      "native worker without a pid (unknown)",
    ],
  ] as const)("S1.52 is %#", (worker, text) => expect(describeWorker(worker)).toBe(text));

  it("S1.60 S1.62 is the memory of workers and of process groups", () => {
    const children = [
      processOf(1, { rss: 10 }),
      processOf(2, { rss: 20, title: "custom-name-two" }),
      processOf(3, { rss: 30, title: "(wsgi:shop)" }),
      processOf(4, { rss: 40, title: "(wsgi:shop)" }),
    ];
    expect(memoryUsageOf(children)).toEqual({
      native: [10, 20],
      groups: new Map([["shop", [30, 40]]]),
    });
    const vanished = memoryUsageOf(children, ({ pid }) => (pid === 1 ? undefined : pid));
    expect(vanished.native).toEqual([2]);
  });

  it.each([
    [[], undefined],
    [[5], { count: 1, minimum: 5, maximum: 5, average: 5, median: 5 }],
    [[3, 1, 2], { count: 3, minimum: 1, maximum: 3, average: 2, median: 2 }],
    [[10, 1, 2, 4], { count: 4, minimum: 1, maximum: 10, average: 4.25, median: 3 }],
  ])("S1.63 is counted, for %j", (numbers, expected) => {
    expect(statisticsOf(numbers)).toEqual(expected);
  });
});
