// CPU of `fcgi-probe top` with 2,000 pools and an interval of a second, beside the reads alone.
import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { pools } from "../exporter/pools.mjs";
import { cpuOf } from "../exporter/scrape.mjs";
import { withPhpFpm } from "../lib/php-fpm.mjs";
import { progress, reportAll } from "../lib/report.mjs";

const COUNT = 2_000;
const WARMUP = 8_000;
const MEASURED = 15_000;
const bin = fileURLToPath(new URL("../../bin/fcgi-probe.js", import.meta.url));
const reading = fileURLToPath(new URL("../top/reading.mjs", import.meta.url));

await withPhpFpm(pools, async ({ folder, pools: running }) => {
  const addresses = Array.from({ length: COUNT }, (_, at) => {
    const link = join(folder, `${at}.sock`);
    symlinkSync(running[at % running.length].bareAddress, link);
    return `unix:${link}:/status`;
  });
  const list = join(folder, "addresses.txt");
  writeFileSync(list, addresses.join("\n"));
  const medians = new Map([
    ["the reads alone", await costOfReads(list)],
    ["fcgi-probe top, 120x40", await costOfTop(folder, list)],
  ]);
  reportAll("top", "2,000 pools, every second", "% of a core", medians, "the reads alone");
});

async function costOfReads(list) {
  const child = fork(reading, [list]);
  await once(child, "message");
  const cost = await measure(child.pid);
  child.disconnect();
  await once(child, "exit");
  return cost;
}

/** `script` of util-linux gives it a terminal. */
async function costOfTop(folder, list) {
  const pidFile = join(folder, "top.pid");
  const line = `stty cols 120 rows 40; echo $$ > ${pidFile}; exec ${process.execPath} ${bin} top $(cat ${list})`;
  const shell = join(folder, "top.sh");
  writeFileSync(shell, line);
  const child = spawn("script", ["-qfc", `bash ${shell}`, "/dev/null"], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  while (!existsSync(pidFile) || readFileSync(pidFile, "utf8") === "") await sleep(50);
  const cost = await measure(Number(readFileSync(pidFile, "utf8")));
  child.stdin.write("q");
  await once(child, "exit");
  return cost;
}

/** Percent of a core that a process takes, after it has warmed up. */
async function measure(pid) {
  await sleep(WARMUP);
  const before = cpuOf(pid);
  await sleep(MEASURED);
  const cost = ((cpuOf(pid) - before) / MEASURED) * 100;
  progress(`${cost.toFixed(1)} % of a core`);
  return cost;
}
