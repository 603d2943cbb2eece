// What it costs to read a large number of pools, some dead and some silent, from one process.
import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expectedAnswers } from "../fleet/targets.mjs";
import { withPhpFpm } from "../lib/php-fpm.mjs";
import { median, progress, report } from "../lib/report.mjs";

const SIZES = [1000, 10_000, 100_000];
const BASE = 10_000;
const POOLS = 50;
/** How many times each size runs. The large one takes longer and varies less. */
const RUNS = new Map([
  [1000, 5],
  [10_000, 3],
  [100_000, 1],
]);
const TIMEOUT = 2000;
const file = (path) => fileURLToPath(new URL(path, import.meta.url));

const pools = Array.from({ length: POOLS }, (_, at) => ({
  name: `pool${at}`,
  pm: "static",
  maxChildren: 2,
  listen: "unix",
}));

await withPhpFpm(pools, async (server) => {
  const silent = fork(file("../fleet/silent.mjs"), [join(server.folder, "silent.sock")]);
  await once(silent, "message");
  const addresses = {
    pools: server.pools.map(({ address }) => address),
    missing: `unix:${join(server.folder, "missing.sock")}:/status`,
    refusing: `fcgi://127.0.0.1:${await closedPort()}/status`,
    silent: `unix:${join(server.folder, "silent.sock")}:/status`,
  };
  try {
    await measureAll(addresses);
  } finally {
    silent.disconnect();
  }
  const lost = server.exitedChildren().length;
  if (lost > 0) progress(`${lost} workers died`);
});

async function measureAll(addresses) {
  const results = new Map(SIZES.map((count) => [count, []]));
  for (let run = 0; run < Math.max(...RUNS.values()); run++) {
    for (const count of SIZES) {
      if (run >= RUNS.get(count)) continue;
      const result = await runFleet(count, addresses);
      results.get(count).push(result);
      progress(`fleet of ${count}: ${JSON.stringify(result)}`);
    }
  }
  const medianOf = (count, key) => median(results.get(count).map((result) => result[key]));
  const row = (count, what, unit, value, base) =>
    report({
      suite: "fleet",
      name: `${what}`,
      contender: `${count.toLocaleString("en-US")} targets`,
      median: value(count),
      unit,
      ratio: value(count) / (base ?? value(BASE)),
    });
  for (const [what, unit, key] of [
    ["elapsed", "s", "elapsed"],
    ["CPU", "s", "cpu"],
  ]) {
    for (const count of SIZES) row(count, what, unit, (each) => medianOf(each, key));
  }
  for (const [what, unit, key] of [
    ["elapsed, a target", "µs", "elapsed"],
    ["CPU, a target", "µs", "cpu"],
  ]) {
    for (const count of SIZES) {
      row(count, what, unit, (each) => (medianOf(each, key) / each) * 1e6);
    }
  }
  for (const count of SIZES) {
    row(count, "peak memory", "MB", (each) => medianOf(each, "megabytes"));
  }
  for (const count of SIZES) {
    const expected = expectedAnswers(count);
    row(
      count,
      "answers of targets that can answer",
      "targets",
      (each) => medianOf(each, "answered"),
      expected,
    );
  }
}

async function runFleet(count, addresses) {
  const argument = JSON.stringify({ count, timeout: TIMEOUT, ...addresses });
  const { stdout } = await promisify(execFile)(process.execPath, [
    file("../fleet/worker.mjs"),
    argument,
  ]);
  return JSON.parse(stdout);
}

/** A port on which nothing listens. */
async function closedPort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
