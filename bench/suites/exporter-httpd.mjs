// `/metrics` of one httpd, beside Debian's prometheus-apache-exporter.
import { setTimeout as sleep } from "node:timers/promises";
import { loadHarness } from "../../scripts/harness.mjs";
import { CACHE_AGE, Costs, start, startOurs } from "../exporter/scrape.mjs";
import { progress, report } from "../lib/report.mjs";

const ROUNDS = 30;
const WARMUP = 10;
const { findServer, startApache } = await loadHarness();
const peer = findServer("apache-exporter");
if (findServer("apache2") === undefined || peer === undefined) {
  process.stderr.write("  skipped: apache2 and prometheus-apache-exporter are not installed\n");
} else {
  await compare();
}

async function compare() {
  const apache = await startApache({ mpm: "event" });
  const url = `${apache.url}/server-status?auto`;
  const started = [
    [
      "apache_exporter (Debian)",
      await start((port) => [peer, `--telemetry.address=127.0.0.1:${port}`, `--scrape_uri=${url}`]),
    ],
    ["fcgi-probe exporter", await startOurs([`--scrape_uri=${url}`])],
  ];
  const contenders = started.map(([name, exporter]) => ({
    name,
    ...exporter,
    costs: new Costs(exporter.pid),
  }));
  for (let round = -WARMUP; round < ROUNDS; round++) {
    for (const { scrape, costs } of contenders) {
      if (round === 0) costs.begin();
      const { elapsed, body } = await scrape();
      if (round >= 0) costs.add({ elapsed, bytes: body.length });
    }
    await sleep(CACHE_AGE);
  }
  const results = contenders.map(({ name, costs }) => ({ name, ...costs.result() }));
  for (const { stop } of contenders) await stop();
  await apache.stop();
  for (const [what, unit, key] of [
    ["time", "ms", "elapsed"],
    ["CPU", "ms", "cpu"],
    ["memory", "MB", "memory"],
  ]) {
    for (const { name, [key]: value } of results) {
      const ratio = value / results[0][key];
      report({
        suite: "exporter",
        name: `/metrics of an httpd, ${what}`,
        contender: name,
        median: value,
        unit,
        ratio,
      });
    }
  }
  progress("httpd");
}
