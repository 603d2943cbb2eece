import { describe, expect, it } from "vitest";
import type { WorkerRow } from "../../../src/apache/page/worker-row.js";
import type { ProcessInfo } from "../../../src/apache/processes/process-table.js";
import { type KillOptions, killWorkers } from "../../../src/apache/workers/kill.js";
import { joinWorkers } from "../../../src/apache/workers/workers.js";
import { FakeTable, processOf } from "../fake-processes.js";

const MB = 1_000_000;
const master = processOf(100, { parentPid: 1 });

const row = (pid: number, more: Partial<WorkerRow> = {}): WorkerRow =>
  ({ pid, mode: "_", secondsSinceRequest: 1, request: "GET /x HTTP/1.1", ...more }) as WorkerRow;

/** An httpd with these children, its page, and the signals sent to them. */
function httpd(children: readonly ProcessInfo[], rows: readonly WorkerRow[]) {
  const table = new FakeTable([master, ...children]);
  const server = { master, children };
  const workers = joinWorkers({ rows, server, table });
  const sent: [number, string][] = [];
  const messages: string[] = [];
  /** A process ends at once, unless it ignores this signal. */
  const deaf = new Map<number, readonly string[]>();
  const kill = (options: KillOptions = {}) =>
    killWorkers(workers, server, table, {
      again: async () => workers,
      grace: 30,
      patience: 30,
      onMessage: (message) => messages.push(message),
      send: (pid, signal) => {
        sent.push([pid, signal]);
        if (!deaf.get(pid)?.includes(signal)) table.processes.delete(pid);
      },
      ...options,
    });
  return { table, kill, sent, messages, deaf };
}

describe("killing", () => {
  it("S1.71 sends KILL, and waits until the workers have ended", async () => {
    const { kill, sent, deaf, table } = httpd(
      [processOf(1), processOf(2)],
      [row(1, { mode: "W" }), row(2)],
    );
    deaf.set(1, ["SIGKILL"]);
    setTimeout(() => table.processes.delete(1), 50);
    const result = await kill({ maxMemoryActive: 1, patience: 5000 });
    expect(table.processes.has(1)).toBe(false);
    expect(sent).toEqual([[1, "SIGKILL"]]);
    expect(result).toMatchObject({ killed: [1], killedActive: 1, killedIdle: 0, refused: [] });
  });

  it("S1.71 signals all at once", async () => {
    const { kill, sent, deaf } = httpd([processOf(1), processOf(2)], [row(1), row(2)]);
    deaf.set(1, ["SIGKILL"]);
    const result = await kill({ maxMemoryIdle: 1 });
    expect(sent.map(([pid]) => pid)).toEqual([1, 2]);
    expect(result.killed).toEqual([2]);
    expect(result.refused).toEqual([{ pid: 1, reason: "the signal did not end it" }]);
  });

  it("S1.71 sends TERM first on request, and KILL to those that remain", async () => {
    const { kill, sent, deaf } = httpd([processOf(1), processOf(2)], [row(1), row(2)]);
    deaf.set(2, ["SIGTERM"]);
    const result = await kill({ maxMemoryIdle: 1, signal: "TERM" });
    expect(sent).toEqual([
      [1, "SIGTERM"],
      [2, "SIGTERM"],
      [2, "SIGKILL"],
    ]);
    expect(result).toMatchObject({ killed: [1, 2], spared: [], refused: [] });
  });

  it("S1.72 says what it does", async () => {
    const { kill, messages } = httpd(
      [
        processOf(25, { rss: 4_100_000 }),
        processOf(26),
        processOf(27, { rss: 5 * MB, title: "(wsgi:shop)" }),
        processOf(28, { rss: 5 * MB }),
      ],
      [row(25), row(26, { mode: "W", secondsSinceRequest: 4, request: undefined })],
    );
    await kill({ maxMemoryIdle: 4_050_000, maxMemoryActive: 4_500_000, maxTime: 3 });
    expect(messages).toEqual([
      "Killing native worker 25 (idle) using 4.1 MB (GET /x HTTP/1.1) ..",
      "Killing native worker 26 (active) hanging for 4 seconds since last request (unknown) ..",
      "Killing WSGI worker 27 (shop) (active) using 5 MB (last request unknown) ..",
      "Killed 3 of 3 Apache workers.",
    ]);
  });

  it("S1.72 says active or idle as it is counted, with a request of such a thread", async () => {
    const rows = [row(1), row(1, { mode: "W", request: "GET /busy HTTP/1.1" })];
    const { kill, messages } = httpd([processOf(1)], rows);
    const result = await kill({ maxMemoryActive: 1 });
    expect(result).toMatchObject({ killedActive: 1, killedIdle: 0 });
    expect(messages[0]).toBe("Killing native worker 1 (active) using 4 MB (GET /busy HTTP/1.1) ..");
  });

  it("S1.72 says that there was nothing to do", async () => {
    const { kill, messages } = httpd([processOf(1), processOf(2)], [row(1), row(2)]);
    await kill({ maxMemoryIdle: 900 * MB });
    expect(messages).toEqual([
      "No Apache workers killed (found 2 workers within resource usage limits).",
    ]);
  });

  it("S1.74 counts separately what a dry run would have killed", async () => {
    const { kill, messages, sent } = httpd(
      [processOf(1), processOf(2)],
      [row(1, { mode: "W" }), row(2)],
    );
    const result = await kill({ maxMemoryIdle: 1, maxMemoryActive: 1, dryRun: true });
    expect(sent).toEqual([]);
    expect(result).toEqual({
      killed: [],
      killedActive: 0,
      killedIdle: 0,
      wouldKill: [1, 2],
      wouldKillActive: 1,
      wouldKillIdle: 1,
      checked: 2,
      spared: [],
      refused: [],
    });
    expect(messages[0]).toBe("Performing a dry run ..");
    expect(messages.at(-1)).toBe("Would kill 2 of 2 Apache workers.");
  });

  it("S1.76 skips a worker that has ended", async () => {
    const { kill, table, sent } = httpd([processOf(1), processOf(2)], [row(1), row(2)]);
    table.processes.delete(1);
    const result = await kill({ maxMemoryIdle: 1 });
    expect(sent).toEqual([[2, "SIGKILL"]]);
    expect(result).toMatchObject({ killed: [2], spared: [1], refused: [] });
  });

  it("S1.76 skips a worker that ends while it is signalled", async () => {
    const { kill } = httpd([processOf(1)], [row(1)]);
    const result = await kill({
      maxMemoryIdle: 1,
      send: () => {
        throw Object.assign(new Error("kill ESRCH"), { code: "ESRCH" });
      },
    });
    expect(result).toMatchObject({ killed: [], spared: [1], refused: [] });
  });

  it("does not announce a kill that is not permitted", async () => {
    const { kill, messages } = httpd([processOf(1), processOf(2)], [row(1), row(2)]);
    const result = await kill({
      maxMemoryIdle: 1,
      send: () => {
        throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
      },
    });
    const refused = [1, 2].map((pid) => ({ pid, reason: "EPERM" }));
    expect(result).toMatchObject({ killed: [], refused });
    expect(messages).toEqual(["No Apache workers killed (2 of 2 workers could not be)."]);
  });

  it("spares a worker that uses less by now", async () => {
    const { kill, table, sent } = httpd([processOf(1, { rss: 90 * MB })], [row(1)]);
    table.processes.set(1, processOf(1, { rss: 10 * MB }));
    expect(await kill({ maxMemoryIdle: 50 * MB })).toMatchObject({ killed: [], spared: [1] });
    expect(sent).toEqual([]);
  });

  it("S1.77 does not kill a pid because a page names it", async () => {
    const { kill, sent } = httpd(
      [processOf(1)],
      [row(4711, { mode: "W", secondsSinceRequest: 9000 })],
    );
    const result = await kill({ maxMemoryActive: 1, maxMemoryIdle: 1, maxTime: 10 });
    expect(sent).toEqual([]);
    expect(result).toMatchObject({ checked: 1, killed: [], refused: [] });
  });

  it.each([
    ["was given to another process", processOf(1, { startTicks: 9 }), "spared"],
    ["belongs to another parent", processOf(1, { parentPid: 1 }), "refused"],
    ["runs another program", processOf(1, { executable: "/bin/sh", name: "sh" }), "refused"],
  ] as const)("S1.77 does not kill a pid that %s by now", async (_, now, outcome) => {
    const { kill, table, sent } = httpd([processOf(1)], [row(1)]);
    table.processes.set(1, now);
    const result = await kill({ maxMemoryIdle: 1 });
    expect(sent).toEqual([]);
    expect(result[outcome]).toHaveLength(1);
  });

  it.each([
    ["ended", undefined],
    ["been started anew", processOf(100, { startTicks: 5 })],
  ])("S1.77 kills nothing when httpd has %s", async (_, now) => {
    const { kill, table, sent } = httpd([processOf(1)], [row(1)]);
    if (now === undefined) table.processes.delete(100);
    else table.processes.set(100, now);
    expect((await kill({ maxMemoryIdle: 1 })).refused).toEqual([
      { pid: 1, reason: "httpd itself has ended" },
    ]);
    expect(sent).toEqual([]);
  });

  it("S1.77 checks a worker again before it sends KILL after TERM", async () => {
    const { kill, table, sent, deaf } = httpd([processOf(1)], [row(1)]);
    deaf.set(1, ["SIGTERM"]);
    setTimeout(() => table.processes.set(1, processOf(1, { startTicks: 77 })), 5);
    const result = await kill({ maxMemoryIdle: 1, signal: "TERM", grace: 200 });
    expect(sent).toEqual([[1, "SIGTERM"]]);
    expect(result.killed).toEqual([1]);
  });
});
