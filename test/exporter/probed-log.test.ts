import { expect, it, vi } from "vitest";
import { ProbedLog } from "../../src/exporter/probed-log.js";
import type { LogRecord } from "../../src/exporter/settings.js";

it("the log of /probe has fifty lines a minute at the most, and counts the others", () => {
  vi.useFakeTimers();
  try {
    const records: LogRecord[] = [];
    const log = new ProbedLog((record) => void records.push(record));
    const fail = () => log.write({ level: "warn", message: "the target cannot be read" });
    for (let count = 0; count < 60; count++) fail();
    expect(records).toHaveLength(50);
    vi.advanceTimersByTime(60_000);
    expect(records.at(-1)).toEqual({
      level: "warn",
      message: "more targets of /probe have changed",
      changes: 10,
    });
    fail();
    expect(records).toHaveLength(52);
    vi.advanceTimersByTime(60_000);
    expect(records).toHaveLength(52);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
