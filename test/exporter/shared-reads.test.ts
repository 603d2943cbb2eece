import { expect, it } from "vitest";
import { sharedReads } from "../../src/exporter/shared-reads.js";
import type { ScrapeTarget } from "../../src/exporter/target.js";
import { createPool } from "../../src/status-page/records.js";
import { targetOf } from "./targets.js";

const limits = { timeout: 100, maxLength: 1_000, signal: new AbortController().signal };

it("a place is read once at a time, in all its spellings", async () => {
  const asked: string[] = [];
  let answer = (): void => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const read = sharedReads(async ({ address }) => {
    asked.push(address);
    await answered;
    return createPool();
  });
  const place = { connectTo: "127.0.0.1:9000/status" };
  const targets: ScrapeTarget[] = [
    targetOf("127.1:9000", place),
    targetOf("0x7f000001:9000/status", place),
    targetOf("127.0.0.1:9000"),
    targetOf("localhost:9000", { ...place, timeout: 50 }),
    targetOf("127.1:9000/other", { connectTo: "127.0.0.1:9000/other" }),
  ];
  const readings = targets.map((target) => read(target, limits));
  expect(asked).toEqual(["127.1:9000", "localhost:9000", "127.1:9000/other"]);
  answer();
  const [first, second, third, fourth] = await Promise.all(readings);
  expect(second).toBe(first);
  expect(third).toBe(first);
  expect(fourth).not.toBe(first);
  await read(targets[1] as ScrapeTarget, limits);
  expect(asked).toHaveLength(4);
});
