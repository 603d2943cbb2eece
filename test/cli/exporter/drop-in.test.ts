import { spawn } from "node:child_process";
import { once } from "node:events";

import { afterAll, beforeAll, expect, it } from "vitest";
import { captured } from "../../exporter/metrics/captured-pools.js";
import { seriesOf, sortedLabels, typesOf } from "../../exporter/metrics/samples.js";
import { type Apache, startApache } from "../../harness/apache.js";
import { describeWith } from "../../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../../harness/php-fpm.js";
import { freePort } from "../../harness/ports.js";
import { until } from "../../harness/server-process.js";
import { requireServer } from "../../harness/servers.js";
import { type RunningExporter, startExporter } from "./start-exporter.js";

/** A series without its value, and without the values of labels that moves from run to run. */
const nameAndLabels = (line: string) =>
  line
    .replace(/="[^"]*"/g, (value) => (/^="(?:Idle|Running|Finishing)/.test(value) ? value : "="))
    .replace(/ \S+$/, "");

describeWith(["php-fpm"], "in place of php-fpm_exporter, /metrics of real pools", () => {
  let fpm: PhpFpm;
  let exporter: RunningExporter;
  let uris: readonly string[];
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [
        { name: "www", pm: "static", maxChildren: 2, listen: "unix" },
        { name: "api", pm: "static", maxChildren: 1, listen: "tcp" },
      ],
    });
    uris = [
      `unix://${fpm.pool("www").bareAddress};/status`,
      `tcp://${fpm.pool("api").bareAddress}/status`,
      "tcp://127.0.0.1:1/status",
      "tcp://127.0.0.1:1/repeated",
    ];
    const flags = [`--phpfpm.scrape-uri=${uris[0]},${uris[1]}`, `--phpfpm.scrape-uri=${uris[3]}`];
    exporter = await startExporter(flags, {
      command: ["server"],
      env: { PHP_FPM_SCRAPE_URI: uris[2] as string },
    });
  });
  afterAll(async () => {
    await exporter?.[Symbol.asyncDispose]();
    await fpm?.stop();
  });

  it("has the names, types and labels of the captured peer", async () => {
    const peer = captured;
    const isPool = (line: string) => /phpfpm_/.test(line);
    const text = await exporter.get("/metrics");
    const names = new Set(seriesOf(text).map(sortedLabels).map(nameAndLabels));
    const wanted = seriesOf(peer).filter(isPool).map(sortedLabels).map(nameAndLabels);
    expect(new Set(wanted).size).toBeGreaterThan(20);
    for (const series of wanted) expect(names).toContain(series);
    for (const type of typesOf(peer).filter(isPool)) expect(typesOf(text)).toContain(type);
  });

  it("has the targets of lists, repeated flags and the environment, with scrape_uri as it was written, and pool empty before the first success", async () => {
    const text = await exporter.get("/metrics");
    const up = seriesOf(text)
      .map(sortedLabels)
      .filter((line) => line.startsWith("phpfpm_up{"));
    expect(up.sort()).toEqual(
      [
        `phpfpm_up{pool="www",scrape_uri="${uris[0]}"} 1`,
        `phpfpm_up{pool="api",scrape_uri="${uris[1]}"} 1`,
        `phpfpm_up{pool="",scrape_uri="${uris[2]}"} 0`,
        `phpfpm_up{pool="",scrape_uri="${uris[3]}"} 0`,
      ].sort(),
    );
  });

  it("has series of each process", async () => {
    const text = await exporter.get("/metrics");
    expect(text.match(/^phpfpm_process_requests\{/gm)).toHaveLength(3);
  });

  it("is never OpenMetrics", async () => {
    const accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    const response = await fetch(`${exporter.url}/metrics`, { headers: { accept } });
    expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await response.text()).not.toContain("# EOF");
  });
});

/** Debian's prometheus-apache-exporter on a page. */
async function startPeer(url: string) {
  const port = await freePort();
  const args = [`--scrape_uri=${url}`, `--telemetry.address=127.0.0.1:${port}`];
  const child = spawn(requireServer("apache-exporter"), args, { stdio: "ignore" });
  const ended = once(child, "exit");
  const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  await until(
    () => metrics().then(Boolean, () => false),
    () => "prometheus-apache-exporter did not start",
  );
  return {
    metrics,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Metrics of httpd that the peer has. */
const isShared = (line: string) =>
  /apache_/.test(line) &&
  !/apache_(?:exporter_|workers_graceful|connections_wait_io|scrape_)/.test(line);
/** What reading the page moves by itself, or the clock. */
const moves =
  /^apache_(?:accesses_total|sent_kilobytes_total|cpu|uptime|duration|load|scoreboard|workers|connections|processes)/;

describeWith(["apache2", "apache-exporter"], "beside prometheus-apache-exporter", () => {
  let apache: Apache;
  beforeAll(async () => {
    apache = await startApache({ mpm: "event" });
  });
  afterAll(() => apache?.stop());

  it("the same httpd has the same series, types and values", async () => {
    const url = `${apache.url}/server-status?auto`;
    await using peer = await startPeer(url);
    await using exporter = await startExporter([`--scrape_uri=${url}`]);
    const theirs = await peer.metrics();
    const ours = await exporter.get("/metrics");
    const series = (text: string) => seriesOf(text).filter(isShared).map(sortedLabels).sort();
    const names = (text: string) => series(text).map((line) => line.replace(/ \S+$/, ""));
    expect(names(ours)).toEqual(names(theirs));
    expect(names(ours).length).toBeGreaterThan(25);
    expect(typesOf(ours).filter(isShared).sort()).toEqual(typesOf(theirs).filter(isShared).sort());
    const still = (text: string) => series(text).filter((line) => !moves.test(line));
    expect(still(ours)).toEqual(still(theirs));
    expect(still(ours).length).toBeGreaterThan(4);
  });

  it("--host_override and --custom_headers reach httpd", async () => {
    await using strict = await startStrictHttpd();
    const args = [
      `--scrape_uri=${strict.url}/server-status?auto`,
      "--host_override=status.example",
      "--custom_headers=X-Scraper=prometheus",
    ];
    await using exporter = await startExporter(args);
    expect(await exporter.get("/metrics")).toContain("\napache_up 1\n");
    await using without = await startExporter(args.slice(0, 1));
    expect(await without.get("/metrics")).not.toContain("\napache_accesses_total");
  });
});

/** An httpd whose status page asks for a host name and a header field. */
async function startStrictHttpd() {
  const httpd = await startApache({
    mpm: "event",
    extra: [
      "<Location /server-status>",
      `Require expr "%{HTTP_HOST} == 'status.example' && %{HTTP:X-Scraper} == 'prometheus'"`,
      "</Location>",
    ],
  });
  return Object.assign(httpd, { [Symbol.asyncDispose]: () => httpd.stop() });
}
