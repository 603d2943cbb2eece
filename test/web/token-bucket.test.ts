import { describe, expect, it } from "vitest";
import { goDuration } from "../../src/web/go-names.js";
import { TokenBucket } from "../../src/web/token-bucket.js";

describe("a token bucket", () => {
  it("begins full, and gets a token each interval", () => {
    const bucket = new TokenBucket();
    const take = (now: number) => bucket.take({ interval: 100, burst: 2 }, now);
    expect([take(0), take(0), take(0)]).toEqual([true, true, false]);
    expect([take(99), take(100), take(100)]).toEqual([false, true, false]);
    expect([take(10_000), take(10_000), take(10_000)]).toEqual([true, true, false]);
  });

  it("does not limit without a limit", () => {
    expect(new TokenBucket().take(undefined, 0)).toBe(true);
  });
});

describe("goDuration", () => {
  it.each([
    ["0", 0],
    ["100ms", 100],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    ["2us", 0.002],
    ["5", undefined],
    ["-1s", undefined],
    ["1d", undefined],
    ["", undefined],
  ])("reads %s as %s milliseconds", (text, milliseconds) => {
    expect(goDuration(text)).toBe(milliseconds);
  });
});
