// How many requests a second `fcgi-probe load` sends, beside a C client: to a real pool of php-fpm, and
// to a C peer that answers at once.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { root } from "../lib/package.mjs";
import { withPhpFpm } from "../lib/php-fpm.mjs";
import { compileLoad, compileStatusPeer } from "../lib/reference.mjs";
import { median, progress, reportAll } from "../lib/report.mjs";
import { runLoad } from "../serve/load.mjs";

/** Long enough for V8 to compile what runs all the time. */
const SECONDS = 4;
/** The first round warms up and does not count. */
const ROUNDS = 1 + 2;
const CONNECTIONS = 4;
const REFERENCE = "C and epoll (the limit)";
const COMMAND = join(root, "bin", "fcgi-probe.js");
const ANSWER = fileURLToPath(new URL("../fixtures/status-text.fcgi.bin", import.meta.url));

const client = compileLoad();
const peer = compileStatusPeer();
if (client === undefined || peer === undefined) progress("without load, for want of a C compiler");
else {
  const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-bench-"));
  try {
    await toPool(folder);
    await toPeer(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One static worker for each connection, and one for the status page. */
async function toPool(folder) {
  const script = join(folder, "hello.php");
  writeFileSync(script, '<?php echo "hello\\n";');
  const pool = { name: "www", pm: "static", maxChildren: CONNECTIONS + 1, listen: "unix" };
  await withPhpFpm([pool], async (server) => {
    const socket = server.pool("www").bareAddress;
    await compare("php-fpm, a connection a request", socket, script, false);
    await compare("php-fpm, kept connections", socket, script, true);
  });
}

async function toPeer(folder) {
  const socket = join(folder, "peer.sock");
  // It ends when its standard input does.
  const child = spawn(peer, [socket, ANSWER], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    await once(child.stdout, "data");
    await compare("a peer that answers at once, a connection a request", socket, "/x.php", false);
  } finally {
    child.stdin.end();
  }
}

/** Both clients in turns. */
async function compare(name, socket, script, kept) {
  const request = await requestFor(script, kept);
  const rates = { [REFERENCE]: [], "fcgi-probe load": [] };
  for (let round = 0; round < ROUNDS; round++) {
    const options = { kept, connections: CONNECTIONS, seconds: SECONDS };
    const { amount, seconds } = await runLoad(client, socket, request, options);
    const ours = await loadOnce(socket, script, kept);
    if (round === 0) continue;
    rates[REFERENCE].push(amount / seconds);
    rates["fcgi-probe load"].push(ours);
  }
  const medians = new Map(Object.entries(rates).map(([key, values]) => [key, median(values)]));
  reportAll("load", `${name}, ${CONNECTIONS} at once`, "requests/s", medians, REFERENCE);
  progress(name);
}

async function loadOnce(socket, script, kept) {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...[COMMAND, "load", `unix:${socket}`, "--script", script, "--format", "json"],
    ...["-c", `${CONNECTIONS}`, "-d", `${SECONDS}s`, "--no-status", ...(kept ? ["--keep"] : [])],
  ]);
  const { answersPerSecond, errors } = JSON.parse(stdout);
  if (Object.keys(errors).length > 0) throw new Error(stdout);
  return answersPerSecond;
}

/** The request of the command, captured from it: both clients send the same bytes. */
async function requestFor(script, kept) {
  const socket = join(mkdtempSync(join(tmpdir(), "fcgi-probe-bench-")), "capture.sock");
  const answer = readFileSync(ANSWER);
  let request;
  const server = createServer((connection) => {
    connection.once("data", (bytes) => {
      request = bytes;
      connection.end(answer);
    });
  });
  await new Promise((resolve) => server.listen(socket, resolve));
  await promisify(execFile)(process.execPath, [
    ...[COMMAND, "load", `unix:${socket}`, "--script", script, "-n", "1", "-c", "1"],
    ...["--no-status", ...(kept ? ["--keep"] : [])],
  ]);
  await new Promise((resolve) => server.close(resolve));
  rmSync(join(socket, ".."), { recursive: true });
  return request;
}
