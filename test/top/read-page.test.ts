import { expect, it, vi } from "vitest";
import { PoolConnections } from "../../src/phpfpm/pool-connections.js";
import { LiveTarget } from "../../src/top/live-target.js";
import { readPage } from "../../src/top/read-page.js";
import { silent, startFakeServer } from "../harness/fake-server.js";
import { until } from "../harness/server-process.js";

it("a read of a silent pool that is given up is over at once, so that q ends the process", async () => {
  await using server = await startFakeServer(silent);
  const stop = new AbortController();
  const target = new LiveTarget({ kind: "phpfpm", address: `${server.address}:/status` });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const limits = { timeout: 5_000, signal: stop.signal, full: true };
    const reading = readPage(target, limits, {}, new PoolConnections());
    await until(
      () => (server.peers[0]?.received().length ?? 0) > 0,
      () => "nothing was asked",
    );
    stop.abort();
    await expect(reading).rejects.toMatchObject({ code: "aborted" });
    vi.advanceTimersByTime(100);
    await server.allClosed();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
