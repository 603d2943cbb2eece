// Prints the files and functions that run for one scrape and for one served FastCGI request, by
// V8's coverage: `node scripts/trail.mjs [--json]`. Both are warm: what runs once in a process,
// such as loading a module or compiling the engine, does not count. Needs php-fpm.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { status } from "../dist/index.js";
import { serve } from "../dist/server.js";
import { loadHarness } from "./harness.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = new URL("../dist/", import.meta.url).href;
/** Rooms in the order in which data flows down through them. */
const ROOMS = ["fleet", "phpfpm", "status-page", "server", "client", "transport", "fastcgi", "cgi"];
/** V8's name for the initializers of a class's fields, which are not functions. */
const FIELDS = "<instance_members_initializer>";
/** Milliseconds for work after an answer, such as closing a connection. */
const SETTLE_TIME = 200;

/** How often each is measured. The shortest trail counts: an answer may also come in pieces. */
const ATTEMPTS = 3;

/** The files below dist/ that run while `work` does, each with the names of its functions. */
async function trailOf(work) {
  await work();
  await delay(SETTLE_TIME);
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  await session.post("Profiler.takePreciseCoverage");
  const trails = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await work();
    await delay(SETTLE_TIME);
    const { result } = await session.post("Profiler.takePreciseCoverage");
    trails.push(filesOf(result));
  }
  session.disconnect();
  const length = (files) => files.flatMap(({ functions }) => functions).length;
  return trails.reduce((one, other) => (length(other) < length(one) ? other : one));
}

function filesOf(result) {
  const files = [];
  for (const { url, functions } of result) {
    const ran = functions.filter(({ ranges }) => ranges.some(({ count }) => count > 0));
    if (!url.startsWith(dist) || ran.length === 0) continue;
    const names = ran.map(({ functionName }) => functionName).filter((name) => name !== FIELDS);
    files.push({ file: url.slice(dist.length).replace(/\.js$/, ".ts"), functions: names });
  }
  return files.sort((a, b) => place(a.file) - place(b.file) || a.file.localeCompare(b.file));
}

/** The place of a file in the list: by its room, with the leaves last. */
function place(file) {
  const at = ROOMS.indexOf(file.split("/")[0]);
  return at < 0 ? ROOMS.length : at;
}

async function scrapeTrail() {
  const { startPhpFpm } = await loadHarness();
  const fpm = await startPhpFpm({
    pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
  });
  try {
    return await trailOf(() => status(fpm.pool("www").address));
  } finally {
    await fpm.stop();
  }
}

async function servedTrail() {
  const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-trail-"));
  const address = `unix:${join(folder, "trail.sock")}`;
  const server = await serve(() => new Response("served\n"), { listen: address });
  try {
    return await trailOf(() => request(address));
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Sends a request from another process, whose functions are not in the trail. */
async function request(address) {
  const command = join(root, "bin", "fcgi-probe.js");
  const child = spawn(process.execPath, [command, "request", `${address}:/`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  if (code !== 0) throw new Error(`fcgi-probe request ended with code ${code}`);
}

function print(title, files) {
  console.log(
    [`${title}: ${files.length} files`, ...files.map(({ file }) => `  ${file}`)].join("\n"),
  );
}

const trails = { scrape: await scrapeTrail(), served: await servedTrail() };
if (process.argv.includes("--json")) {
  console.log(JSON.stringify(trails));
} else {
  print("a scrape", trails.scrape);
  console.log();
  print("a served FastCGI request", trails.served);
}
