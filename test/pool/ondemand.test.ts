import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { status } from "../../src/phpfpm/status.js";
import { until } from "../harness/server-process.js";
import { startMaster } from "./master.js";

const times = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("an ondemand pool", () => {
  const ondemand = ["--pm", "ondemand", "--workers", "2", "--status-path", "/status"];

  it("starts workers when connections come, and ends them when none do", async () => {
    await using master = await startMaster([...ondemand, "--idle-timeout", "500ms"]);
    expect(master.workers).toEqual([]);
    await Promise.all([master.request("/sleep?ms=300"), master.request("/sleep?ms=300")]);
    expect(master.workers).toHaveLength(2);
    await master.hasWorkers(0, 6_000);
    expect((await master.request("/")).text).toBe("hello");
  });

  it("counts how often maxChildren was reached", async () => {
    await using master = await startMaster(ondemand);
    await Promise.all(times(4).map(() => master.request("/sleep?ms=300")));
    expect((await master.status()).maxChildrenReached).toBe(1);
  });

  it("is reloaded when it has no worker", async () => {
    await using master = await startMaster(ondemand);
    master.signal("SIGHUP");
    await master.logged("reloading");
    expect((await master.request("/")).text).toBe("hello");
  });
});

describe("a dynamic pool", () => {
  it("keeps the number of idle workers within its bounds", async () => {
    const spare = ["--start-servers", "2", "--min-spare", "2", "--max-spare", "3"];
    const own = ["--status-listen", "unix:./status.sock", "--workers", "6"];
    await using master = await startMaster(["--pm", "dynamic", ...spare, ...own]);
    await master.hasWorkers(2);
    const busy = times(3).map(() => master.request("/sleep?ms=3500"));
    // One second for each step: two are busy, a third starts, and then two spare ones.
    await master.hasWorkers(5, 6_000);
    const page = `unix:${master.folder}/status.sock:/status`;
    let counts: (number | undefined)[] = [];
    await until(
      () => {
        void status(page).then((pool) => {
          counts = [pool.activeProcesses, pool.idleProcesses];
        });
        return counts[0] === 3 && counts[1] === 2;
      },
      () => `${counts} are active and idle`,
    );
    await Promise.all(busy);
    await master.hasWorkers(3, 8_000);
    await sleep(1_500);
    expect(master.workers).toHaveLength(3);
  });
});
