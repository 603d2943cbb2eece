import { describe, expect, it } from "vitest";
import { type ManagedWorker, WorkerCount } from "../../src/pool/process-manager.js";
import { BackOff } from "../../src/pool/workers.js";

const settings = {
  maxChildren: 10,
  minSpareServers: 2,
  maxSpareServers: 4,
  processIdleTimeout: 10_000,
};
/** Idle and busy workers, from the oldest to the youngest. */
const workers = (idle: number, busy: number): ManagedWorker[] =>
  Array.from({ length: idle + busy }, (_, index) => ({
    idle: index < idle ? 5_000 : undefined,
    startedAt: index,
  }));

describe("a static pool", () => {
  const count = new WorkerCount({ ...settings, pm: "static" });

  it("has all its workers", () => {
    expect(count.decide(workers(3, 1)).start).toBe(6);
    expect(count.decide(workers(0, 10)).start).toBe(0);
  });

  it("starts none for connections that wait, and does not report its limit", () => {
    expect(count.decideWaiting(5, 10, 0)).toEqual({ start: 0, end: [], atLimit: false });
  });
});

describe("a dynamic pool", () => {
  it("starts 1, 2, 4 workers a second until it has enough idle ones", () => {
    const wide = { ...settings, maxChildren: 40, minSpareServers: 6, maxSpareServers: 8 };
    const count = new WorkerCount({ ...wide, pm: "dynamic" });
    expect([0, 1, 3].map((idle) => count.decide(workers(idle, 3)).start)).toEqual([1, 2, 3]);
  });

  it("begins with 1 again after a second with enough idle workers", () => {
    const count = new WorkerCount({ ...settings, pm: "dynamic" });
    count.decide(workers(0, 2));
    count.decide(workers(2, 2));
    expect(count.decide(workers(0, 4)).start).toBe(1);
  });

  it("ends the youngest idle worker if there are too many, one a second", () => {
    const count = new WorkerCount({ ...settings, pm: "dynamic" });
    expect(count.decide(workers(6, 2)).end).toEqual([{ idle: 5_000, startedAt: 5 }]);
    expect(count.decide(workers(4, 2)).end).toEqual([]);
  });

  it("reports that maxChildren is reached", () => {
    const count = new WorkerCount({ ...settings, pm: "dynamic" });
    expect(count.decide(workers(0, 10))).toEqual({ start: 0, end: [], atLimit: true });
  });
});

describe("an ondemand pool", () => {
  const count = new WorkerCount({ ...settings, pm: "ondemand" });

  it("starts a worker for each connection that waits, minus the workers that are starting", () => {
    expect(count.decideWaiting(5, 4, 2).start).toBe(3);
    expect(count.decideWaiting(2, 4, 2).start).toBe(0);
  });

  it("starts no more than maxChildren, and reports when it is reached", () => {
    expect(count.decideWaiting(9, 8, 0)).toEqual({ start: 2, end: [], atLimit: false });
    expect(count.decideWaiting(1, 10, 0)).toEqual({ start: 0, end: [], atLimit: true });
  });

  it("ends workers that have been idle for processIdleTimeout", () => {
    const late = { idle: 10_000, startedAt: 1 };
    const decision = count.decide([{ idle: 9_999, startedAt: 0 }, late, ...workers(0, 1)]);
    expect(decision.end).toEqual([late]);
  });

  it("ends none without that timeout", () => {
    const endless = new WorkerCount({ ...settings, pm: "ondemand", processIdleTimeout: 0 });
    expect(endless.decide([{ idle: 1e9, startedAt: 0 }]).end).toEqual([]);
  });
});

describe("the pause before a worker is replaced", () => {
  it("is 0 for the first that dies early, then doubles up to 30 s", () => {
    const backOff = new BackOff();
    const pauses = Array.from({ length: 12 }, () => backOff.died(false));
    expect(pauses.slice(0, 5)).toEqual([0, 100, 200, 400, 800]);
    expect(pauses.at(-1)).toBe(30_000);
  });

  it("is 0 again after a worker that was healthy", () => {
    const backOff = new BackOff();
    for (let death = 0; death < 4; death++) backOff.died(false);
    expect(backOff.died(true)).toBe(0);
    expect(backOff.died(false)).toBe(0);
  });
});
