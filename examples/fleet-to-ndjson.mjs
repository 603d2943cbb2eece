// Reads many pools at once, and writes a line of JSON for each as it answers: for jq, a log shipper,
// or a table of a data base. A thousand pools take about as long as the slowest.
//
//   npm install fcgi-probe
//   node fleet-to-ndjson.mjs targets.txt > pools.ndjson
//   printf '%s\n' unix:/run/php/*.sock:/status | node fleet-to-ndjson.mjs -
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { fleet } from "fcgi-probe";

const [file = "-"] = process.argv.slice(2);
const input = file === "-" ? process.stdin : createReadStream(file);

/** The addresses, one a line. They are read as they are needed: the file may be of any length. */
async function* targets() {
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    const address = line.trim();
    if (address !== "" && !address.startsWith("#")) yield address;
  }
}

let failed = 0;
for await (const result of fleet(targets(), { concurrency: 256, timeout: 2_000 })) {
  const { target, elapsed } = result;
  const line = { time: new Date().toISOString(), target, elapsed: Math.round(elapsed) };
  if (result.ok) {
    const { pool, activeProcesses, idleProcesses, acceptedConn, slowRequests } = result.value;
    Object.assign(line, { pool, activeProcesses, idleProcesses, acceptedConn, slowRequests });
  } else {
    failed++;
    const { code, message, hint } = result.error;
    Object.assign(line, { error: code, message, hint });
  }
  // A reader that is slow slows the fleet down, instead of filling the memory.
  if (!process.stdout.write(`${JSON.stringify(line)}\n`)) {
    await new Promise((resolve) => process.stdout.once("drain", resolve));
  }
}
process.exitCode = failed === 0 ? 0 : 1;
