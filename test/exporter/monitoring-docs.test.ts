import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { parseTargetGroups } from "../../src/discovery/target-groups.js";
import { parseConfiguration } from "../../src/exporter/config/configuration.js";
import { watchConfiguration } from "../../src/exporter/config/watch-configuration.js";
import { createExporter } from "../../src/exporter/create-exporter.js";
import { listenWeb } from "../../src/web/listener.js";
import { startPhpFpm } from "../harness/php-fpm.js";
import { freePort } from "../harness/ports.js";
import { startPrometheus } from "../harness/prometheus.js";
import { until } from "../harness/server-process.js";
import { requireServer } from "../harness/servers.js";

const page = ["monitoring", "exporter", "push", "opcache"]
  .map((name) => readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), "utf8"))
  .join("\n");
const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-docs-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The YAML blocks of the pages with what follows `yaml` on their first line. */
function blocks(kind: string): string[] {
  return [...page.matchAll(/^ *```yaml ?(.*)\n([\s\S]*?)^ *```$/gm)].flatMap(([, of, text]) =>
    of === kind ? [text ?? ""] : [],
  );
}

const jobOf = (text: string): string => parse(text).scrape_configs[0].job_name;

/** The block of a job, the first of that name. */
function block(job: string): string {
  return blocks("").find((text) => jobOf(text) === job) ?? "";
}

async function promtool(command: "config" | "rules", text: string): Promise<string> {
  const file = join(folder, `${command}.yml`);
  writeFileSync(file, text);
  const program = requireServer("promtool");
  return (await promisify(execFile)(program, ["check", command, file])).stdout;
}

describe("docs/monitoring.md, and the pages that it leads to,", () => {
  it.each(blocks("").map((text) => [jobOf(text), text]))(
    "has a configuration that promtool accepts: %s",
    async (_, text) => {
      // Debian builds promtool without Kubernetes.
      const known = text.replace(
        "    kubernetes_sd_configs:\n      - role: pod\n",
        '    file_sd_configs: [{ files: ["/pods.json"] }]\n',
      );
      expect(await promtool("config", known)).toMatch(/SUCCESS: .* is valid prometheus config/);
    },
  );

  it("probes the pods of Kubernetes that ask for it, at their addresses", async () => {
    const [{ kubernetes_sd_configs, ...job }] = parse(block("php-pods")).scrape_configs;
    expect(kubernetes_sd_configs).toEqual([{ role: "pod" }]);
    const pod = (ip: string, port: string, annotation: string, phase = "Running") => ({
      targets: [`${ip}:${port}`],
      labels: {
        __meta_kubernetes_pod_annotation_fcgi_probe_scrape: annotation,
        __meta_kubernetes_pod_container_port_number: port,
        __meta_kubernetes_pod_phase: phase,
        __meta_kubernetes_pod_ip: ip,
        __meta_kubernetes_pod_name: `pod-${ip}`,
        __meta_kubernetes_namespace: "shop",
      },
    });
    const pods = [
      pod("10.244.1.5", "9000", "true"),
      pod("10.244.1.5", "9253", "true"),
      pod("10.244.1.6", "9000", "false"),
      pod("10.244.1.7", "9000", "true", "Succeeded"),
    ];
    await using prometheus = await startPrometheus([{ ...job, static_configs: pods }]);
    await until(
      async () => (await prometheus.targets()).length > 0,
      () => "Prometheus has no target",
    );
    expect(await prometheus.targets()).toMatchObject([
      {
        labels: { namespace: "shop", pod: "pod-10.244.1.5", job: "php-pods" },
        scrapeUrl:
          "http://fcgi-probe-exporter.monitoring.svc:9253/probe?module=fpm&target=tcp%3A%2F%2F10.244.1.5%3A9000%2Fstatus",
      },
    ]);
  });

  it("has rules that promtool accepts", async () => {
    expect(blocks("rules")).toHaveLength(5);
    for (const text of blocks("rules")) {
      expect(await promtool("rules", text)).toMatch(/SUCCESS: [12] rules found/);
    }
  });

  it("has configurations that the exporter accepts", () => {
    expect(blocks("exporter")).toHaveLength(5);
    for (const text of blocks("exporter")) expect(parseConfiguration(text, "docs")).toBeDefined();
  });

  it("has a file of targets that the exporter reads, with labels", async () => {
    const [first] = await parseTargetGroups(blocks("targets")[0] ?? "", "docs");
    expect(first?.labels).toEqual({ site: "shop", __param_module: "fpm" });
  });
});

/** The number that Prometheus' hashmod gives a text: the last 8 bytes of its MD5. */
function hashmod(text: string, modulus: bigint): string {
  return String(createHash("md5").update(text).digest().readBigUInt64BE(8) % modulus);
}

describe("two exporters, and a Prometheus that shards", () => {
  it("read each target once, as /sd lists it, with its labels", async () => {
    await using server = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 4, listen: "unix" }],
    });
    const { bareAddress } = server.pool("www");
    const byShard = new Map<string, string[]>([
      ["0", []],
      ["1", []],
    ]);
    for (let number = 0; [...byShard.values()].some((targets) => targets.length < 4); number++) {
      const socket = join(folder, `${number}.sock`);
      const target = `unix:${socket}:/status`;
      const targets = byShard.get(hashmod(target, 2n)) ?? [];
      if (targets.length === 4) continue;
      symlinkSync(bareAddress, socket);
      targets.push(target);
    }
    const all = [...byShard.values()].flat();
    const text = `targets:\n${all
      .map((address) => `  - { address: "${address}", labels: { site: shop } }\n`)
      .join("")}`;

    const port = await freePort();
    const probed = new Map<string, Set<string>>();
    const stops: (() => void)[] = [];
    onTestFinished(() => {
      for (const stop of stops) stop();
    });
    for (const shard of byShard.keys()) {
      const exporter = createExporter({ targets: [] });
      const configuration = await watchConfiguration({ text }, { onSettings: exporter.update });
      const asked = new Set<string>();
      probed.set(shard, asked);
      const handler = (request: Request) => {
        const target = new URL(request.url).searchParams.get("target");
        if (target !== null) asked.add(target);
        return exporter.fetch(request);
      };
      const listener = await listenWeb(handler, { listen: [`127.0.0.1${shard}:${port}`] });
      stops.push(() => {
        configuration.close();
        exporter.close();
        void listener.close(0);
      });
    }

    const [job] = parse(
      block("php-sharded")
        .replace("exporter-$1.example.com:9253", `127.0.0.1$1:${port}`)
        .replace("exporter-0.example.com:9253", `127.0.0.10:${port}`),
    ).scrape_configs;
    await using prometheus = await startPrometheus([job]);
    const up = await prometheus.wait("phpfpm_up == 1", (results) => results.length === all.length);
    const read = up.map(({ metric: { instance, scrape_uri, shard, site, pool } }) => {
      return { instance, scrape_uri, shard, site, pool };
    });
    const expected = all.map((target) => ({
      instance: target,
      scrape_uri: target,
      shard: hashmod(target, 2n),
      site: "shop",
      pool: "www",
    }));
    const sorted = (series: readonly object[]) => series.map((each) => JSON.stringify(each)).sort();
    expect(sorted(read)).toEqual(sorted(expected));
    for (const [shard, targets] of byShard) {
      expect([...(probed.get(shard) ?? [])].sort()).toEqual([...targets].sort());
    }
  });
});
