// Runs the benchmark. README.md in this folder describes its options and its rows.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compareTrees } from "./lib/compare-trees.mjs";
import { installPeers } from "./lib/install-peers.mjs";
import { drawResults, writeResults } from "./lib/results.mjs";
import { renderTables } from "./lib/table.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Each script runs in its own process, so that none inherits another's heap and type feedback. */
const SUITES = {
  codec: ["codec/records.mjs", "codec/variables.mjs", "codec/scoreboard.mjs", "codec/pages.mjs"],
  apache: ["suites/apache.mjs"],
  scrape: ["suites/scrape.mjs", "suites/scrape-command.mjs"],
  serve: [
    "suites/fetch-objects.mjs",
    "suites/serve-load.mjs",
    "suites/serve-nginx.mjs",
    "suites/serve-stream.mjs",
  ],
  fleet: ["suites/fleet.mjs", "suites/fleet-threads.mjs"],
  exporter: [
    "suites/exposition.mjs",
    "suites/exporter-pools.mjs",
    "suites/exporter-many.mjs",
    "suites/exporter-httpd.mjs",
  ],
  load: ["suites/load.mjs"],
  top: ["suites/top.mjs"],
  start: ["suites/start.mjs"],
  size: ["suites/size.mjs"],
};

const { json, write, draw, against, rounds, suites } = readArguments();
if (!draw) installPeers();
let failed = false;
if (draw) {
  process.stdout.write(`wrote ${drawResults().join(", ")}\n`);
} else if (against === undefined) {
  const rows = await runSuites(suites);
  if (write) process.stdout.write(`wrote ${writeResults(rows).join(", ")}\n`);
  else process.stdout.write(json ? `${JSON.stringify(rows, null, 1)}\n` : renderTables(rows));
} else {
  process.stdout.write(await compareTrees(against, suites, rounds, runSuites));
}
process.exitCode = failed ? 1 : 0;

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: "boolean", default: false },
        write: { type: "boolean", default: false },
        draw: { type: "boolean", default: false },
        against: { type: "string" },
        rounds: { type: "string", default: "3" },
        suite: { type: "string", multiple: true, default: Object.keys(SUITES) },
      },
    });
    const suites = values.suite.flatMap((names) => names.split(","));
    const unknown = suites.find((suite) => !Object.hasOwn(SUITES, suite));
    if (unknown !== undefined) {
      throw new Error(`no suite ${unknown}: there are ${Object.keys(SUITES).join(", ")}`);
    }
    if (!/^[1-9]\d?$/.test(values.rounds)) throw new Error("--rounds takes 1 to 99");
    return { ...values, rounds: Number(values.rounds), suites };
  } catch (error) {
    process.stderr.write(`bench: ${error.message}\n`);
    process.exit(2);
  }
}

async function runSuites(names) {
  const rows = [];
  for (const suite of names) {
    process.stderr.write(`${suite}\n`);
    for (const script of SUITES[suite]) {
      const { rows: found, code } = await run(script);
      rows.push(...found);
      if (code === 0) continue;
      failed = true;
      process.stderr.write(`  ${script} ended with code ${code}\n`);
    }
  }
  return rows;
}

/** Runs a script that writes rows to standard output, one JSON object per line. */
async function run(script) {
  const child = spawn(process.execPath, [here + script], { stdio: ["ignore", "pipe", "inherit"] });
  const found = [];
  const ended = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? signal));
  });
  for await (const line of createInterface({ input: child.stdout })) found.push(JSON.parse(line));
  return { rows: found, code: await ended };
}
