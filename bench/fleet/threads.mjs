// Reads pages by a fleet, and counts the CPU of each of its threads. Arguments: the peer's socket, how
// many threads, how many pages at once, and how many in all. Prints one JSON object.
import { readdirSync, readFileSync } from "node:fs";
import { load } from "../lib/package.mjs";

const [socket, threads, concurrency, pages] = process.argv
  .slice(2)
  .map((value, at) => (at === 0 ? value : Number(value)));
const { fleet } = await load("index.js");
const TICK = 0.01;

/** Seconds of CPU of each thread of this process, by its number in the system. */
function cpuOfThreads() {
  return new Map(
    readdirSync("/proc/self/task").map((id) => {
      const fields = readFileSync(`/proc/self/task/${id}/stat`, "utf8").split(") ")[1].split(" ");
      return [Number(id), (Number(fields[11]) + Number(fields[12])) * TICK];
    }),
  );
}

async function read(count) {
  let left = count;
  function* targets() {
    while (left-- > 0) yield `unix:${socket}:/status`;
  }
  let answers = 0;
  let cpu;
  const began = performance.now();
  for await (const result of fleet(targets(), { concurrency, threads })) {
    if (!result.ok) throw result.error;
    // Before the threads end, and take their counts with them.
    if (++answers === count) cpu = cpuOfThreads();
  }
  return { elapsed: (performance.now() - began) / 1000, cpu };
}

const before = cpuOfThreads();
const { elapsed, cpu } = await read(pages);
const used = [...cpu].map(([id, seconds]) => [id, seconds - (before.get(id) ?? 0)]);
const main = used.find(([id]) => id === process.pid)[1];
const others = used.filter(([id]) => id !== process.pid).map(([, seconds]) => seconds);
console.log(JSON.stringify({ elapsed, main, others: others.filter((s) => s > 0) }));
