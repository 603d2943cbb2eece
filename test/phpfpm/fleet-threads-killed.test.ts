import { Worker } from "node:worker_threads";
import { fleet } from "fcgi-probe";
import { afterEach, expect, it, vi } from "vitest";
import { silent, startFakeServer } from "../harness/fake-server.js";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Collects the threads of fleets, each of which gets its targets in a message. */
function collectThreads(): Set<Worker> {
  const threads = new Set<Worker>();
  const { postMessage } = Worker.prototype;
  vi.spyOn(Worker.prototype, "postMessage").mockImplementation(function (this: Worker, message) {
    threads.add(this);
    postMessage.call(this, message);
  });
  return threads;
}

async function resultsOf(targets: string[], threads: number) {
  const results = [];
  for await (const result of fleet(targets, { threads, retries: 0, timeout: 60_000 })) {
    results.push(result);
  }
  return results;
}

it("a thread that is killed has a typed error for each of its targets", async () => {
  await using dumb = await startFakeServer(silent);
  const threads = collectThreads();
  const results = resultsOf(Array<string>(6).fill(dumb.address), 2);
  await vi.waitFor(() => expect(threads.size).toBe(2));
  for (const thread of threads) void thread.terminate();
  const error = { code: "connect_failed", address: dumb.address, message: /a thread .* ended/ };
  const expected = { ...error, message: expect.stringMatching(error.message) };
  expect(await results).toMatchObject(Array(6).fill({ ok: false, error: expected }));
});
