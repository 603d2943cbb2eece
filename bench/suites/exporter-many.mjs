// `/metrics` of 10,000 targets, of which 5 % are dead and 1 % are silent: complete before its deadline?
import { once } from "node:events";
import { symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pools } from "../exporter/pools.mjs";
import { CACHE_AGE, cpuOf, memoryOf, startOurs } from "../exporter/scrape.mjs";
import { withPhpFpm } from "../lib/php-fpm.mjs";
import { median, progress, report } from "../lib/report.mjs";

const COUNT = 10_000;
const ROUNDS = 6;
/** Seconds that Prometheus announces; the exporter answers half a second earlier. */
const DEADLINE = 10;
const HEADERS = { "x-prometheus-scrape-timeout-seconds": `${DEADLINE}` };
const NAME = "/metrics of 10,000 targets, 6 % dead or silent";

await withPhpFpm(pools, async ({ folder, pools: running }) => {
  const silent = join(folder, "silent.sock");
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
  }).listen(silent);
  await once(server, "listening");
  const lines = Array.from({ length: COUNT }, (_, at) => {
    const link = join(folder, `${at}.sock`);
    const kind = at % 100;
    if (kind >= 5) symlinkSync(kind === 5 ? silent : running[at % 8].bareAddress, link);
    return `  - unix:${link}:/status\n`;
  });
  const config = join(folder, "many.yaml");
  writeFileSync(
    config,
    `modules: { fpm: { kind: phpfpm, timeout: 3s } }\ntargets:\n${lines.join("")}`,
  );
  const { pid, scrape, stop } = await startOurs([`--config=${config}`]);
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = cpuOf(pid);
    const { elapsed, body } = await scrape(HEADERS);
    const up = body.toString().match(/^phpfpm_up\{.*\} 1$/gm)?.length ?? 0;
    rounds.push({ elapsed, up, cpu: cpuOf(pid) - before, memory: memoryOf(pid) });
    await sleep(CACHE_AGE);
  }
  const of = (key) => median(rounds.slice(1).map((round) => round[key]));
  const row = { suite: "exporter", contender: "fcgi-probe exporter" };
  report({ ...row, name: `${NAME}, time`, median: of("elapsed"), unit: "ms" });
  report({ ...row, name: `${NAME}, CPU`, median: of("cpu"), unit: "ms" });
  report({ ...row, name: `${NAME}, memory`, median: of("memory"), unit: "MB" });
  report({ ...row, name: `${NAME}, up of 9,400`, median: of("up"), unit: "" });
  await stop();
  for (const socket of sockets) socket.destroy();
  server.close();
  progress("10,000 targets");
});
