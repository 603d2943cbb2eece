// Starts exporters and scrapes them as Prometheus does.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../lib/package.mjs";
import { median } from "../lib/report.mjs";

const agent = new Agent({ keepAlive: true });
const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Milliseconds after which an exporter has forgotten what it has read. */
export const CACHE_AGE = 1_050;

/** Starts `fcgi-probe exporter` with more flags, and waits until it answers. */
export function startOurs(flags) {
  return start((port) => [
    process.execPath,
    join(root, "bin", "fcgi-probe.js"),
    "exporter",
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=error",
    ...flags,
  ]);
}

/** @param command makes the words of a command that listens on a port */
export async function start(command) {
  const port = await freePort();
  const [program, ...args] = command(port);
  const child = spawn(program, args, { stdio: "ignore" });
  running.add(child);
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null || tries > 500) throw new Error(`${program} does not listen`);
    const answer = await read(`${url}/`).catch(() => undefined);
    if (answer !== undefined) break;
    await sleep(20);
  }
  return {
    pid: child.pid,
    scrape: (headers) => read(`${url}/metrics`, headers),
    async stop() {
      running.delete(child);
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

/** Reads an answer to its end: its milliseconds, and its bytes as they came. */
function read(url, headers = {}) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const request = get(url, { agent, headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const elapsed = performance.now() - began;
        if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`));
        else resolve({ elapsed, body: Buffer.concat(chunks) });
      });
    });
    request.on("error", reject);
  });
}

/** Milliseconds of CPU time that the threads of a process have used: /proc/PID/stat counts in tens. */
export function cpuOf(pid) {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map((task) => {
    const [running] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, "latin1").split(" ");
    return Number(running);
  });
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

/** Megabytes that a process has in memory: now (`VmRSS`), or at the most (`VmHWM`). */
export function memoryOf(pid, field = "VmRSS") {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(new RegExp(`^${field}:\\s*(\\d+) kB$`, "m").exec(status)[1]) / 1_024;
}

/** Counts what the scrapes of one contender cost. */
export class Costs {
  #times = [];
  #memory = [];
  #bytes = 0;
  #cpuBefore = 0;
  #pid;

  constructor(pid) {
    this.#pid = pid;
  }

  /** Begins to count: what came before has warmed up. */
  begin() {
    this.#cpuBefore = cpuOf(this.#pid);
  }

  add({ elapsed, bytes }) {
    this.#times.push(elapsed);
    this.#memory.push(memoryOf(this.#pid));
    this.#bytes = bytes;
  }

  /**
   * Medians; of the CPU time the mean, since garbage is not collected at every scrape, and later.
   */
  result() {
    return {
      elapsed: median(this.#times),
      cpu: (cpuOf(this.#pid) - this.#cpuBefore) / this.#times.length,
      bytes: this.#bytes / 1e3,
      memory: median(this.#memory),
    };
  }
}

/** A port on which nothing listens. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
