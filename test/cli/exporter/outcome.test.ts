import { afterAll, beforeAll, expect, it } from "vitest";
import { type Apache, startApache } from "../../harness/apache.js";
import { describeWith } from "../../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../../harness/php-fpm.js";
import { until } from "../../harness/server-process.js";
import { startExporter } from "./start-exporter.js";

describeWith(["php-fpm", "apache2"], "the commands, as they are typed", () => {
  let fpm: PhpFpm;
  let apache: Apache;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [
        { name: "www", pm: "static", maxChildren: 1, listen: "tcp" },
        { name: "shop", pm: "ondemand", maxChildren: 1, listen: "unix" },
      ],
    });
    apache = await startApache({ mpm: "event" });
  });
  afterAll(async () => {
    await fpm?.stop();
    await apache?.stop();
  });

  it("exporter --phpfpm.scrape-uri listens on 9253", async () => {
    const uri = `tcp://${fpm.pool("www").bareAddress}/status`;
    const args = ["--phpfpm.scrape-uri", uri];
    await using exporter = await startExporter(args, { listensItself: true });
    expect(exporter.url).toBe("http://127.0.0.1:9253");
    expect(await exporter.get("/metrics")).toContain(`phpfpm_up{pool="www",scrape_uri="${uri}"} 1`);
  });

  it("exporter --scrape_uri listens on 9117", async () => {
    const args = ["--scrape_uri", `${apache.url}/server-status?auto`];
    await using exporter = await startExporter(args, { listensItself: true });
    expect(exporter.url).toBe("http://127.0.0.1:9117");
    expect(await exporter.get("/metrics")).toContain("\napache_up 1\n");
  });

  it("server and get are php-fpm_exporter's commands", async () => {
    const uri = `tcp://${fpm.pool("www").bareAddress}/status`;
    const env = { PHP_FPM_SCRAPE_URI: uri };
    await using exporter = await startExporter([], { command: ["server"], env });
    expect(await exporter.get("/metrics")).toContain('phpfpm_up{pool="www"');
  });

  it("exporter finds the pools and httpds of this machine, and keeps looking", async () => {
    await using exporter = await startExporter([]);
    const has = (text: string) =>
      until(
        async () => (await exporter.get("/metrics")).includes(text),
        () => `${text} did not come:\n${exporter.log}`,
      );
    await has('phpfpm_up{pool="www"');
    await has('phpfpm_up{pool="shop"');
    await has("\napache_up");
    const found = JSON.parse(await exporter.get("/sd")) as { labels: Record<string, string> }[];
    expect(found.map(({ labels }) => labels["__meta_fcgi_probe_pool"])).toContain("shop");
    const later = await startPhpFpm({
      pools: [{ name: "later", pm: "static", maxChildren: 1, listen: "tcp" }],
    });
    exporter.signal("SIGHUP");
    await has('phpfpm_up{pool="later"');
    await later.stop();
  });

  it("every endpoint answers", async () => {
    await using exporter = await startExporter([`tcp://${fpm.pool("www").bareAddress}/status`]);
    const status = async (path: string) => (await fetch(`${exporter.url}${path}`)).status;
    const paths = ["/", "/metrics", "/sd", "/-/healthy", "/healthz", "/-/ready"];
    for (const path of [...paths, "/-/pool-healthy?pool=www"]) {
      expect(await status(path), path).toBe(200);
    }
    expect(await status("/probe")).toBe(400);
    expect(await status("/-/reload")).toBe(405);
    expect(await status("/nothing")).toBe(404);
  });
});
