import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { seriesValue } from "../../exporter/targets.js";
import { describeWith } from "../../harness/describe-with.js";
import { type DnsRecords, startDnsmasq } from "../../harness/dnsmasq.js";
import { type PhpFpm, startPhpFpm } from "../../harness/php-fpm.js";
import { freePort } from "../../harness/ports.js";
import { makeFolder, until } from "../../harness/server-process.js";
import { type RunningExporter, startExporter } from "./start-exporter.js";

const isRoot = process.getuid?.() === 0;

describe.runIf(isRoot)("a real name server", () => {
  describeWith(["php-fpm", "dnsmasq"], "names pools", () => {
    let fpm: PhpFpm;
    let port: number;
    let other: string;
    beforeAll(async () => {
      port = await freePort();
      const common = { pm: "static", maxChildren: 1, listen: "tcp" } as const;
      const pools = [
        // One pool at every IPv4 address of this machine.
        { ...common, name: "everywhere", extra: { listen: `0.0.0.0:${port}` } },
        { ...common, name: "other" },
      ];
      fpm = await startPhpFpm({ pools });
      other = fpm.pool("other").bareAddress.split(":")[1] as string;
    });
    afterAll(() => fpm?.stop());

    /** Starts a name server, and an exporter that looks for these names once a second. */
    async function discover(names: readonly string[], records: DnsRecords) {
      const dns = await startDnsmasq(records);
      onTestFinished(() => dns[Symbol.asyncDispose]());
      const file = join(makeFolder(), "site.yaml");
      writeFileSync(file, `discover: { dns: ${JSON.stringify(names)}, interval: 1s }\n`);
      const exporter = await startExporter([`--config=${file}`], { prefix: dns.prefix });
      onTestFinished(() => exporter[Symbol.asyncDispose]());
      return { dns, exporter };
    }

    /** Waits until these are the targets, and returns the metrics. */
    async function settle(exporter: RunningExporter, expected: readonly string[]): Promise<string> {
      let text = "";
      const found = () =>
        [...text.matchAll(/^phpfpm_up\{.*scrape_uri="(.*)"\}/gm)].map((m) => m[1]);
      await until(
        async () => {
          text = await exporter.get("/metrics");
          return found().sort().join() === [...expected].sort().join();
        },
        () => `the targets are ${found()}:\n${exporter.log}`,
      );
      return text;
    }

    const up = (text: string, pool: string, uri: string) =>
      seriesValue(text, `phpfpm_up{pool="${pool}",scrape_uri="${uri}"}`);

    it("by A and AAAA, whose addresses come and go", async () => {
      const hosts = { "pools.test": ["127.0.0.1", "127.0.0.2", "::1"] };
      const { dns, exporter } = await discover([`pools.test:${port}/status`], { hosts });
      const [one, two, six] = [`127.0.0.1:${port}`, `127.0.0.2:${port}`, `[::1]:${port}`];
      const text = await settle(exporter, [`${one}/status`, `${two}/status`, `${six}/status`]);
      expect(up(text, "everywhere", `${one}/status`)).toBe(1);
      expect(up(text, "everywhere", `${two}/status`)).toBe(1);
      expect(up(text, "", `${six}/status`)).toBe(0);
      dns.setHosts({ "pools.test": ["127.0.0.2", "127.0.0.3"] });
      const next = await settle(exporter, [`${two}/status`, `127.0.0.3:${port}/status`]);
      expect(up(next, "everywhere", `127.0.0.3:${port}/status`)).toBe(1);
    });

    it("by SRV, each with its port", async () => {
      const { exporter } = await discover(["_fcgi._tcp.pools.test/status"], {
        hosts: { "a.test": ["127.0.0.1"], "b.test": ["127.0.0.2"] },
        services: { "_fcgi._tcp.pools.test": [`b.test:${port}`, `a.test:${other}`] },
      });
      const [one, two] = [`127.0.0.1:${other}/status`, `127.0.0.2:${port}/status`];
      const text = await settle(exporter, [one, two]);
      expect(up(text, "other", one)).toBe(1);
      expect(up(text, "everywhere", two)).toBe(1);
      expect(seriesValue(text, 'fcgi_probe_source_up{source="discovery"}')).toBe(1);
    });

    it("that keep their targets when they are gone, and while the server is silent", async () => {
      const { dns, exporter } = await discover(
        [`pools.test:${port}/status`, "_fcgi._tcp.none.test/status"],
        { hosts: { "pools.test": ["127.0.0.1"] } },
      );
      const uri = `127.0.0.1:${port}/status`;
      const text = await settle(exporter, [uri]);
      expect(seriesValue(text, 'fcgi_probe_source_up{source="discovery"}')).toBe(0);
      await exporter.logs(/_fcgi\._tcp\.none\.test\/status: cannot be resolved \(ENOTFOUND\)/);
      dns.setHosts({});
      await exporter.logs(/pools\.test:\d+\/status: cannot be resolved/);
      await settle(exporter, [uri]);
      dns.silence();
      await exporter.logs(/is not resolved after 5000 ms/);
      expect(up(await settle(exporter, [uri]), "everywhere", uri)).toBe(1);
    });

    it("of targets by hand, which do not hold up the others while the server is silent", async () => {
      const dns = await startDnsmasq({ hosts: { "pools.test": ["127.0.0.1"] } });
      onTestFinished(() => dns[Symbol.asyncDispose]());
      const [named, none] = [`pools.test:${port}/status`, `none.test:${port}/status`];
      const fine = `127.0.0.1:${other}/status`;
      const args = [named, none, fine];
      const exporter = await startExporter(args, { prefix: dns.prefix });
      onTestFinished(() => exporter[Symbol.asyncDispose]());
      const text = await settle(exporter, args);
      expect(up(text, "everywhere", named)).toBe(1);
      expect(text).toContain(`phpfpm_scrape_error{pool="",scrape_uri="${none}",reason="dns"} 1\n`);
      dns.silence();
      let last = text;
      await until(
        async () => {
          const from = performance.now();
          last = await exporter.get("/metrics", { "X-Prometheus-Scrape-Timeout-Seconds": "2" });
          expect(performance.now() - from).toBeLessThan(2_000);
          expect(up(last, "other", fine)).toBe(1);
          return up(last, "everywhere", named) === 0;
        },
        () => `the name is still resolved:\n${last}`,
      );
      expect(last).toMatch(
        /^phpfpm_scrape_error\{pool="everywhere".*reason="(?:deadline|dns|.*timeout)"/m,
      );
    });

    it("does not keep the exporter from its end while it is silent", async () => {
      const hosts = { "pools.test": ["127.0.0.1"], "h.test": ["127.0.0.1"] };
      const { dns, exporter } = await discover([`pools.test:${port}/status`], { hosts });
      await settle(exporter, [`127.0.0.1:${port}/status`]);
      dns.silence();
      await exporter.logs(/is not resolved after 5000 ms/);
      const from = performance.now();
      exporter.signal("SIGTERM");
      // Node waits for its threads, so that only the signal itself can end it.
      expect(await exporter.ended).toBeNull();
      expect(performance.now() - from).toBeLessThan(2_000);
    });
  });
});
