import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Apache, startApache } from "../../harness/apache.js";
import { describeWith } from "../../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../../harness/php-fpm.js";
import { type Prometheus, startPrometheus } from "../../harness/prometheus.js";
import { type RunningExporter, startExporter } from "./start-exporter.js";

describeWith(
  ["php-fpm", "apache2", "prometheus"],
  "a real Prometheus that scrapes the command, which reads real pools and an httpd",
  () => {
    let fpm: PhpFpm;
    let apache: Apache;
    let prometheus: Prometheus;
    let exporters: readonly RunningExporter[] = [];
    let pools: readonly string[];
    const styles = ["drop-in", "modern"] as const;

    beforeAll(async () => {
      fpm = await startPhpFpm({
        pools: [
          { name: "www", pm: "static", maxChildren: 2, listen: "unix" },
          { name: "api", pm: "static", maxChildren: 1, listen: "tcp" },
        ],
      });
      apache = await startApache({ mpm: "event" });
      const socket = fpm.pool("www").bareAddress;
      const link = join(fpm.folder, "link.sock");
      symlinkSync(socket, link);
      const tcp = fpm.pool("api").bareAddress;
      pools = [`unix:${socket}:/status`, `unix:${link}:/status`, `tcp://${tcp}/status`];
      exporters = await Promise.all(
        styles.map((style) =>
          startExporter([
            `--metric-style=${style}`,
            `--phpfpm.scrape-uri=${pools.join(",")}`,
            `--scrape_uri=${apache.url}/server-status?auto`,
          ]),
        ),
      );
      prometheus = await startPrometheus(
        exporters.map(({ url }, index) => ({
          job_name: styles[index],
          static_configs: [{ targets: [new URL(url).host] }],
        })),
      );
      await prometheus.wait("phpfpm_up == 1", (results) => results.length === 2 * pools.length);
    }, 30_000);
    afterAll(async () => {
      await prometheus?.[Symbol.asyncDispose]();
      for (const exporter of exporters) await exporter[Symbol.asyncDispose]();
      await apache?.stop();
      await fpm?.stop();
    });

    const labels = async (expression: string, name: string) =>
      (await prometheus.query(expression)).map(({ metric }) => metric[name]).sort();

    it("stores the counters under the names of their style", async () => {
      const peers = ["phpfpm_accepted_connections", "phpfpm_process_requests"];
      for (const name of peers) {
        expect(await labels(`count by (job) (${name})`, "job")).toEqual(["drop-in"]);
        expect(await labels(`count by (job) (${name}_total)`, "job")).toEqual(["modern"]);
      }
      expect(await labels("apache_up == 1", "job")).toEqual(["drop-in", "modern"]);
      expect(await labels("apache_accesses_total", "job")).toEqual(["drop-in"]);
      expect(await labels("apache_requests_total", "job")).toEqual(["modern"]);
    });

    it("tells two links to one socket apart by the address as it is written", async () => {
      const up = (job: string) => `phpfpm_up{job="${job}",pool=~"www|api"} == 1`;
      expect(await labels(up("drop-in"), "scrape_uri")).toEqual([...pools].sort());
      expect(await labels(up("modern"), "target")).toEqual(
        pools.map((uri) => uri.replace("tcp://", "")).sort(),
      );
    });

    it("has no series twice", async () => {
      for (const exporter of exporters) {
        const lines = (await exporter.get("/metrics")).split("\n");
        const series = lines.filter((line) => line !== "" && !line.startsWith("#"));
        const names = series.map((line) => line.slice(0, line.lastIndexOf(" ")));
        expect(names.length).toBeGreaterThan(100);
        expect(new Set(names).size).toBe(names.length);
      }
    });

    it("sees a pool that ends, under the name that it had, and its count of failures", async () => {
      await fpm.stop();
      const failed = 'phpfpm_scrape_failures{job="drop-in",pool="www"} >= 2';
      expect(await prometheus.wait(failed, (results) => results.length === 2)).toHaveLength(2);
      expect(await labels('phpfpm_up{job="modern"} == 0', "pool")).toEqual(["api", "www", "www"]);
      const total = 'phpfpm_scrape_failures_total{job="modern",pool="api"} >= 1';
      expect(await prometheus.wait(total)).toHaveLength(1);
    });
  },
);
