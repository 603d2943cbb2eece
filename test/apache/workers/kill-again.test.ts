import { describe, expect, it } from "vitest";
import type { WorkerRow } from "../../../src/apache/page/worker-row.js";
import type { ProcessInfo } from "../../../src/apache/processes/process-table.js";
import { killWorkers } from "../../../src/apache/workers/kill.js";
import type { WorkerLimits } from "../../../src/apache/workers/kill-plan.js";
import { joinWorkers } from "../../../src/apache/workers/workers.js";
import { FakeTable, processOf } from "../fake-processes.js";

const master = processOf(100, { parentPid: 1 });
const busy = (pid: number, more: Partial<WorkerRow> = {}): WorkerRow =>
  ({ pid, mode: "W", secondsSinceRequest: 400, request: "GET /x HTTP/1.1", ...more }) as WorkerRow;

/** Kills by a first page and a second one, and returns the signals that were sent. */
async function kill(
  first: readonly WorkerRow[],
  second: readonly WorkerRow[],
  limits: WorkerLimits,
  then: readonly ProcessInfo[] = [],
) {
  const table = new FakeTable([master, processOf(1), processOf(2)]);
  const read = (rows: readonly WorkerRow[]) => {
    const children = table.list().filter(({ parentPid }) => parentPid === master.pid);
    return joinWorkers({ rows, server: { master, children }, table });
  };
  const sent: number[] = [];
  const workers = read(first);
  const result = await killWorkers(workers, { master, children: [] }, table, {
    ...limits,
    again: async () => {
      for (const process of then) table.processes.set(process.pid, process);
      return read(second);
    },
    send: (pid) => {
      sent.push(pid);
      table.processes.delete(pid);
    },
  });
  return { sent, result };
}

describe("just before a kill the page is read again", () => {
  it("kills a worker that is still on its request", async () => {
    const { sent, result } = await kill([busy(1), busy(2)], [busy(1), busy(2)], { maxTime: 300 });
    expect(sent).toEqual([1, 2]);
    expect(result).toMatchObject({ killed: [1, 2], killedActive: 2, spared: [] });
  });

  it.each([
    ["waits again", busy(1, { mode: "_" })],
    ["keeps its connection alive", busy(1, { mode: "K" })],
    ["has begun another request", busy(1, { secondsSinceRequest: 0 })],
    ["does what is not known", busy(1, { mode: undefined })],
  ])("spares a worker that %s", async (_, now) => {
    const { sent, result } = await kill([busy(1), busy(2)], [now, busy(2)], { maxTime: 300 });
    expect(sent).toEqual([2]);
    expect(result).toMatchObject({ killed: [2], spared: [1], refused: [] });
  });

  it("spares a worker that the page no longer names", async () => {
    const { sent } = await kill([busy(1), busy(2)], [busy(2)], { maxTime: 300 });
    expect(sent).toEqual([2]);
  });

  it("spares an idle worker that has a request by now", async () => {
    const idle = busy(1, { mode: "_" });
    const { sent, result } = await kill([idle], [busy(1)], { maxMemoryIdle: 1 });
    expect({ sent, spared: result.spared }).toEqual({ sent: [], spared: [1] });
    const active = await kill([idle], [busy(1)], { maxMemoryIdle: 1, maxMemoryActive: 1 });
    expect(active.sent).toEqual([]);
  });

  it("spares the successor of a worker that has ended", async () => {
    const successor = processOf(1, { startTicks: 999 });
    const { sent } = await kill([busy(1)], [busy(1)], { maxTime: 300 }, [successor]);
    expect(sent).toEqual([]);
  });

  it("kills no worker that was within its limits before", async () => {
    const { sent } = await kill([busy(1), busy(2, { mode: "_" })], [busy(1), busy(2)], {
      maxTime: 300,
    });
    expect(sent).toEqual([1]);
  });
});

describe("without the page", () => {
  const table = new FakeTable([master, processOf(1)]);
  const server = { master, children: [processOf(1)] };
  const workers = joinWorkers({ rows: [busy(1)], server, table });
  const send = () => expect.unreachable("nothing is to be killed");

  it("kills nothing if it cannot be read again", async () => {
    const again = () => Promise.reject(new Error("no page"));
    await expect(
      killWorkers(workers, server, table, { maxTime: 300, maxMemoryActive: 1, again, send }),
    ).rejects.toThrow("no page");
  });

  it("does not kill by time without the option again", async () => {
    await expect(killWorkers(workers, server, table, { maxTime: 300, send })).rejects.toMatchObject(
      {
        code: "bad_input",
      },
    );
  });

  it("does not read it again if nothing is over a limit", async () => {
    const again = () => Promise.reject(new Error("it was read"));
    const result = await killWorkers(workers, server, table, { maxTime: 500, again, send });
    expect(result.killed).toEqual([]);
  });
});
