import { expect, it, onTestFinished } from "vitest";
import { LiveTargets } from "../../src/top/live-targets.js";
import { AcceptQueues } from "../../src/transport/accept-queues.js";
import { ask, startPools, untilQueued } from "../doctor/sick-pool.js";
import { describeWith } from "../harness/describe-with.js";
import { childrenOf } from "../harness/processes.js";
import { until } from "../harness/server-process.js";

describeWith(["php-fpm"], "a saturated pool that is read again and again", () => {
  it("has one connection of ours in its queue, which is not counted, and is answered in the end", async () => {
    const fpm = await startPools({
      pools: [{ name: "www", pm: "static", maxChildren: 1, listen: "unix" }],
    });
    const pool = fpm.pool("www");
    await ask(pool, 1, "sleep.php", "ms=60000");
    await untilQueued(pool, 0);
    const stop = new AbortController();
    const times = { interval: 20, timeout: 100 };
    let reads = 0;
    const onChange = () => void reads++;
    const live = new LiveTargets({ ...times, signal: stop.signal, request: {}, onChange });
    onTestFinished(() => {
      stop.abort();
      live.close();
    });
    live.set([{ kind: "phpfpm", address: pool.address }]);
    const [target] = live.all;
    await until(
      () => target?.error?.message.includes("an earlier request") === true && reads > 20,
      () => `${reads} reads, the last: ${target?.error?.message}`,
    );
    const queue = (await new AcceptQueues().read()).queueOf({ socketPath: pool.bareAddress });
    expect(queue).toEqual({ waiting: 1, abandoned: 0 });
    expect(target?.queue).toEqual({ waiting: 0, abandoned: 0 });
    expect(target?.diagnoses.map(({ problem }) => problem)).toEqual(["saturated"]);
    for (const pid of childrenOf(fpm.pid)) process.kill(pid, "SIGKILL");
    await until(
      () => target?.pool !== undefined && target.error === undefined,
      () => `${target?.error?.message}`,
    );
  });
});
