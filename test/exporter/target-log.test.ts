import { describe, expect, it, vi } from "vitest";
import { ErrorCode } from "../../src/errors.js";
import { Collector } from "../../src/exporter/collector.js";
import type { PoolSample } from "../../src/exporter/sample.js";
import { completeSettings } from "../../src/exporter/settings.js";
import { createPool } from "../../src/status-page/records.js";
import { type Read, startCollector } from "./hand-driven-collector.js";
import { targetOf } from "./targets.js";

const LONG = 10_000;

describe("the log", () => {
  it("has a record for each change of a target's state, and none for a scrape", async () => {
    const { scrape, records } = startCollector(["a:1"], { cacheAge: 0 });
    const ends: ((read: Read) => void)[] = [
      (read) => read.succeed(),
      (read) => read.fail(ErrorCode.Refused),
      (read) => read.fail(ErrorCode.SocketMissing),
      (read) => read.succeed(),
    ];
    for (const end of ends) for (let scrapes = 0; scrapes < 3; scrapes++) await scrape(end);
    expect(records.map(({ level, reason, pool }) => [level, reason, pool])).toEqual([
      ["debug", undefined, "www"],
      ["warn", "refused", "www"],
      ["warn", "not_found", "www"],
      ["info", undefined, "www"],
    ]);
    expect(records[1]).toMatchObject({ target: "a:1", source: "the test", error: "no" });
    expect(records[1]?.hint).toMatch(/is the server running/);
  });

  it("has one record for a target that is always late", async () => {
    const { collector, read, records } = startCollector(["a:1"], { cacheAge: 0 });
    for (let scrapes = 0; scrapes < 3; scrapes++) {
      await collector.collect(5);
      read("a:1").succeed();
      await vi.waitFor(() => expect(collector.snapshot()[0]?.reason).toBeUndefined());
    }
    expect(records).toMatchObject([{ level: "warn", reason: "deadline" }]);
  });

  it("says once for each pool that its numbers do not add up", async () => {
    const { scrape, records } = startCollector(["a:1"], { cacheAge: 0 });
    const counts = { idleProcesses: 1, activeProcesses: 1, totalProcesses: 3 };
    for (let scrapes = 0; scrapes < 3; scrapes++) await scrape((read) => read.succeed(counts));
    const warnings = records.filter(({ level }) => level === "warn");
    expect(warnings).toMatchObject([{ error: "1 idle and 1 active are not 3 in total" }]);
  });

  it("has what a fault of the exporter's own threw, and the sample the reason `other`", async () => {
    const { scrape, records } = startCollector(["a:1"], { cacheAge: 0 });
    const samples = await scrape((read) => read.throw(new TypeError("x is not a function")));
    expect(samples).toMatchObject([{ reason: "other", failures: 1 } satisfies Partial<PoolSample>]);
    expect(records).toMatchObject([
      { level: "error", target: "a:1", error: "the scrape failed: TypeError: x is not a function" },
    ]);
  });

  it("may throw", async () => {
    const collector = new Collector({
      log: () => {
        throw new Error("no log");
      },
      read: async () => createPool(),
    });
    collector.update(completeSettings({ targets: [targetOf("a:1"), targetOf("a:1")] }));
    expect(await collector.collect(LONG)).toMatchObject([{ reason: undefined }]);
  });

  it("has no passwords of httpds", async () => {
    const { scrape, records } = startCollector(["http://bob:secret@a/server-status"], {
      cacheAge: 0,
    });
    await scrape((read) => read.fail(ErrorCode.Refused));
    expect(records).toMatchObject([{ target: "http://a/server-status" }]);
  });
});
