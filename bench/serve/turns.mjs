// The common part of the servers' suites: their contenders, and how they take turns.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median, progress, reportAll } from "../lib/report.mjs";
import { cpuOf, startProgram, startScript, stop } from "./processes.mjs";

/** Seconds of load until V8 has compiled everything in a process. They do not count. */
const WARM_UP = 3;
/**
 * How many times each contender is started. V8's decisions in the first second differ between
 * processes.
 */
const STARTS = 3;

/** Small requests, in rounds of one second. */
const REQUESTS = { rate: "requests/s", cost: "µs/request", rounds: 2 };

export const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
export const file = (name) => fileURLToPath(new URL(name, import.meta.url));
export const isThere = (command) => spawnSync("which", [command]).status === 0;
let sockets = 0;
const newSocket = () => join(folder, `${++sockets}.sock`);

export const hasUwsgi = isThere("uwsgi");
if (!hasUwsgi) progress("without uWSGI (apt-get install uwsgi uwsgi-plugin-python3)");

/** A server on a socket of its own. */
export async function script(name, ...args) {
  const socket = newSocket();
  return { socket, child: await startScript(name, [socket, ...args]) };
}

export async function fcgiProbe(protocol, application = "small-handler.mjs", ...mode) {
  const socket = newSocket();
  const address = `${protocol}://unix:${socket}`;
  return { socket, child: await startScript("fcgi-probe.mjs", [address, application, ...mode]) };
}

export async function program(command, ...args) {
  const socket = newSocket();
  const full = args.map((arg) => arg.replace("SOCKET", socket));
  return { socket, child: await startProgram(command, full, socket) };
}

export function uwsgi() {
  return program(
    "uwsgi",
    ...["--plugins", "python3", "--wsgi-file", file("wsgi-application.py"), "--need-app"],
    ...["--socket", "SOCKET", "--listen", "100", "--disable-logging", "--die-on-term"],
  );
}

/** A fast answer does not count if it is wrong. */
export function check(name, answer, url) {
  if (!answer.includes(`GET ${url}\n`)) throw new Error(`${name} answers ${answer}`);
}

/**
 * Runs contenders in turns, reports what they did per second and the CPU time it took, and stops
 * them.
 *
 * @param start starts them all
 * @param run has one of them work: `{ amount, seconds }`
 * @param measure the units of the rate and of its cost, and the number of rounds of each start that
 * count
 * @returns the rates
 */
export async function inTurns(name, start, baseline, run, measure = REQUESTS) {
  const rates = new Map();
  const cpu = new Map();
  for (let at = 0; at < STARTS; at++) {
    const started = await start();
    for (const contender of started) {
      for (let warm = 0; warm < WARM_UP; ) warm += (await run(contender)).seconds;
    }
    for (let round = 0; round < measure.rounds; round++) {
      for (let turn = 0; turn < started.length; turn++) {
        const contender = started[(turn + round) % started.length];
        const { pid } = contender.server.child;
        const before = cpuOf(pid);
        const { amount, seconds } = await run(contender);
        add(rates, contender.name, amount / seconds);
        add(cpu, contender.name, ((cpuOf(pid) - before) / amount) * 1e6);
      }
    }
    for (const { server } of started) await stop(server.child);
  }
  const result = medians(rates);
  reportAll("serve", name, measure.rate, result, baseline);
  reportAll("serve", `${name}: CPU of the server`, measure.cost, medians(cpu), baseline);
  progress(name);
  return result;
}

function add(values, name, value) {
  values.set(name, [...(values.get(name) ?? []), value]);
}

function medians(values) {
  return new Map([...values].map(([name, list]) => [name, median(list)]));
}
