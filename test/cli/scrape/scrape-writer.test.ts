import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { resultJson } from "../../../src/cli/reports/round.js";
import { scrapeWriter } from "../../../src/cli/scrape/scrape-writer.js";
import { ErrorCode, GatewayError } from "../../../src/errors.js";
import type { PoolResult } from "../../../src/phpfpm/status.js";
import { createPool } from "../../../src/status-page/records.js";
import { Output } from "../../../src/terminal/output.js";

const good = (target: string): PoolResult => ({
  target,
  ok: true,
  value: createPool(["www", "static", new Date(0), 5]),
  elapsed: 1,
});
const bad: PoolResult = {
  target: 'a "b"',
  ok: false,
  error: new GatewayError(ErrorCode.Refused, "no"),
  elapsed: 1,
};

function collecting() {
  const writes: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _, done) => {
      writes.push(text);
      done();
    },
  });
  return { writes, writer: scrapeWriter("ndjson", new Output(stream, {}), () => {}) };
}

describe("ndjson", () => {
  it("has the objects of the JSON format, a line each, in their order", async () => {
    const { writes, writer } = collecting();
    const results = [good("one"), bad, good("unix:/é\n\u2028")];
    for (const result of results) await writer.add(result);
    await writer.end();
    const lines = writes.join("").trimEnd().split("\n");
    expect(lines).toEqual(
      results.map((result, index) => {
        const { time } = JSON.parse(lines[index] ?? "");
        return JSON.stringify(resultJson(result, new Date(time)));
      }),
    );
  });

  it("writes a line that no other follows without waiting for the end", async () => {
    const stream = new PassThrough({ encoding: "utf8" });
    const writer = scrapeWriter("ndjson", new Output(stream, {}), () => {});
    await writer.add(good("slow"));
    const [line] = await new Promise<string[]>((resolve) => {
      stream.once("data", (text: string) => resolve([text]));
    });
    expect(line).toMatch(/^\{"target":"slow".*\}\n$/);
  });

  it("joins lines into writes of 32 KiB", async () => {
    const { writes, writer } = collecting();
    for (let count = 0; count < 1_000; count++) await writer.add(good(`${count}`));
    await writer.end();
    const text = writes.join("");
    expect(text.split("\n")).toHaveLength(1_001);
    expect(writes.length).toBeLessThanOrEqual(Math.ceil(text.length / 32_768) + 1);
    for (const each of writes) expect(each.endsWith("\n")).toBe(true);
  });

  it("waits for a reader that is slow, even after lines that waited for others", async () => {
    const held: (() => void)[] = [];
    const stream = new Writable({ highWaterMark: 1, write: (_, __, done) => void held.push(done) });
    const writer = scrapeWriter("ndjson", new Output(stream, {}), () => {});
    let waiting: Promise<void> | undefined;
    for (let count = 0; waiting === undefined; count++) waiting = writer.add(good(`${count}`));
    let isDone = false;
    void waiting.then(() => {
      isDone = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(isDone).toBe(false);
    held.shift()?.();
    await waiting;
  });

  it("ends when its reader is gone", async () => {
    const stream = new Writable({ write: (_, __, done) => done(new Error("EPIPE")) });
    const output = new Output(stream, {});
    const writer = scrapeWriter("ndjson", output, () => {});
    await writer.add(good("one"));
    await writer.end();
    expect(output.error?.message).toBe("EPIPE");
    await writer.end();
  });
});
