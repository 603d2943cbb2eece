// Ends what a test process started when that process is gone, however it went: its end of our
// standard input closes then. Lines: `+<pid> <folder>` to look after, `-<pid>` when it is over.
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const folders = new Map();

function signal(pid, name) {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

// The whole process group is ours: servers are started as leaders of one.
async function end(pid, folder) {
  signal(pid, "SIGTERM");
  for (let i = 0; i < 40 && signal(pid, 0); i++) await sleep(50);
  signal(-pid, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

for await (const line of createInterface({ input: process.stdin })) {
  const [, sign, pid, folder] = /^([+-])(\d+) ?(.*)$/.exec(line);
  if (sign === "+") folders.set(Number(pid), folder);
  else folders.delete(Number(pid));
}
await Promise.all([...folders].map(([pid, folder]) => end(pid, folder)));
