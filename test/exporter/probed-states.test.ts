import { describe, expect, it, vi } from "vitest";
import { ProbedStates } from "../../src/exporter/probed-states.js";
import type { ScrapeTarget } from "../../src/exporter/target.js";
import { TargetState } from "../../src/exporter/target-state.js";
import { createPool } from "../../src/status-page/records.js";
import { targetOf } from "./targets.js";

const limits = { maxLength: 1, signal: new AbortController().signal };

function startStates() {
  const states = new ProbedStates();
  const read = async () => createPool();
  const stateOf = (target: ScrapeTarget) =>
    states.of(target, (known) => known ?? new TargetState(target, { read, log: () => {} }));
  return { states, stateOf };
}

describe("the states of targets that only /probe reads", () => {
  it("are one for each way to read a target", () => {
    const { stateOf } = startStates();
    const state = stateOf(targetOf("x:1"));
    expect(stateOf(targetOf("x:1"))).toBe(state);
    expect(stateOf(targetOf("x:1", { opcache: "/opcache.php" }))).not.toBe(state);
    expect(stateOf(targetOf("x:2"))).not.toBe(state);
  });

  it("are no more than 10,000, the last used ones", () => {
    const { stateOf } = startStates();
    const [first, second] = [stateOf(targetOf("x:1")), stateOf(targetOf("x:2"))];
    for (let at = 3; at <= 10_000; at++) stateOf(targetOf(`x:${at}`));
    expect(stateOf(targetOf("x:1"))).toBe(first);
    stateOf(targetOf("x:10001"));
    expect(stateOf(targetOf("x:1"))).toBe(first);
    expect(stateOf(targetOf("x:2"))).not.toBe(second);
  });

  it("drop the result of a read that ends after its answer", async () => {
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout", "setImmediate"] });
    try {
      let answer = (): void => {};
      const answered = new Promise<void>((resolve) => {
        answer = resolve;
      });
      const states = new ProbedStates();
      const read = async () => {
        await answered;
        return createPool();
      };
      const state = states.of(targetOf("x:1"), () => {
        return new TargetState(targetOf("x:1"), { read, log: () => {} });
      });
      state.waitForRead(() => {}, false);
      const reading = state.read(limits);
      states.release(state, 1_000);
      vi.advanceTimersByTime(5_000);
      answer();
      await reading;
      expect(state.sample).toBeDefined();
      vi.advanceTimersByTime(1_100);
      expect(state.sample).toBeUndefined();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("keep no more than 200 results", async () => {
    const { states, stateOf } = startStates();
    const all = Array.from({ length: 201 }, (_, at) => stateOf(targetOf(`x:${at}`)));
    for (const state of all) {
      await state.read(limits);
      states.release(state, 60_000);
    }
    expect(all.filter(({ sample }) => sample !== undefined)).toEqual(all.slice(1));
    states.close();
  });

  it("drop a result when it is too old to be served, and not before", async () => {
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
    try {
      const { states, stateOf } = startStates();
      const state = stateOf(targetOf("x:1"));
      await state.read(limits);
      states.release(state, 1_000);
      vi.advanceTimersByTime(500);
      await state.read(limits);
      states.release(state, 1_000);
      vi.advanceTimersByTime(900);
      expect(state.sample).toBeDefined();
      vi.advanceTimersByTime(200);
      expect(state.sample).toBeUndefined();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
