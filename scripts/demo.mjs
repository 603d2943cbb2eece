// Starts a pool on a private Unix socket, sends it requests, and shows its status as a table, as
// JSON, and as metrics of the exporter. Uses php-fpm where it is installed, otherwise the pre-forking
// pool of this package. FCGI_PROBE_DEMO_POOL=embedded or php-fpm chooses one. On a terminal, the pool
// and the exporter's page stay until Enter.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { loadHarness } from "./harness.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const command = join(root, "bin", "fcgi-probe.js");
const SLOTS = 4;
/** Milliseconds for which the exporter's page stays at most. */
const LONGEST_STAY = 600_000;

/** Functions that stop what the demo has started. They run in reverse order. */
const stops = [];
const children = new Set();
const interrupted = new AbortController();

const load = (...path) => import(pathToFileURL(join(root, ...path)).href);
const say = (text) => process.stdout.write(`${text}\n`);

/** A real php-fpm; undefined if none is installed. */
async function startPhpFpmPool() {
  const { findServer, startPhpFpm } = await loadHarness();
  const program = findServer("php-fpm");
  if (program === undefined) return undefined;
  const fpm = await startPhpFpm({
    pools: [{ name: "demo", pm: "static", maxChildren: SLOTS, listen: "unix" }],
  });
  stops.push(() => fpm.stop());
  const [pool] = fpm.pools;
  return {
    what: `php-fpm (${program})`,
    address: pool.address,
    bareAddress: `unix:${pool.bareAddress}`,
    scriptFilename: (name) => join(root, "test", "harness", "www", name),
  };
}

/** The pre-forking pool of this package. Its master is this process. */
async function startEmbeddedPool() {
  const { startPool } = await load("dist", "server.js");
  const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-"));
  stops.push(() => rmSync(folder, { recursive: true, force: true }));
  const pool = await startPool({
    application: join(root, "scripts", "demo-application.mjs"),
    listen: `unix:${join(folder, "demo.sock")}`,
    name: "embedded",
    maxChildren: SLOTS,
    statusPath: "/status",
    log: () => {},
  });
  stops.push(() => pool.stop(0));
  return {
    what: "the pre-forking pool of this package",
    address: `${pool.address}:/status`,
    bareAddress: pool.address,
    scriptFilename: (name) => `/${name}`,
  };
}

async function choosePool() {
  const wanted = process.env.FCGI_PROBE_DEMO_POOL;
  if (wanted === "embedded") return startEmbeddedPool();
  const pool = await startPhpFpmPool();
  if (pool !== undefined) return pool;
  if (wanted === "php-fpm") throw new Error("php-fpm is not installed");
  return startEmbeddedPool();
}

/** Sends one request and reads its whole answer. */
async function ask({ bareAddress, scriptFilename }, script, init = {}) {
  const { gatewayFetch } = await load("dist", "index.js");
  const [name] = script.split("?");
  const response = await gatewayFetch(bareAddress, new Request(`http://demo/${script}`, init), {
    scriptFilename: scriptFilename(name),
    signal: interrupted.signal,
  });
  if (!response.ok) throw new Error(`${script} answered ${response.status}`);
  return response.arrayBuffer();
}

/** Sends 100 short requests, two at a time. */
async function giveWork(pool) {
  const line = async (number) => {
    for (let i = 0; i < 50; i++) {
      await ask(pool, `echo.php?request=${number * 50 + i}`, {
        method: "POST",
        body: `order ${i}`,
      });
    }
  };
  await Promise.all([line(0), line(1)]);
  return 100;
}

/** Runs the command on this terminal. `npx` finds it in a clone, too. */
async function run(...args) {
  say(`\n$ npx fcgi-probe ${args.join(" ")}`);
  const child = spawn(process.execPath, [command, ...args], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  children.add(child);
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  children.delete(child);
  interrupted.signal.throwIfAborted();
  if (code !== 0) throw new Error(`fcgi-probe ended with exit code ${code}`);
}

/** The metrics of the demo pool that are shown. */
const METRICS = [
  "phpfpm_accepted_connections",
  "phpfpm_active_processes",
  "phpfpm_max_active_processes",
];

/** Starts the exporter on a free port, and shows its address and three metrics of the pool. */
async function showExporter(pool) {
  const args = ["exporter", "--web.listen-address=127.0.0.1:0", "--log.format=json", pool.address];
  const child = spawn(process.execPath, [command, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  children.add(child);
  let log = "";
  child.stderr.on("data", (bytes) => {
    log += bytes;
  });
  const closed = once(child, "close");
  const address = () => /"msg":"listening","address":"([^"]*)"/.exec(log)?.[1];
  while (address() === undefined) {
    interrupted.signal.throwIfAborted();
    if (child.exitCode !== null) throw new Error(`the exporter ended: ${log}`);
    await sleep(20, undefined, { signal: interrupted.signal });
  }
  const page = `http://${address()}`;
  const response = await fetch(`${page}/metrics`, { signal: interrupted.signal });
  const lines = (await response.text()).split("\n");
  say(`\n$ npx fcgi-probe exporter ${pool.address}`);
  say(`Three of the pool's lines in ${page}/metrics:`);
  for (const name of METRICS)
    say(lines.find((line) => line.startsWith(`${name}{`)) ?? `${name}: none`);
  const isWatched = process.stdin.isTTY && process.stdout.isTTY;
  say(
    isWatched
      ? `The exporter's page is ${page}/, until you press Enter.`
      : `The exporter's page was ${page}/: it ends with the demo, and on a terminal with Enter.`,
  );
  say("To keep one, run npx fcgi-probe exporter with the address of a pool of yours.");
  if (isWatched) await enterPressed();
  child.kill();
  await closed;
  children.delete(child);
}

/** Waits for a line, the end of the input, or {@link LONGEST_STAY}. */
async function enterPressed() {
  const { signal } = interrupted;
  const done = new AbortController();
  const ended = AbortSignal.any([signal, done.signal]);
  process.stdin.resume();
  try {
    await Promise.race([
      once(process.stdin, "data", { signal: ended }),
      once(process.stdin, "end", { signal: ended }),
      sleep(LONGEST_STAY, undefined, { signal: ended }),
    ]);
  } finally {
    done.abort();
    process.stdin.pause();
  }
}

async function demo() {
  const pool = await choosePool();
  say(`The pool is ${pool.what}, with ${SLOTS} processes, on ${pool.bareAddress}.`);
  const count = await giveWork(pool);
  say(`It has answered ${count} requests. Two slow requests are running now.`);
  const slow = [2_500, 3_000].map((ms) => ask(pool, `sleep.php?ms=${ms}`));
  const watched = Promise.all(slow);
  // Awaited below. Until then, its failure must not end the process.
  watched.catch(() => {});
  await sleep(300, undefined, { signal: interrupted.signal });
  await run("status", pool.address, "--full", "--format", "table");
  await run("status", pool.address, "--format", "ndjson");
  await watched;
  say("\nThe slow requests are answered too.");
  await showExporter(pool);
}

async function cleanUp() {
  for (const child of children) child.kill();
  for (const stop of stops.splice(0).reverse()) {
    try {
      await stop();
    } catch (error) {
      process.stderr.write(`demo: could not stop the pool: ${error.message}\n`);
      process.exitCode ||= 1;
    }
  }
}

for (const [name, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
]) {
  process.once(name, () => {
    process.exitCode = code;
    interrupted.abort();
    for (const child of children) child.kill();
  });
}

try {
  await demo();
} catch (error) {
  if (!interrupted.signal.aborted) {
    process.stderr.write(`demo: ${error.message}\n`);
    if (error.hint) process.stderr.write(`hint: ${error.hint}\n`);
    process.exitCode = 1;
  }
} finally {
  await cleanUp();
}
