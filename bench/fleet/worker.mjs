// Runs one fleet. Arguments, as JSON: the number of targets, and the addresses of the pools, of two
// kinds of dead targets, and of the silent one. Prints one JSON object.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../lib/package.mjs";
import { targets } from "./targets.mjs";

const { count, timeout, ...addresses } = JSON.parse(process.argv[2]);
const { fleet } = await import(pathToFileURL(join(root, "dist", "index.js")).href);

const began = performance.now();
const cpuBefore = process.cpuUsage();
let answered = 0;
const failures = {};
for await (const result of fleet(targets(count, addresses), { timeout })) {
  if (result.ok && result.value.totalProcesses > 0) answered++;
  else {
    const code = result.error?.code ?? "no status page";
    failures[code] = (failures[code] ?? 0) + 1;
  }
}
const elapsed = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
const megabytes = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ elapsed, cpu: (user + system) / 1e6, megabytes, answered, failures }));
