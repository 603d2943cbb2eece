import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import type { PoolConfiguration } from "../../src/discovery/pool-configuration.js";
import { createExporter } from "../../src/exporter/create-exporter.js";
import { targetDefaults } from "../../src/exporter/target.js";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, type Pool, startPhpFpm } from "../harness/php-fpm.js";
import { until } from "../harness/server-process.js";

const BACKLOG = 6;

describeWith(["php-fpm"], "the metrics of a pool whose workers are all held", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    const common = { pm: "static", maxChildren: 2, backlog: BACKLOG } as const;
    fpm = await startPhpFpm({
      pools: [
        { ...common, name: "unix", listen: "unix" },
        { ...common, name: "tcp", listen: "tcp" },
        { ...common, name: "reserve", listen: "unix", statusListen: true },
        { ...common, name: "gone-unix", listen: "unix", statusListen: true },
        { ...common, name: "gone-tcp", listen: "tcp", statusListen: "unix" },
      ],
    });
  });
  afterAll(() => fpm.stop());

  /** The lines of `/metrics` for a pool, without the labels of the target. */
  async function metricsOf(pool: Pool, configuration?: Partial<PoolConfiguration>) {
    const { address, name, bareAddress } = pool;
    const listen = bareAddress.startsWith("/") ? `unix:${bareAddress}` : bareAddress;
    const exporter = createExporter({
      targets: [
        {
          ...targetDefaults,
          address,
          kind: "phpfpm",
          timeout: 300,
          source: "the test",
          configuration: configuration && ({ name, listen, ...configuration } as PoolConfiguration),
        },
      ],
    });
    onTestFinished(() => exporter.close());
    const response = await exporter.fetch(new Request("http://exporter/metrics"));
    const lines = (await response.text()).split("\n").filter((line) => !line.startsWith("#"));
    return lines.map((line) => line.replace(/pool="[^"]*",scrape_uri="[^"]*",?/, ""));
  }

  /** Connects clients that send nothing: two hold the workers, the others wait. Returns them all. */
  async function hold(pool: Pool, count: number): Promise<Socket[]> {
    const sockets = Array.from({ length: count }, () => connect(pool.endpoint));
    onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
    await until(
      async () =>
        (await metricsOf(pool)).some((line) => /^phpfpm_accept_queue\{\} [1-9]/.test(line)),
      () => "the queue stayed empty",
    );
    return sockets;
  }

  it.each(["unix", "tcp"])(
    "say how long its queue is, and that it is saturated: %s",
    async (name) => {
      const pool = fpm.pool(name);
      await hold(pool, 4);
      const lines = await metricsOf(pool, { backlog: BACKLOG });
      expect(lines).toContain("phpfpm_up{} 0");
      expect(lines).toContain(`phpfpm_accept_queue_limit{} ${BACKLOG}`);
      expect(lines).toContain('phpfpm_diagnosis{kind="saturated"} 1');
      // Two of the test, and the scrapes themselves.
      const [, waiting] =
        /\} (\d+)/.exec(lines.find((line) => /^phpfpm_accept_queue\{/.test(line)) ?? "") ?? [];
      expect(Number(waiting)).toBeGreaterThan(2);
    },
  );

  it("come from pm.status_listen, and show idle workers beside a queue", async () => {
    const pool = fpm.pool("reserve");
    await hold(pool, 4);
    const lines = await metricsOf(pool, {
      statusListen: `unix:${pool.statusListenBareAddress}`,
      statusPath: pool.statusPath,
      backlog: -1,
      maxChildren: 2,
    });
    expect(lines).toContain("phpfpm_up{} 1");
    expect(lines).toContain("phpfpm_max_children{} 2");
    expect(lines.some((line) => /^phpfpm_accept_queue\{\} [2-9]/.test(line))).toBe(true);
    expect(lines).toContain('phpfpm_diagnosis{kind="silent_clients"} 1');
  });

  it("have no settings of a configuration whose pool has another name", async () => {
    const pool = fpm.pool("reserve");
    const settings = { statusListen: `unix:${pool.statusListenBareAddress}`, maxChildren: 2 };
    const lines = await metricsOf(pool, { ...settings, name: "other", statusPath: "/status" });
    expect(lines).toContain("phpfpm_up{} 1");
    expect(lines.filter((line) => line.includes("max_children{"))).toEqual([]);
  });

  it.each(["gone-unix", "gone-tcp"])("count the clients that gave up: %s", async (name) => {
    const pool = fpm.pool(name);
    const statusListen = `unix:${pool.statusListenBareAddress}`;
    const read = () => metricsOf(pool, { statusListen, statusPath: pool.statusPath });
    const [, , ...waiting] = await hold(pool, 5);
    expect(await read()).toContain("phpfpm_accept_queue_abandoned{} 0");
    for (const socket of waiting.slice(0, 2)) socket.destroy();
    await until(
      async () => (await read()).includes("phpfpm_accept_queue_abandoned{} 2"),
      () => "no client has given up",
    );
    expect(await read()).toContain('phpfpm_diagnosis{kind="abandoned"} 1');
  });

  it("have the queue of the pool, also where the address is that of pm.status_listen", async () => {
    const pool = fpm.pool("reserve");
    await hold(pool, 4);
    const address = pool.statusListenAddress as string;
    const statusListen = `unix:${pool.statusListenBareAddress}`;
    const lines = await metricsOf({ ...pool, address }, { statusListen, statusPath: "/status" });
    expect(lines).toContain("phpfpm_up{} 1");
    expect(lines.some((line) => /^phpfpm_accept_queue\{\} [2-9]/.test(line))).toBe(true);
  });

  it("have no queue where the kernel shows none", async () => {
    const address = `unix:${join(fpm.folder, "nowhere.sock")}:/status`;
    const lines = await metricsOf({ ...fpm.pool("unix"), address });
    expect(lines.filter((line) => line.includes("accept_queue"))).toEqual([]);
    expect(lines).toContain('phpfpm_diagnosis{kind="dead"} 1');
  });
});

it("have no queue on another machine", async () => {
  const exporter = createExporter({
    targets: [
      {
        ...targetDefaults,
        address: "[::ffff:192.0.2.1]:9000/status",
        kind: "phpfpm",
        timeout: 50,
        source: "the test",
      },
    ],
  });
  const response = await exporter.fetch(new Request("http://exporter/metrics"));
  expect(await response.text()).not.toContain("accept_queue");
  exporter.close();
});
