import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createExporter } from "../../../src/exporter/create-exporter.js";
import type { LogRecord } from "../../../src/exporter/settings.js";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** An exporter that refuses everything, and its log. */
function refusing() {
  const records: LogRecord[] = [];
  const exporter = createExporter({
    targets: [],
    probe: {
      modules: new Map(),
      allow: async (target) => {
        throw new Error(`no rule allows ${target.slice(0, 4)}`);
      },
    },
    log: (record) => records.push(record),
  });
  const probe = async (target: string) => {
    const query = new URLSearchParams({ target });
    const { status } = await exporter.fetch(new Request(`http://exporter/probe?${query}`));
    expect(status).toBe(403);
  };
  return { exporter, records, probe };
}

describe("the log of refused probes", () => {
  it("has the first one at once, and a line a minute for all others", async () => {
    const { exporter, records, probe } = refusing();
    for (let port = 1; port <= 1_000; port++) await probe(`10.0.0.1:${port}`);
    const line = { level: "warn", message: "refused to probe", error: "no rule allows 10.0" };
    expect(records).toEqual([{ ...line, target: "10.0.0.1:1", refused: 1 }]);
    vi.advanceTimersByTime(60_000);
    expect(records.slice(1)).toEqual([{ ...line, target: "10.0.0.1:1000", refused: 999 }]);
    await probe("10.0.0.1:1");
    expect(records).toHaveLength(2);
    vi.advanceTimersByTime(60_000);
    expect(records[2]).toMatchObject({ target: "10.0.0.1:1", refused: 1 });
    exporter.close();
  });

  it("has one at once again after a minute without any", async () => {
    const { exporter, records, probe } = refusing();
    await probe("10.0.0.1:1");
    vi.advanceTimersByTime(60_000);
    expect(records).toHaveLength(1);
    await probe("10.0.0.1:2");
    expect(records).toHaveLength(2);
    exporter.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("has no password of a URL", async () => {
    const { exporter, records, probe } = refusing();
    await probe("http://bob:secret@127.0.0.1/server-status");
    expect(JSON.stringify(records)).not.toContain("secret");
    exporter.close();
  });
});
