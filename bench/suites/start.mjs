// How long the command takes from start to end, compared with Node doing nothing.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../lib/package.mjs";
import { withPhpFpm } from "../lib/php-fpm.mjs";
import { median, progress, reportAll } from "../lib/report.mjs";

const RUNS = 21;
const NOTHING = "node -e 0";
const command = join(root, "bin", "fcgi-probe.js");

const contenders = new Map([
  [NOTHING, ["-e", "0"]],
  ["fcgi-probe --version", [command, "--version"]],
]);
await withPhpFpm([{ name: "www", pm: "static", maxChildren: 1, listen: "unix" }], (server) => {
  contenders.set("fcgi-probe status, one pool", [command, "status", server.pool("www").address]);
  measure();
});
if (contenders.size === 2) measure();

function measure() {
  const times = new Map([...contenders.keys()].map((name) => [name, []]));
  // The first run of each fills the file cache and does not count.
  for (let run = -1; run < RUNS; run++) {
    for (const [name, args] of contenders) {
      const began = performance.now();
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
      const elapsed = performance.now() - began;
      if (status !== 0) throw new Error(`${name} ended with code ${status}: ${stderr}`);
      if (run >= 0) times.get(name).push(elapsed);
    }
  }
  const medians = new Map([...times].map(([name, list]) => [name, median(list)]));
  reportAll("start", "start to end", "ms", medians, NOTHING);
  progress("start to end");
}
