import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { poolReport } from "../../../src/cli/reports/pool-report.js";
import { saturation } from "../../../src/cli/reports/saturation.js";
import { ErrorCode, GatewayError } from "../../../src/errors.js";
import type { PoolResult } from "../../../src/phpfpm/status.js";
import { parseStatusPage } from "../../../src/status-page/read-page.js";
import { createPool, processOf, type WritablePool } from "../../../src/status-page/records.js";
import { styleFor } from "../../../src/terminal/style.js";
import { textWidth } from "../../../src/terminal/text.js";
import { fixture as fixtureBytes } from "../../fixtures.js";

const plain = styleFor(false, {});

function fixture(name: string, target: string): PoolResult {
  const path = new URL(`../../fixtures/fpm-status/${name}.body.txt`, import.meta.url);
  return { target, ok: true, value: parseStatusPage(readFileSync(path)), elapsed: 1 };
}

const pool = (fields: Partial<WritablePool>) => Object.assign(createPool(), fields);

const busy = fixture("dynamic-busy--text-full", "127.0.0.1:9001/status");
const dead: PoolResult = {
  target: "unix:/run/php/gone.sock:/status",
  ok: false,
  error: new GatewayError(ErrorCode.SocketMissing, "there is no such socket"),
  elapsed: 1,
};

describe("the table of pools", () => {
  it("has a line per pool, the reason of one that failed, and names saturated pools", () => {
    const shown = poolReport([busy, dead], plain).slice(0, 5);
    expect(shown).toEqual([
      "POOL     PM       ACTIVE  IDLE  TOTAL  PEAK   QUEUE  MAXED  SLOW  REQUESTS  UPTIME  TARGET",
      "dynamic  dynamic       5     0      5     5  2/4096      0     0        18     50s  127.0.0.1:9001/status",
      "-        socket_missing: there is no such socket                                    unix:/run/php/gone.sock:/status",
      "",
      "dynamic is saturated: every started process is busy (5 of 5); 2 connections wait for a process",
    ]);
  });

  it.each([64, 80, 100, 120, 200])("fits in %d columns, except for its sentences", (width) => {
    const lines = poolReport([busy, dead], plain, width);
    const rows = lines.filter((line) => !/ is saturated: |: \d+ processes$/.test(line));
    expect(Math.max(...rows.map(textWidth))).toBeLessThanOrEqual(width);
  });

  it("has the memory peak of the pools that report one", () => {
    const value = pool({ pool: "www", memoryPeak: 3_145_728 });
    const [title, line] = poolReport([{ target: "a:1", ok: true, value, elapsed: 1 }], plain);
    expect(title).toMatch(/UPTIME +MEMORY +TARGET$/);
    expect(line).toMatch(/3\.0 M {2}a:1$/);
  });
});

describe("the table of processes", () => {
  it("has those with a request first, the longest-running on top", () => {
    const hostile = fixture("hostile-user--text-full", "127.0.0.1:9000/status");
    const lines = poolReport([hostile], plain);
    const start = lines.findIndex((line) => line.includes("PID"));
    const pids = lines.slice(start + 1).map((line) => line.trim().split(" ")[0]);
    expect(pids).toEqual(["28989", "28988", "28987", "28990"]);
  });

  it("has one that is being created last, without a duration", () => {
    const value = parseStatusPage(fixtureBytes("fpm-cases/slot-without-process.txt"));
    const lines = poolReport([{ target: "a:1", ok: true, value, elapsed: 1 }], plain);
    const rows = lines.slice(lines.findIndex((line) => line.includes("PID")) + 1);
    expect(rows.map((line) => line.trim().split(/ +/).slice(0, 6).join(" "))).toEqual([
      "15939 Running 33 1.3 ms GET",
      "15945 Running 22 764 µs GET",
      "15933 Running 42 36 µs GET",
      "0 Creating 0 - - -",
    ]);
  });

  it("escapes control characters of a request", () => {
    const hostile = fixture("hostile-user--text-full", "127.0.0.1:9000/status");
    const text = poolReport([hostile], plain).join("\n");
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(text).toContain('b"o\\b\\n<i>\\x01');
  });
});

describe("a pool", () => {
  it("is not saturated by the process that answers us", () => {
    const lone = pool({ processManager: "dynamic", idleProcesses: 0, activeProcesses: 1 });
    expect(saturation(lone)).toEqual({ isSaturated: false, reasons: [] });
  });

  it.each(["ondemand", "dynamic"])("is not saturated while %s may start more", (processManager) => {
    const page = pool({ processManager, idleProcesses: 0, activeProcesses: 3, totalProcesses: 3 });
    const none = { isSaturated: false, reasons: [] };
    expect(saturation(page)).toEqual(none);
    expect(saturation(page, { maxChildren: 20, ownRequests: 0 })).toEqual(none);
    // One of the three serves the page.
    expect(saturation(page, { maxChildren: 3 })).toEqual(none);
    expect(saturation(page, { maxChildren: 3, ownRequests: 0 })).toEqual({
      isSaturated: true,
      reasons: ["every started process is busy (3 of 3)"],
    });
    expect(saturation(page, { isLimitReached: true }).isSaturated).toBe(true);
  });

  const byStatusListen = { ownRequests: 0 };

  it("is not saturated by its counts where one of its own workers has served the page", () => {
    const counts = { idleProcesses: 0, activeProcesses: 2, totalProcesses: 2 };
    const page = pool({ processManager: "static", ...counts });
    const saturated = { isSaturated: true, reasons: ["every process is busy (2 of 2)"] };
    for (const limits of [{}, { maxChildren: 2 }]) {
      expect(saturation(page, limits)).toEqual({ isSaturated: false, reasons: [] });
      expect(saturation(page, { ...limits, ...byStatusListen })).toEqual(saturated);
    }
  });

  it("is not saturated if only its unreliable idle counter says so", () => {
    const counts = { processManager: "static", idleProcesses: 0, activeProcesses: 2 };
    for (const totalProcesses of [1, 5]) {
      const page = pool({ ...counts, totalProcesses });
      expect(saturation(page, byStatusListen).isSaturated).toBe(false);
    }
  });

  it("is not saturated while its list has an idle process, whatever its counters say", () => {
    const fields = { idleProcesses: 0, activeProcesses: 3, totalProcesses: 3 };
    const processes = (...states: string[]) =>
      states.map((state) => Object.assign(processOf([]), { state }));
    const listed = (counts: object, ...states: string[]) => {
      const page = { processManager: "static", ...counts, processes: processes(...states) };
      return saturation(pool(page), byStatusListen).reasons;
    };
    expect(listed(fields, "Running", "Idle", "Running")).toEqual([]);
    expect(listed(fields, "Running", "Creating", "Running")).toEqual([
      "every process is busy (3 of 3)",
    ]);
    const lost = { idleProcesses: 0, activeProcesses: 0, totalProcesses: 1 };
    expect(listed(lost, "Running", "Ending", "Creating")).toEqual([
      "every process is busy (2 of 2)",
    ]);
  });

  it("is not called saturated by an idle counter that fell below zero", () => {
    const page = new TextDecoder().decode(fixtureBytes("fpm-cases/clock-set-back.txt"));
    const [plainPage = ""] = page.split("\n\n");
    for (const idle of ["-1", "18446744073709551615"]) {
      const text = plainPage
        .replace(/(?<=^process manager: +)\w+$/m, "static")
        .replace(/(?<=^idle processes: +)\d+$/m, idle)
        .replace(/(?<=^active processes: +)\d+$/m, "5")
        .replace(/(?<=^total processes: +)\d+$/m, "4");
      const value = parseStatusPage(new TextEncoder().encode(`${text}\n`));
      expect(value.idleProcesses).toBe(0);
      expect(saturation(value, byStatusListen)).toEqual({ isSaturated: false, reasons: [] });
    }
  });

  it("that had too few processes once is not saturated now, and says so", () => {
    expect(saturation(pool({ idleProcesses: 2, maxChildrenReached: 3 }))).toEqual({
      isSaturated: false,
      reasons: ["pm.max_children was reached 3 times since the start"],
    });
  });
});
