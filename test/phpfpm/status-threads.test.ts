import { EventEmitter } from "node:events";
import { afterEach, expect, it, vi } from "vitest";
import { probeAll } from "../../src/fleet/probe.js";
import { StatusThreads, type ThreadRequest } from "../../src/phpfpm/status-threads.js";

/** A thread that answers as the test says. */
const made: FakeThread[] = [];
class FakeThread extends EventEmitter {
  readonly requests: ThreadRequest[] = [];
  isEnded = false;
  constructor() {
    super();
    made.push(this);
  }
  postMessage(request: ThreadRequest): void {
    this.requests.push(request);
    this.emit("request");
  }
  terminate(): Promise<number> {
    this.isEnded = true;
    return Promise.resolve(1);
  }
}
vi.mock("node:worker_threads", () => ({
  get Worker() {
    return FakeThread;
  },
}));
afterEach(() => {
  made.length = 0;
  vi.useRealTimers();
});

async function run(targets: string[], threads: number, options = {}) {
  const reader = new StatusThreads(threads, false);
  const results: unknown[] = [];
  for await (const result of probeAll(targets, reader.probe, options, () => reader.close())) {
    results.push(result);
  }
  return results;
}

it("that ends has typed errors for its targets", async () => {
  const results = run(["a", "b"], 1, { retries: 0 });
  await vi.waitFor(() => expect(made[0]?.requests).toHaveLength(1));
  made[0]!.emit("exit", 134);
  expect(await results).toMatchObject([
    { target: "a", error: { code: "connect_failed", address: "a" } },
    { target: "b", error: { code: "connect_failed", message: expect.stringContaining("134") } },
  ]);
  expect(made[0]!.isEnded).toBe(true);
});

it("that ends leaves its targets to the others", async () => {
  const results = run(["a"], 2);
  await vi.waitFor(() => expect(made[0]?.requests).toHaveLength(1));
  const [first, second] = made as [FakeThread, FakeThread];
  second.once("request", () => {
    const errors = [[0, { code: "page_not_found", message: "by the second" }]];
    second.emit("message", { bytes: new Uint8Array(), pages: [], errors });
  });
  first.emit("error", new Error("out of memory"));
  expect(await results).toMatchObject([{ error: { message: "by the second" } }]);
});

it("that is stuck is ended after its deadline", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const results = run(["a"], 1, { retries: 0, timeout: 100 });
  await vi.waitFor(() => expect(made[0]?.requests).toHaveLength(1));
  await vi.advanceTimersByTimeAsync(3_200);
  expect(await results).toMatchObject([{ error: { code: "connect_failed" } }]);
  expect(made[0]!.isEnded).toBe(true);
});
