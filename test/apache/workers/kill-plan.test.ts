import { describe, expect, it } from "vitest";
import type { ApacheProcess } from "../../../src/apache/page/server-process.js";
import type { WorkerRow } from "../../../src/apache/page/worker-row.js";
import type { ProcessInfo } from "../../../src/apache/processes/process-table.js";
import { planKills } from "../../../src/apache/workers/kill-plan.js";
import { type ApacheWorker, joinWorkers } from "../../../src/apache/workers/workers.js";
import { processOf } from "../fake-processes.js";

const MB = 1_000_000;
const master = processOf(100, { parentPid: 1 });

const row = (pid: number, more: Partial<WorkerRow> = {}): WorkerRow =>
  ({ pid, mode: "_", secondsSinceRequest: 1, request: "GET /x HTTP/1.1", ...more }) as WorkerRow;

const workersOf = (
  children: readonly ProcessInfo[],
  rows: readonly WorkerRow[],
  processes: readonly ApacheProcess[] = [],
) => joinWorkers({ rows, processes, server: { master, children } });

describe("which workers are killed", () => {
  const plan = (workers: readonly ApacheWorker[], limits: Parameters<typeof planKills>[1]) =>
    planKills(workers, limits).kills.map(({ process }) => process.pid);
  const workers = workersOf(
    [
      processOf(3, { rss: 50 * MB }),
      processOf(1, { rss: 10 * MB }),
      processOf(2, { rss: 20 * MB }),
      processOf(4, { rss: 50 * MB }),
    ],
    [
      row(3, { mode: "W", secondsSinceRequest: 10 }),
      row(1, { mode: "W", secondsSinceRequest: 400 }),
      row(2),
      row(4),
    ],
  );

  it("S1.70 has no limits where they are 0 or absent", () => {
    expect(plan(workers, {})).toEqual([]);
    expect(plan(workers, { maxMemoryActive: 0, maxMemoryIdle: 0, maxTime: 0 })).toEqual([]);
  });

  it("S1.70 compares active and idle workers with their own limits", () => {
    expect(plan(workers, { maxMemoryActive: 1 })).toEqual([1, 3]);
    expect(plan(workers, { maxMemoryIdle: 1 })).toEqual([2, 4]);
    expect(plan(workers, { maxMemoryActive: 30 * MB, maxMemoryIdle: 30 * MB })).toEqual([3, 4]);
  });

  it("S1.70 kills above a limit, not at it", () => {
    expect(plan(workers, { maxMemoryActive: 50 * MB })).toEqual([]);
    expect(plan(workers, { maxMemoryActive: 50 * MB - 1 })).toEqual([3]);
    expect(plan(workers, { maxTime: 400 })).toEqual([]);
    expect(plan(workers, { maxTime: 399 })).toEqual([1]);
  });

  it("S1.70 sorts by pid, and looks at memory first", () => {
    const kills = planKills(workers, { maxMemoryActive: 5 * MB, maxTime: 100 }).kills;
    expect(kills.map(({ process, memoryLimit }) => [process.pid, memoryLimit])).toEqual([
      [1, 5 * MB],
      [3, 5 * MB],
    ]);
  });

  it("S1.51 S1.70 has no time limit for idle workers, nor while a connection is kept alive", () => {
    const waiting = workersOf(
      [processOf(1), processOf(2), processOf(3)],
      [
        row(1, { secondsSinceRequest: 9000 }),
        row(2, { mode: "K", secondsSinceRequest: 9000 }),
        row(3, { mode: "W", secondsSinceRequest: undefined }),
      ],
    );
    expect(plan(waiting, { maxTime: 1 })).toEqual([]);
  });

  it("S1.48 never kills a worker whose mode is unknown", () => {
    const unknown = workersOf(
      [processOf(1, { rss: 900 * MB })],
      [row(1, { mode: undefined, secondsSinceRequest: 9000 })],
    );
    expect(plan(unknown, { maxMemoryActive: 1, maxMemoryIdle: 1, maxTime: 1 })).toEqual([]);
  });

  it("S1.64 kills no child that the page does not name, whatever it uses", () => {
    const unused = workersOf([processOf(1), processOf(2)], [row(1, { mode: "W" })]);
    const all = { maxMemoryActive: 1, maxMemoryIdle: 1, maxTime: 1 };
    expect(planKills(unused, all)).toMatchObject({ checked: 1 });
    expect(plan(unused, all)).toEqual([1]);
  });

  it("knows the unused processes of event by their table", () => {
    const counted = (pid: number, more: Partial<ApacheProcess>) =>
      ({ pid, busyThreads: 0, writing: 0, ...more }) as ApacheProcess;
    const threads = workersOf(
      [processOf(1), processOf(2), processOf(3)],
      [row(1)],
      [counted(1, {}), counted(2, {}), counted(3, { busyThreads: undefined })],
    );
    expect(plan(threads, { maxMemoryIdle: 1, maxMemoryActive: 1 })).toEqual([1, 2]);
  });

  it.each(["writing", "waitIo"])("takes a process of event for active while it has %s", (state) => {
    const threads = workersOf(
      [processOf(1)],
      [row(1)],
      [{ pid: 1, busyThreads: 0, [state]: 1 } as never],
    );
    expect(plan(threads, { maxMemoryIdle: 1 })).toEqual([]);
    expect(plan(threads, { maxMemoryActive: 1 })).toEqual([1]);
  });

  it("S1.73 counts workers, but no more of a process that is to be killed", () => {
    const rows = [1, 1, 1, 1, 1, 2, 2, 2, 2, 2].map((pid) => row(pid, { mode: "W" }));
    const threads = workersOf([processOf(1, { rss: 9 * MB }), processOf(2)], rows);
    expect(planKills(threads, {})).toMatchObject({ checked: 10 });
    expect(planKills(threads, { maxMemoryActive: 5 * MB })).toMatchObject({ checked: 6 });
    expect(planKills(threads, { maxMemoryActive: 1 })).toMatchObject({ checked: 2 });
  });

  it("S1.75 takes a process for idle only if all of its threads are", () => {
    const rows = [row(1), row(1, { mode: "W" }), row(1), row(2), row(2)];
    const threads = workersOf([processOf(1), processOf(2)], rows);
    expect(plan(threads, { maxMemoryIdle: 1 })).toEqual([2]);
    expect(plan(threads, { maxMemoryActive: 1 })).toEqual([1]);
  });

  it("S1.75 does not take a process for idle where a thread is unknown", () => {
    for (const modes of [
      ["_", undefined],
      [undefined, "_"],
    ]) {
      const threads = workersOf(
        [processOf(1)],
        modes.map((mode) => row(1, { mode })),
      );
      expect(plan(threads, { maxMemoryIdle: 1 })).toEqual([]);
    }
  });
});
