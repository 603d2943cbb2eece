import { describe, expect, it } from "vitest";
import { ErrorCode, GatewayError } from "../../src/errors.js";
import type { FleetResult, Probe } from "../../src/fleet/probe.js";
import { probeAll, probeInBatches } from "../../src/fleet/probe.js";

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const failing = (code: ErrorCode) => async () => {
  throw new GatewayError(code, "as asked");
};

async function all<Value>(results: AsyncIterable<FleetResult<Value>>) {
  const list: FleetResult<Value>[] = [];
  for await (const result of results) list.push(result);
  return list;
}

function* count(most: number, seen: { taken: number }): Iterable<string> {
  for (let index = 0; index < most; index++) {
    seen.taken++;
    yield `${index}`;
  }
}

async function* later<Value>(...values: Value[]) {
  yield* values;
}

describe("probeAll", () => {
  it("yields results in order of completion", async () => {
    const probe: Probe<string> = async (target) => {
      await sleep(Number(target));
      return target;
    };
    const results = await all(probeAll(["80", "5", "40"], probe));
    expect(results.map(({ target }) => target)).toEqual(["5", "40", "80"]);
  });

  it("runs no more probes at once than its concurrency", async () => {
    let running = 0;
    let most = 0;
    const probe: Probe<void> = async () => {
      most = Math.max(most, ++running);
      await sleep(1);
      running--;
    };
    expect(await all(probeAll(count(100, { taken: 0 }), probe, { concurrency: 7 }))).toHaveLength(
      100,
    );
    expect(most).toBe(7);
  });

  it("does not let one failing target affect the others", async () => {
    const probe: Probe<string> = async (target) => {
      if (target === "bad") throw new GatewayError(ErrorCode.SocketMissing, "gone");
      if (target === "worse") throw new TypeError("a bug in the probe");
      return target;
    };
    const results = await all(probeAll(["bad", "good", "worse"], probe));
    expect(results.find(({ target }) => target === "good")).toMatchObject({ ok: true });
    expect(results.find(({ target }) => target === "bad")).toMatchObject({
      ok: false,
      error: { code: "socket_missing", address: "bad" },
    });
    expect(results.find(({ target }) => target === "worse")).toMatchObject({ ok: false });
  });

  it("takes no more targets than its concurrency while its results are not read", async () => {
    const seen = { taken: 0 };
    const results = probeAll(count(1_000, seen), async (target) => target, { concurrency: 10 });
    await results.next();
    await sleep(20);
    expect(seen.taken).toBeLessThanOrEqual(12);
    await results.return();
  });

  it("yields results while its source is slow", async () => {
    async function* slow() {
      yield "first";
      await sleep(300);
      yield "second";
    }
    const results = probeAll(slow(), async (target) => target);
    const started = performance.now();
    expect((await results.next()).value).toMatchObject({ target: "first" });
    expect(performance.now() - started).toBeLessThan(200);
    await results.return();
  });

  it("cancels the running probes when the loop is left", async () => {
    let cancelled = 0;
    const probe: Probe<string> = (target, { signal }) =>
      target === "quick"
        ? Promise.resolve(target)
        : new Promise((_, reject) => {
            signal.addEventListener("abort", () => {
              cancelled++;
              reject(new GatewayError(ErrorCode.Aborted, "cancelled"));
            });
          });
    for await (const result of probeAll(["slow", "quick", "slow"], probe)) {
      expect(result.target).toBe("quick");
      break;
    }
    expect(cancelled).toBe(2);
  });

  it("ends when its signal aborts, and reports that for the running probes", async () => {
    const abort = new AbortController();
    const probe: Probe<string> = (_, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () =>
          reject(new GatewayError(ErrorCode.Aborted, "cancelled")),
        );
      });
    setTimeout(() => abort.abort(), 20);
    const options = { signal: abort.signal, concurrency: 2 };
    const results = await all(probeAll(["1", "2", "3", "4"], probe, options));
    expect(results).toHaveLength(2);
    expect(results[0]).toMatchObject({ ok: false, error: { code: "aborted" } });
  });

  it("retries after temporary errors only", async () => {
    const tries = new Map<string, number>();
    const probe: Probe<string> = async (target) => {
      tries.set(target, (tries.get(target) ?? 0) + 1);
      return failing(target as ErrorCode)();
    };
    await all(probeAll(["backlog_full", "page_not_found"], probe, { retries: 2, timeout: 5_000 }));
    expect(Object.fromEntries(tries)).toEqual({ backlog_full: 3, page_not_found: 1 });
  });

  it("limits a retry to the time that the target has left", async () => {
    const timeouts: number[] = [];
    const probe: Probe<string> = async (_, { timeout }) => {
      timeouts.push(timeout);
      return failing(ErrorCode.Refused)();
    };
    await all(probeAll(["x"], probe, { timeout: 1_000, retries: 1 }));
    expect(timeouts).toHaveLength(2);
    // A message names it: "within 1000 ms".
    expect(timeouts[0]).toBe(1_000);
    expect(timeouts[1]).toBeLessThan(timeouts[0]!);
    expect(await all(probeAll(["x"], probe, { timeout: 10, retries: 5 }))).toHaveLength(1);
  });

  it("fails when its source fails, after the earlier results", async () => {
    function* broken() {
      yield "one";
      throw new Error("the file cannot be read");
    }
    const seen: string[] = [];
    const run = async () => {
      for await (const { target } of probeAll(broken(), async (each) => each)) seen.push(target);
    };
    await expect(run()).rejects.toThrow("the file cannot be read");
    expect(seen).toEqual(["one"]);
  });

  it("settles what a probe throws at once, or returns without a promise", async () => {
    const probe = ((target: string) => {
      if (target === "bad") throw new TypeError("a bug in the probe");
      return target;
    }) as unknown as Probe<string>;
    const results = await all(probeAll(["bad", "good"], probe, { concurrency: 1 }));
    expect(results.map(({ ok }) => ok)).toEqual([false, true]);
  });

  it.each<[string, () => unknown]>([
    ["a list", () => ["a", undefined]],
    ["lists that come later", () => later(["a", null])],
    ["what comes later", () => later("a", undefined)],
  ])("names a target that is not a string, after the earlier results: %s", async (_, targets) => {
    const seen: string[] = [];
    const reading = async () => {
      const results = probeAll(targets() as string[], async () => 1);
      for await (const { target } of results) seen.push(target);
    };
    await expect(reading()).rejects.toThrow(/^a target: (undefined|null) is not a string$/);
    expect(seen).toEqual(["a"]);
  });

  it("names a probe that is not a function", async () => {
    const results = all(probeAll(["a"], undefined as unknown as Probe<void>));
    await expect(results).rejects.toThrow("probe: undefined is not a function");
  });

  it("refuses a concurrency below 1", async () => {
    await expect(all(probeAll([], failing(ErrorCode.Refused), { concurrency: 0 }))).rejects.toThrow(
      expect.objectContaining({ code: "bad_input" }),
    );
  });

  it("ends at an abort although its source has no next target yet", async () => {
    const abort = new AbortController();
    async function* stuck() {
      yield "one";
      await new Promise(() => {});
    }
    const results = probeAll(stuck(), async (each) => each, { signal: abort.signal });
    expect((await results.next()).value).toMatchObject({ target: "one", ok: true });
    const last = results.next();
    abort.abort();
    expect(await last).toMatchObject({ done: true });
  });

  it("takes lists of targets", async () => {
    async function* lists() {
      yield ["a", "b"];
      yield [];
      yield "c";
    }
    const results = await all(probeAll(lists(), async (each) => each, { concurrency: 1 }));
    expect(results.map(({ target }) => target)).toEqual(["a", "b", "c"]);
  });
});

describe("probeInBatches", () => {
  it("yields every result once, and those of one turn of the event loop together", async () => {
    const batches: string[][] = [];
    const probe: Probe<string> = async (target) => {
      await sleep(target === "late" ? 20 : 1);
      return target;
    };
    for await (const batch of probeInBatches(["a", "b", "late"], probe)) {
      batches.push(batch.map(({ target }) => target));
    }
    expect(batches.flat()).toEqual(["a", "b", "late"]);
    expect(batches.at(-1)).toEqual(["late"]);
  });

  it("counts a list that is being read towards the concurrency", async () => {
    const seen = { taken: 0 };
    const results = probeInBatches(count(1_000, seen), async (each) => each, { concurrency: 10 });
    expect((await results.next()).value).toHaveLength(10);
    await sleep(20);
    expect(seen.taken).toBe(10);
    await results.return();
  });
});
