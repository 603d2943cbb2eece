import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const running = new Set();
/** Those of {@link running} that are signalled with their children: fcgiwrap's outlive it. */
const groups = new WeakSet();
process.on("exit", () => {
  for (const child of running) signal(child, "SIGKILL");
});

/** Starts a script of this folder, and waits until it reports that it is ready. */
export async function startScript(name, args) {
  const child = fork(fileURLToPath(new URL(name, import.meta.url)), args);
  running.add(child);
  const failed = once(child, "exit").then(([code]) => {
    running.delete(child);
    throw new Error(`${name} ended with code ${code}`);
  });
  await Promise.race([once(child, "message"), failed]);
  failed.catch(() => {});
  return child;
}

/** Starts a program in its own process group, and waits for its socket. */
export async function startProgram(command, args, socket) {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "ignore"], detached: true });
  groups.add(child);
  running.add(child);
  for (let tries = 0; socket !== undefined && !existsSync(socket); tries++) {
    if (child.exitCode !== null || tries > 500) throw new Error(`${command} does not listen`);
    await sleep(10);
  }
  return child;
}

function signal(child, name) {
  if (!groups.has(child)) {
    child.kill(name);
    return;
  }
  try {
    process.kill(-child.pid, name);
  } catch {
    // The whole group has ended.
  }
}

/** Ends a process, and waits for it. */
export async function stop(child) {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  if (child.connected) child.disconnect();
  else signal(child, "SIGTERM");
  const timer = setTimeout(() => signal(child, "SIGKILL"), 2_000);
  await once(child, "exit");
  clearTimeout(timer);
}

/** Seconds of CPU time that a process and its descendants have used. */
export function cpuOf(pid) {
  let ticks = 0;
  const stats = readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap(readStat);
  const family = new Set([pid]);
  // Children have larger pids than their parents, unless pids have wrapped around.
  for (const stat of stats.sort((one, other) => one.pid - other.pid)) {
    if (family.has(stat.parent)) family.add(stat.pid);
    if (family.has(stat.pid)) ticks += stat.ticks;
  }
  return ticks / 100;
}

function readStat(name) {
  let text;
  try {
    text = readFileSync(`/proc/${name}/stat`, "latin1");
  } catch {
    // The process has ended.
    return [];
  }
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  // User and system time of the process, and of children it has waited for: CGI programs.
  return [
    {
      pid: Number(name),
      parent: fields[1],
      ticks: fields[11] + fields[12] + fields[13] + fields[14],
    },
  ];
}
