import { symlinkSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import type { PoolConfiguration } from "../../src/discovery/pool-configuration.js";
import { createExporter, type Exporter } from "../../src/exporter/create-exporter.js";
import type { PoolSample } from "../../src/exporter/sample.js";
import { describeWith } from "../harness/describe-with.js";
import { listenOnly } from "../harness/listen-only.js";
import { type PhpFpm, type Pool, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { until } from "../harness/server-process.js";
import { targetOf } from "./targets.js";

const TIMEOUT = 200;
const SCRAPES = 5;
/** Longer than the kernel's tables are remembered. */
const TABLE_AGE = 1_100;

describeWith(
  ["php-fpm"],
  "a pool whose only worker is busy, and that has no pm.status_listen",
  () => {
    let fpm: PhpFpm;
    beforeAll(async () => {
      const common = { pm: "static", maxChildren: 1, backlog: 2 } as const;
      fpm = await startPhpFpm({
        pools: [
          { ...common, name: "unix", listen: "unix" },
          { ...common, name: "tcp", listen: "tcp" },
          { ...common, name: "links", listen: "unix" },
          { ...common, name: "pinged", listen: "unix" },
          { ...common, name: "late", listen: "unix" },
        ],
      });
    });
    afterAll(() => fpm.stop());

    function exporterOf(...addresses: string[]): Exporter {
      const targets = addresses.map((address) => targetOf(address, { timeout: TIMEOUT }));
      const exporter = createExporter({ targets, cacheAge: 0 });
      onTestFinished(() => exporter.close());
      return exporter;
    }

    /** Keeps the only worker busy, by a script that has begun when this returns. */
    async function occupy({ bareAddress, address }: Pool, milliseconds: number): Promise<void> {
      const cancel = new AbortController();
      const { body } = await gatewayFetch(
        address.startsWith("unix:") ? `unix:${bareAddress}` : `fcgi://${bareAddress}`,
        new Request(`http://localhost/sleep.php?say=1&ms=${milliseconds}`),
        { scriptFilename: phpScript("sleep.php"), signal: cancel.signal },
      );
      onTestFinished(() => cancel.abort());
      body?.pipeTo(new WritableStream()).catch(() => {});
    }

    const scrape = async (exporter: Exporter) =>
      (await exporter.collect()) as readonly PoolSample[];
    const pause = (milliseconds: number) =>
      new Promise((resolve) => setTimeout(resolve, milliseconds));

    /** Connects as a client does. */
    const connects = ({ endpoint }: Pool) =>
      new Promise((resolve, reject) => {
        const socket = connect(endpoint);
        onTestFinished(() => void socket.destroy());
        socket.once("connect", () => resolve("connected")).once("error", reject);
      });

    const alone = {
      reason: "timeout",
      queue: { waiting: 0, abandoned: 0 },
      diagnoses: [{ problem: "at_limit" }],
    };

    it.each(["unix", "tcp"])("gets no queue of our own connections: %s", async (name) => {
      const pool = fpm.pool(name);
      await occupy(pool, 60_000);
      const exporter = exporterOf(pool.address);
      for (let i = 0; i < SCRAPES; i++) {
        expect(await scrape(exporter)).toMatchObject([alone]);
        await pause(TABLE_AGE);
      }
      // The queue has three places: one for ours, two for clients.
      expect(await connects(pool)).toBe("connected");
      expect(await connects(pool)).toBe("connected");
      await pause(TABLE_AGE);
      expect(await scrape(exporter)).toMatchObject([
        {
          reason: "timeout",
          queue: { waiting: 2, abandoned: 0 },
          diagnoses: [{ problem: "saturated" }],
        },
      ]);
    });

    it("gets none by two links to one socket, nor by /probe", async () => {
      const pool = fpm.pool("links");
      const link = join(fpm.folder, "link.sock");
      symlinkSync(pool.bareAddress, link);
      await occupy(pool, 60_000);
      const first = exporterOf(pool.address, `unix:${link}:/status`);
      for (let i = 0; i < SCRAPES; i++) {
        expect(await scrape(first)).toMatchObject([alone, alone]);
        const url = `http://x/probe?target=${encodeURIComponent(pool.address)}`;
        const text = await (await first.fetch(new Request(url))).text();
        expect(text).toMatch(/^phpfpm_accept_queue\{.*\} 0$/m);
      }
      expect(await connects(pool)).toBe("connected");
    });

    it("gets none by /-/pool-healthy", async () => {
      const pool = fpm.pool("pinged");
      await occupy(pool, 60_000);
      const configuration = {
        name: "pinged",
        listen: `unix:${pool.bareAddress}`,
        pingPath: pool.pingPath,
      } as PoolConfiguration;
      const target = targetOf(pool.address, { timeout: TIMEOUT, configuration });
      const exporter = createExporter({ targets: [target], cacheAge: 0 });
      onTestFinished(() => exporter.close());
      for (let i = 0; i < 4; i++) {
        const answer = await exporter.fetch(new Request("http://x/-/pool-healthy"));
        expect([answer.status, (await answer.text()).trim()]).toEqual([200, "busy: timeout"]);
      }
      expect(await scrape(exporter)).toMatchObject([alone]);
      expect(await connects(pool)).toBe("connected");
    });

    it("is read by the request that waited, as soon as the worker is free", async () => {
      const pool = fpm.pool("late");
      const exporter = exporterOf(pool.address);
      await occupy(pool, 1_500);
      expect(await scrape(exporter)).toMatchObject([{ reason: "timeout" }]);
      await until(
        async () => (await scrape(exporter))[0]?.status !== undefined,
        () => "the pool is not read again",
      );
      const [sample] = await scrape(exporter);
      // The script and two or three requests for the status: none for the scrapes that were too late.
      expect(sample?.status?.acceptedConn).toBeLessThanOrEqual(4);
      await pause(TABLE_AGE);
      expect((await scrape(exporter))[0]).toMatchObject({
        reason: undefined,
        queue: { waiting: 0 },
      });
    });

    it("is left, though nobody scrapes, once a worker has accepted the request and is silent", async () => {
      const path = join(fpm.folder, "accepts-late.sock");
      const server = await listenOnly([`unix ${path}`]);
      onTestFinished(() => server.stop());
      expect(await scrape(exporterOf(`unix:${path}:/status`))).toMatchObject([alone]);
      server.signal("SIGUSR1");
      await until(
        () => server.output.includes("closed"),
        () => "the connection is still open",
      );
    });

    it("is asked anew when php-fpm has ended", async () => {
      await using other = await startPhpFpm({
        pools: [{ name: "www", pm: "static", maxChildren: 1, listen: "unix" }],
      });
      const pool = other.pool("www");
      await occupy(pool, 60_000);
      const exporter = exporterOf(pool.address);
      expect(await scrape(exporter)).toMatchObject([alone]);
      await other.stop();
      expect(await scrape(exporter)).toMatchObject([
        { reason: "not_found", diagnoses: [{ problem: "dead" }] },
      ]);
    });
  },
);
