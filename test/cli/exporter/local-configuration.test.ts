import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { describeWith } from "../../harness/describe-with.js";
import { type PhpFpm, type Pool, startPhpFpm } from "../../harness/php-fpm.js";
import { until } from "../../harness/server-process.js";
import { type RunningExporter, startExporter } from "./start-exporter.js";

const BACKLOG = 7;

describeWith(["php-fpm"], "targets that are written by hand", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    const common = { pm: "static", maxChildren: 2, backlog: BACKLOG } as const;
    fpm = await startPhpFpm({
      pools: [
        { ...common, name: "www", listen: "unix", statusListen: true },
        { ...common, name: "tcp", listen: "tcp" },
        {
          ...{ name: "dynamic", pm: "dynamic", maxChildren: 5, listen: "tcp" },
          extra: { "pm.max_requests": "400" },
        },
      ],
    });
  });
  afterAll(() => fpm.stop());

  /** The values of a metric, by the addresses of the targets. */
  async function valuesOf(exporter: RunningExporter, metric: string): Promise<[string, number][]> {
    const text = await exporter.get("/metrics");
    const line = new RegExp(`^${metric}\\{[^}]*scrape_uri="([^"]*)"[^}]*\\} (\\S+)$`, "gm");
    return [...text.matchAll(line)].map(([, uri = "", value]) => [uri, Number(value)]);
  }

  async function become(exporter: RunningExporter, metric: string, expected: [string, number][]) {
    let last: unknown;
    await until(
      async () => {
        last = await valuesOf(exporter, metric);
        return JSON.stringify(last) === JSON.stringify(expected);
      },
      () => `${metric} is ${JSON.stringify(last)}:\n${exporter.log}`,
    );
  }

  /** Clients that send nothing hold the two workers, and wait in the queue. */
  function hold(pool: Pool, count: number): void {
    const sockets = Array.from({ length: count }, () => connect(pool.endpoint));
    onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
  }

  const yamlFile = (text: string): string => {
    const file = join(fpm.folder, "site.yaml");
    writeFileSync(file, text);
    return file;
  };

  it("are read by pm.status_listen while saturated, with limits and queue", async () => {
    const pool = fpm.pool("www");
    const uri = `unix:${pool.bareAddress};/status`;
    await using exporter = await startExporter([`--phpfpm.scrape-uri=${uri}`]);
    await become(exporter, "phpfpm_max_children", [[uri, 2]]);
    hold(pool, 5);
    await become(exporter, "phpfpm_accept_queue", [[uri, 3]]);
    expect(await valuesOf(exporter, "phpfpm_up")).toEqual([[uri, 1]]);
    expect(await valuesOf(exporter, "phpfpm_accept_queue_limit")).toEqual([[uri, BACKLOG]]);
  });

  it.each(["drop-in", "modern"])("have the settings of the process manager: %s", async (style) => {
    const uri = `tcp://${fpm.pool("dynamic").bareAddress}/status`;
    const flags = [`--phpfpm.scrape-uri=${uri}`, `--metric-style=${style}`];
    await using exporter = await startExporter(flags);
    const settings = () =>
      exporter
        .get("/metrics")
        .then((text) =>
          [...text.matchAll(/^phpfpm_(\w+)\{[^}]*\} (\d+)$/gm)].flatMap(([, name = "", value]) =>
            /^(?:max_children|start_servers|m.._spare_servers|max_requests)$/.test(name)
              ? [`${name} ${value}`]
              : [],
          ),
        );
    await expect
      .poll(settings, { timeout: 10_000 })
      .toEqual([
        ...["max_children 5", "start_servers 2", "min_spare_servers 1", "max_spare_servers 3"],
        "max_requests 400",
      ]);
    expect(await exporter.get("/metrics")).toMatch(/^phpfpm_pm_info\{.*pm="dynamic"\} 1$/m);
  });

  it("have it in flags, in YAML and in files of targets, and no target is added", async () => {
    const { address } = fpm.pool("www");
    const uri = `tcp://localhost:${fpm.pool("tcp").bareAddress.split(":")[1]}/status`;
    writeFileSync(join(fpm.folder, "more.targets"), `${fpm.pool("tcp").bareAddress}/status\n`);
    const config = yamlFile(`targets: ["${address}"]\ndiscover: { files: ["more.targets"] }\n`);
    await using exporter = await startExporter(["--config", config, "--phpfpm.scrape-uri", uri]);
    await become(exporter, "phpfpm_max_children", [
      [uri, 2],
      [address, 2],
      [`${fpm.pool("tcp").bareAddress}/status`, 2],
    ]);
    expect(exporter.log).not.toContain("warn");
  });

  it("do not have it where the setting says so, nor on another path than that of the page", async () => {
    const pool = fpm.pool("www");
    const off = yamlFile(`targets: ["${pool.address}"]\ndiscover: { configuration: false }\n`);
    await using without = await startExporter(["--config", off]);
    const uri = `unix:${pool.bareAddress};/ping`;
    await using other = await startExporter([`--phpfpm.scrape-uri=${uri}`]);
    await become(other, "phpfpm_max_children", [[uri, 2]]);
    // The path is not corrected: that target has no status page.
    expect(await valuesOf(other, "phpfpm_up")).toEqual([[uri, 0]]);
    // By now the first exporter would have it, too.
    expect(await valuesOf(without, "phpfpm_up")).toEqual([[pool.address, 1]]);
    expect(await valuesOf(without, "phpfpm_max_children")).toEqual([]);
  });

  it("follow the configuration, and lose what can no longer be read", async () => {
    const uri = `tcp://${fpm.pool("tcp").bareAddress}/status`;
    await using exporter = await startExporter([`--phpfpm.scrape-uri=${uri}`]);
    await become(exporter, "phpfpm_max_children", [[uri, 2]]);
    const file = join(fpm.folder, "php-fpm.conf");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replaceAll("pm.max_children = 2", "pm.max_children = 3"));
    await fpm.reload();
    await become(exporter, "phpfpm_max_children", [[uri, 3]]);
    writeFileSync(file, "# no comment of php-fpm\n");
    await become(exporter, "phpfpm_max_children", []);
    writeFileSync(file, text);
    await become(exporter, "phpfpm_max_children", [[uri, 2]]);
  });
});
