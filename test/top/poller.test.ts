import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Poller } from "../../src/top/poller.js";

/** Reads that end when the test says so, or at once. */
class Reads {
  readonly started = new Map<string, number[]>();
  readonly #pending = new Map<string, () => void>();
  readonly #hanging = new Set<string>();

  hang(...targets: string[]): void {
    for (const target of targets) this.#hanging.add(target);
  }

  readonly read = (target: string): Promise<void> => {
    this.started.set(target, [...(this.started.get(target) ?? []), performance.now()]);
    if (!this.#hanging.has(target)) return Promise.resolve();
    return new Promise((resolve) => this.#pending.set(target, resolve));
  };

  end(target: string): void {
    this.#pending.get(target)?.();
  }

  count(target: string): number {
    return this.started.get(target)?.length ?? 0;
  }
}

describe("a poller with an interval of a second", () => {
  let reads: Reads;
  let poller: Poller<string>;
  beforeEach(() => {
    vi.useFakeTimers();
    reads = new Reads();
    poller = new Poller({ interval: 1_000, read: reads.read });
  });
  afterEach(() => {
    poller.close();
    vi.useRealTimers();
  });

  it("reads all targets at once, and then each once a second", async () => {
    poller.set(["a", "b", "c"]);
    expect(["a", "b", "c"].map((target) => reads.count(target))).toEqual([1, 1, 1]);
    await vi.advanceTimersByTimeAsync(10_000);
    for (const target of ["a", "b", "c"]) {
      const times = reads.started.get(target) ?? [];
      const pauses = times.slice(2).map((time, index) => time - times[index + 1]!);
      expect(pauses.length).toBeGreaterThanOrEqual(8);
      for (const pause of pauses) expect(pause).toBeCloseTo(1_000, -2);
    }
  });

  it("spreads the later reads over the interval", async () => {
    const targets = Array.from({ length: 10 }, (_, index) => `${index}`);
    poller.set(targets);
    await vi.advanceTimersByTimeAsync(3_000);
    const seconds = targets.map((target) => (reads.started.get(target)?.at(-1) ?? 0) % 1_000);
    expect(Math.max(...seconds) - Math.min(...seconds)).toBeGreaterThanOrEqual(800);
  });

  it("is not delayed by targets that do not answer, however many", async () => {
    const silent = Array.from({ length: 1_000 }, (_, index) => `silent ${index}`);
    reads.hang(...silent);
    poller.set([...silent, "fine"]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(reads.count("fine")).toBeGreaterThanOrEqual(7);
    expect(silent.every((target) => reads.count(target) === 1)).toBe(true);
  });

  it("reads a late target again at its next turn", async () => {
    reads.hang("late");
    poller.set(["late"]);
    await vi.advanceTimersByTimeAsync(3_300);
    reads.end("late");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reads.count("late")).toBe(2);
  });

  it("reads one at once if it is asked to, also after the read that is going on", async () => {
    reads.hang("b");
    poller.set(["a", "b"]);
    await vi.advanceTimersByTimeAsync(100);
    poller.readNow("a");
    poller.readNow("b");
    expect(reads.count("a")).toBe(2);
    expect(reads.count("b")).toBe(1);
    reads.end("b");
    await vi.advanceTimersByTimeAsync(20);
    expect(reads.count("b")).toBe(2);
  });

  it("reads nothing while it pauses, and goes on", async () => {
    reads.hang("b");
    poller.set(["a", "b"]);
    poller.pause();
    reads.end("b");
    await vi.advanceTimersByTimeAsync(5_000);
    expect([reads.count("a"), reads.count("b")]).toEqual([1, 1]);
    poller.resume();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reads.count("a")).toBeGreaterThan(1);
    expect(reads.count("b")).toBeGreaterThan(1);
  });

  it("reads nothing of a target that is gone, and nothing after it is closed", async () => {
    poller.set(["a", "b"]);
    await vi.advanceTimersByTimeAsync(10);
    poller.set(["b"]);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(reads.count("a")).toBe(1);
    poller.close();
    const before = reads.count("b");
    await vi.advanceTimersByTimeAsync(3_000);
    expect(reads.count("b")).toBe(before);
  });
});
