// `/metrics` of 1 to 2,000 pools with all processes, beside fleet() and the text alone.
import { fork } from "node:child_process";
import { once } from "node:events";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { pools } from "../exporter/pools.mjs";
import { CACHE_AGE, Costs, startOurs } from "../exporter/scrape.mjs";
import { withPhpFpm } from "../lib/php-fpm.mjs";
import { progress, report } from "../lib/report.mjs";

const SIZES = [1, 50, 500, 2_000];
const ROUNDS = 12;
/** The first rounds compile the code and let the heap grow. */
const WARMUP = 5;
const GZIP = { "accept-encoding": "gzip" };
const FLEET = "fleet() and the text, no HTTP";
const PLAIN = "fcgi-probe exporter";

await withPhpFpm(pools, async ({ folder, pools: running }) => {
  const addresses = Array.from({ length: Math.max(...SIZES) }, (_, at) => {
    const link = join(folder, `${at}.sock`);
    symlinkSync(running[at % running.length].bareAddress, link);
    return `unix:${link}:/status`;
  });
  const contenders = [];
  for (const size of SIZES) {
    contenders.push(...(await startContenders(folder, size, addresses.slice(0, size))));
  }
  for (let round = -WARMUP; round < ROUNDS; round++) {
    const began = performance.now();
    for (const { scrape, costs } of contenders) {
      if (round === 0) costs.begin();
      const cost = await scrape();
      if (round >= 0) costs.add(cost);
    }
    await sleep(Math.max(0, CACHE_AGE - (performance.now() - began)));
  }
  const results = contenders.map(({ size, name, costs }) => ({ size, name, ...costs.result() }));
  for (const { stop } of contenders) await stop();
  for (const [what, unit, key] of [
    ["time", "ms", "elapsed"],
    ["CPU", "ms", "cpu"],
    ["length", "kB", "bytes"],
    ["memory", "MB", "memory"],
  ]) {
    for (const { size, name, [key]: value } of results) {
      const base = results.find((each) => each.size === size && each.name === FLEET)[key];
      const title = `/metrics of ${size.toLocaleString("en-US")} pools, ${what}`;
      report({
        suite: "exporter",
        name: title,
        contender: name,
        median: value,
        unit,
        ratio: value / base,
      });
    }
  }
  progress("pools");
});

async function startContenders(folder, size, addresses) {
  const list = join(folder, `${size}.txt`);
  const config = join(folder, `${size}.yaml`);
  writeFileSync(list, addresses.join("\n"));
  writeFileSync(config, `targets:\n${addresses.map((each) => `  - ${each}\n`).join("")}`);
  const exporters = new Map([[PLAIN, {}]]);
  if (size === Math.max(...SIZES)) exporters.set("fcgi-probe exporter, gzip", GZIP);
  const ours = [];
  for (const [name, headers] of exporters) {
    const { pid, scrape, stop } = await startOurs([`--config=${config}`]);
    ours.push({
      size,
      name,
      costs: new Costs(pid),
      stop,
      scrape: () =>
        scrape(headers).then(({ elapsed, body: { length } }) => ({ elapsed, bytes: length })),
    });
  }
  return [await startFleet(size, list), ...ours];
}

async function startFleet(size, list) {
  const child = fork(fileURLToPath(new URL("../exporter/fleet.mjs", import.meta.url)), [list]);
  await once(child, "message");
  return {
    size,
    name: FLEET,
    costs: new Costs(child.pid),
    stop: () => child.disconnect(),
    async scrape() {
      child.send("scrape");
      const [cost] = await once(child, "message");
      return cost;
    },
  };
}
