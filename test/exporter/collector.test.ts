import { describe, expect, it, vi } from "vitest";
import { ErrorCode } from "../../src/errors.js";
import type { Sample } from "../../src/exporter/sample.js";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { fixture } from "../fixtures.js";
import { type Read, startCollector } from "./hand-driven-collector.js";
import { targetOf } from "./targets.js";

const LONG = 10_000;

describe("a collector", () => {
  it("reads nothing until it is asked", async () => {
    const { reads, collector } = startCollector(["a:1"]);
    expect(reads).toEqual([]);
    expect(collector.snapshot()).toEqual([]);
  });

  it("returns the samples in the order of the configuration", async () => {
    const { collector, read } = startCollector(["a:1", "b:1", "c:1"]);
    const samples = collector.collect(LONG);
    for (const address of ["c:1", "a:1", "b:1"]) read(address).succeed({ pool: address });
    expect((await samples).map(({ target }) => target.address)).toEqual(["a:1", "b:1", "c:1"]);
    expect(collector.snapshot()).toHaveLength(3);
  });

  it("reads a target once for all who ask at the same time, /probe among them", async () => {
    const { collector, reads, read } = startCollector(["a:1"]);
    const all = [
      collector.collect(LONG),
      collector.collect(LONG),
      collector.collectOne(targetOf("a:1"), LONG).then((sample) => [sample]),
    ];
    expect(reads).toHaveLength(1);
    read("a:1").succeed();
    for (const samples of await Promise.all(all)) expect(samples).toMatchObject([{ pool: "www" }]);
  });

  it("keeps the requests of a pool for who wants them, whoever else reads it by another spelling", async () => {
    const { collector, reads } = startCollector(["a:1"]);
    const requests = collector.collect(LONG, true);
    const numbers = collector.collectOne(targetOf("a:1/status"), LONG);
    expect(reads).toHaveLength(1);
    reads[0]?.succeed(parseStatusPage(fixture("fpm-cases/clock-set-back.txt")));
    await numbers;
    const script = "/var/www/html/index.php";
    expect(await requests).toMatchObject([{ status: { processes: [{ script }, { script }, {}] } }]);
  });

  it("keeps a result for a second, and no longer", async () => {
    const now = vi.spyOn(performance, "now").mockReturnValue(1_000);
    try {
      const { reads, scrape } = startCollector(["a:1"], { cacheAge: 60_000 });
      await scrape((read) => read.succeed());
      now.mockReturnValue(2_000);
      await scrape((read) => read.succeed());
      expect(reads).toHaveLength(1);
      now.mockReturnValue(2_001);
      await scrape((read) => read.succeed());
      expect(reads).toHaveLength(2);
    } finally {
      now.mockRestore();
    }
  });

  it("reads no more targets at once than it may, and the others afterwards", async () => {
    const addresses = ["a:1", "b:1", "c:1", "d:1", "e:1"];
    const { collector, reads } = startCollector(addresses, { concurrency: 2 });
    const samples = collector.collect(LONG);
    for (let ended = 0; ended < addresses.length; ended++) {
      await vi.waitFor(() => expect(reads).toHaveLength(Math.min(ended + 2, addresses.length)));
      reads[ended]?.succeed();
    }
    expect(await samples).toHaveLength(addresses.length);
  });
});

describe("an answer that cannot wait any longer", () => {
  it("has what is there; the read goes on and is shared", async () => {
    const { collector, reads, read } = startCollector(["good:1", "slow:1"]);
    const first = collector.collect(20);
    read("good:1").succeed({ pool: "good" });
    expect(await first).toMatchObject([
      { pool: "good", reason: undefined },
      { pool: "", reason: "deadline", status: undefined, failures: 1 },
    ]);
    const second = collector.collectOne(targetOf("slow:1"), LONG);
    expect(reads).toHaveLength(2);
    expect(read("slow:1").signal.aborted).toBe(false);
    read("slow:1").succeed({ pool: "slow" });
    expect(await second).toMatchObject({ pool: "slow", reason: undefined, failures: 1 });
  });

  it("counts a failure once, even if the read fails afterwards", async () => {
    const { collector, read } = startCollector(["a:1"], { cacheAge: 0 });
    expect(await collector.collect(5)).toMatchObject([{ reason: "deadline", failures: 1 }]);
    expect(await collector.collect(5)).toMatchObject([{ reason: "deadline", failures: 1 }]);
    const last = collector.collect(LONG);
    read("a:1").fail(ErrorCode.Deadline);
    expect(await last).toMatchObject([{ reason: "timeout", failures: 1 }]);
  });

  it("has what it has read, even if others have begun to read it again", async () => {
    const { collector, read, reads } = startCollector(["good:1", "slow:1"], { cacheAge: 0 });
    const first = collector.collect(LONG);
    read("good:1").succeed({ pool: "first" });
    await vi.waitFor(() => expect(collector.snapshot()).toHaveLength(1));
    void collector.collect(LONG);
    expect(reads.map(({ target }) => target.address)).toEqual(["good:1", "slow:1", "good:1"]);
    read("slow:1").succeed();
    expect(await first).toMatchObject([{ pool: "first" }, { pool: "www" }]);
  });

  it("has targets that were not begun for want of a free socket, too", async () => {
    const { collector, reads } = startCollector(["a:1", "b:1"], { concurrency: 1 });
    expect(await collector.collect(5)).toMatchObject([
      { reason: "deadline" },
      { reason: "deadline" },
    ]);
    expect(reads).toHaveLength(1);
  });
});

describe("what is kept of a target", () => {
  const failing = (read: Read) => read.fail(ErrorCode.Refused);

  it("is the last known name of its pool, and the count of its failures", async () => {
    const { scrape } = startCollector(["a:1"], { cacheAge: 0 });
    expect(await scrape(failing)).toMatchObject([{ pool: "", failures: 1 }]);
    expect(await scrape(failing)).toMatchObject([{ pool: "", failures: 2, reason: "refused" }]);
    expect(await scrape((read) => read.succeed())).toMatchObject([{ pool: "www", failures: 2 }]);
    const [last] = await scrape(failing);
    expect(last).toMatchObject({ pool: "www", failures: 3, status: undefined });
  });

  it("stays across a reload as long as its address does, with its new settings", async () => {
    const { scrape, update } = startCollector(["a:1", "b:1"], { cacheAge: 0 });
    await scrape(failing);
    update([targetOf("b:1", { labels: { site: "shop" }, timeout: 7 }), targetOf("c:1")]);
    const samples = await scrape(failing);
    expect(samples.map(({ target, failures }) => [target.address, failures])).toEqual([
      ["b:1", 2],
      ["c:1", 1],
    ]);
    expect(samples[0]?.target).toMatchObject({ labels: { site: "shop" }, timeout: 7 });
    update([targetOf("a:1")]);
    expect(await scrape(failing)).toMatchObject([{ failures: 1 }]);
  });

  it("has the new labels even in an answer from the cache", async () => {
    const { scrape, update, reads } = startCollector(["a:1"]);
    await scrape((read) => read.succeed());
    update([targetOf("a:1", { labels: { site: "shop" } })]);
    const [sample] = await scrape((read) => read.succeed());
    expect(sample?.target.labels).toEqual({ site: "shop" });
    expect(reads).toHaveLength(1);
  });

  it("is forgotten if the address becomes one of another kind", async () => {
    const { scrape, update } = startCollector(["a:1"], { cacheAge: 0 });
    await scrape(failing);
    update([targetOf("a:1", { kind: "apache" })]);
    expect(await scrape(failing)).toMatchObject([{ kind: "apache", failures: 1 }]);
  });

  it("of a target that only /probe reads stays, too", async () => {
    const { collector, read } = startCollector([], { cacheAge: 0 });
    for (const failures of [1, 2]) {
      const sample = collector.collectOne(targetOf("x:1"), LONG);
      read("x:1").fail(ErrorCode.Refused);
      expect(await sample).toMatchObject({ failures });
    }
    expect(await collector.collect(LONG)).toEqual([]);
  });
});

describe("the requests of processes", () => {
  const page = fixture("fpm-status/static-slow--text-full.body.txt");
  const has = (sample: Sample | undefined) =>
    sample?.kind === "phpfpm" && sample.status?.processes?.some(({ script }) => script !== "");

  it("are there for those who want them, and are not kept for others", async () => {
    const { collector, reads } = startCollector(["a:1"]);
    const collect = async (...wishes: boolean[]) => {
      const before = reads.length;
      const all = wishes.map((wish) => collector.collect(LONG, wish));
      for (const { succeed } of reads.slice(before)) succeed(parseStatusPage(page));
      return (await Promise.all(all)).map(([sample]) => has(sample));
    };
    expect(await collect(false)).toEqual([false]);
    expect(await collect(true)).toEqual([true]);
    expect(reads).toHaveLength(2);
    expect(await collect(false, true)).toEqual([true, true]);
    expect(reads).toHaveLength(2);
  });

  it("are there for all if one of those who share a read wants them", async () => {
    const { collector, reads, read } = startCollector(["a:1"]);
    const both = [collector.collect(LONG), collector.collect(LONG, true)];
    read("a:1").succeed(parseStatusPage(page));
    expect((await Promise.all(both)).map(([sample]) => has(sample))).toEqual([true, true]);
    expect(reads).toHaveLength(1);
  });

  it("are not missed of a target that is down", async () => {
    const { collector, reads, read } = startCollector(["a:1"]);
    const first = collector.collect(LONG);
    read("a:1").fail(ErrorCode.Refused);
    await first;
    await collector.collect(LONG, true);
    expect(reads).toHaveLength(1);
  });
});

describe("a target that only /probe reads", () => {
  it("is read once for those who read it in one way, and apart from other ways", async () => {
    const { collector, reads } = startCollector([]);
    const slow = targetOf("x:1", { timeout: 500 });
    const samples = [slow, { ...slow }, targetOf("x:1", { timeout: 700 })].map((target) =>
      collector.collectOne(target, LONG),
    );
    expect(reads.map(({ target }) => target.timeout)).toEqual([500, 700]);
    for (const { succeed } of reads) succeed();
    const found = await Promise.all(samples);
    expect(found.map(({ target }) => target.timeout)).toEqual([500, 500, 700]);
    collector.close();
  });
});

describe("targets that are configured twice", () => {
  it("are read once, and a warning names both places", async () => {
    const { collector, reads, records, update } = startCollector([]);
    update([
      targetOf("unix:/run/a.sock:/status", { source: "site.yaml:3" }),
      targetOf("unix:/run/b.sock:/status", { source: "site.yaml:4" }),
      targetOf("unix:/run/a.sock:/status", { source: "--phpfpm.scrape-uri" }),
    ]);
    void collector.collect(1);
    expect(reads.map(({ target }) => target.source)).toEqual(["site.yaml:3", "site.yaml:4"]);
    expect(records).toMatchObject([
      {
        level: "warn",
        target: "unix:/run/a.sock:/status",
        source: "site.yaml:3 and --phpfpm.scrape-uri",
      },
    ]);
  });
});

describe("closing", () => {
  it("cancels what is read, and logs nothing of it", async () => {
    const { collector, read, records } = startCollector(["a:1"]);
    const samples = collector.collect(LONG);
    const { signal, fail } = read("a:1");
    signal.addEventListener("abort", () => fail(ErrorCode.Aborted));
    collector.close();
    expect(await samples).toMatchObject([{ reason: "other" }]);
    expect(records).toEqual([]);
  });
});
