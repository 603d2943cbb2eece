// How a fleet scales over threads: the CPU of each thread, beside a peer that answers from memory.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileStatusPeer } from "../lib/reference.mjs";
import { median, progress, reportAll } from "../lib/report.mjs";

const THREADS = [0, 1, 2, 4];
const PAGES = 40_000;
const IN_FLIGHT = 64;
const ROUNDS = 5;
const BASE = "without threads";
const file = (path) => fileURLToPath(new URL(path, import.meta.url));

const peer = process.platform === "linux" ? compileStatusPeer() : undefined;
// The peer has a core of its own, where there is a taskset.
const isPinned = spawnSync("taskset", ["-c", "0,1", "true"]).status === 0;
const onCore = (core, command) => (isPinned ? ["taskset", "-c", `${core}`, ...command] : command);

if (peer !== undefined) {
  const folder = mkdtempSync(join(tmpdir(), "fcgi-probe-bench-"));
  const socket = join(folder, "peer.sock");
  const [program, ...args] = onCore(1, [peer, socket, file("../fixtures/status-text.fcgi.bin")]);
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  try {
    await once(child.stdout, "data");
    compare(socket);
  } finally {
    child.stdin.end();
    rmSync(folder, { recursive: true });
  }
} else progress("without threads of fleets, which need Linux and a C compiler");

function compare(socket) {
  const runs = new Map(THREADS.map((threads) => [threads, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn = 0; turn < THREADS.length; turn++) {
      const threads = THREADS[(turn + round) % THREADS.length];
      runs.get(threads).push(measure(socket, threads));
    }
  }
  const row = (what, unit, value) => {
    const medians = new Map(
      [...runs].map(([threads, list]) => [titleOf(threads), median(list.map(value))]),
    );
    reportAll(
      "fleet",
      `${PAGES.toLocaleString("en-US")} pages on threads: ${what}`,
      unit,
      medians,
      BASE,
    );
  };
  const perPage = (seconds) => (seconds / PAGES) * 1e6;
  row("CPU of the calling thread", "µs/page", ({ main }) => perPage(main));
  row("CPU of the busiest thread", "µs/page", (run) => perPage(busiest(run)));
  row("CPU of all threads", "µs/page", ({ main, others }) =>
    perPage(others.reduce((sum, seconds) => sum + seconds, main)),
  );
  row("if each thread had a core", "pages/s", (run) => PAGES / busiest(run));
}

function titleOf(threads) {
  if (threads === 0) return BASE;
  return threads === 1 ? "1 thread" : `${threads} threads`;
}

function busiest({ main, others }) {
  return Math.max(main, ...others);
}

function measure(socket, threads) {
  const script = [
    process.execPath,
    file("../fleet/threads.mjs"),
    socket,
    threads,
    IN_FLIGHT,
    PAGES,
  ];
  const [program, ...args] = onCore(0, script.map(String));
  return JSON.parse(execFileSync(program, args, { encoding: "utf8" }));
}
