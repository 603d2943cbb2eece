// Runs the benchmark: `node bench/run.mjs [--json] [--suite codec,apache,scrape,serve,fleet,start,size]`.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { installPeers } from "./lib/peers-install.mjs";
import { renderTables } from "./lib/table.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Each script runs in a process of its own, so that none inherits another's heap and feedback. */
const SUITES = {
  codec: ["codec/records.mjs", "codec/variables.mjs", "codec/scoreboard.mjs", "codec/pages.mjs"],
  apache: ["suites/apache.mjs"],
  scrape: ["suites/scrape.mjs"],
  serve: [
    "suites/request.mjs",
    "suites/serve-load.mjs",
    "suites/serve-nginx.mjs",
    "suites/serve-stream.mjs",
  ],
  fleet: ["suites/fleet.mjs"],
  start: ["suites/start.mjs"],
  size: ["suites/size.mjs"],
};

const { json, suites } = readArguments();
installPeers();
const rows = [];
let failed = false;
for (const suite of suites) {
  process.stderr.write(`${suite}\n`);
  for (const script of SUITES[suite]) {
    const { rows: found, code } = await run(script);
    rows.push(...found);
    if (code === 0) continue;
    failed = true;
    process.stderr.write(`  ${script} ended with code ${code}\n`);
  }
}
process.stdout.write(json ? `${JSON.stringify(rows, null, 1)}\n` : renderTables(rows));
process.exitCode = failed ? 1 : 0;

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: "boolean", default: false },
        suite: { type: "string", multiple: true, default: Object.keys(SUITES) },
      },
    });
    const suites = values.suite.flatMap((names) => names.split(","));
    const unknown = suites.find((suite) => !Object.hasOwn(SUITES, suite));
    if (unknown !== undefined) {
      throw new Error(`no suite ${unknown}: there are ${Object.keys(SUITES).join(", ")}`);
    }
    return { json: values.json, suites };
  } catch (error) {
    process.stderr.write(`bench: ${error.message}\n`);
    process.exit(2);
  }
}

/** Runs a script whose stdout is a row of JSON a line. */
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
