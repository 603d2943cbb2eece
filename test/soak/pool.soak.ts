import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { startNginx } from "../harness/nginx.js";
import { type Master, startMaster } from "../pool/master.js";
import { wrk } from "./wrk.js";

const seconds = Number(process.env["SOAK_SECONDS"] ?? 60);
const requests = Number(process.env["SOAK_REQUESTS"] ?? 1_000_000);
const args = ["--pm", "static", "--workers", "4", "--status-path", "/status"];

/** Does something again and again until a promise settles. */
async function meanwhile<Value>(
  work: Promise<Value>,
  pause: number,
  act: () => Promise<void> | void,
): Promise<Value> {
  let isOver = false;
  const end = work.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await Promise.race([sleep(pause), end]);
    if (!isOver) await act();
  }
  return end;
}

/** Resident memory in MB and open descriptors of a master and its workers. */
function footprint(master: Master): { memory: number; descriptors: number } {
  let memory = 0;
  let descriptors = 0;
  for (const pid of [master.pid, ...master.workers]) {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    memory += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024;
    descriptors += readdirSync(`/proc/${pid}/fd`).length;
  }
  return { memory, descriptors };
}

describeWith(["nginx", "wrk"], "a pool under load behind nginx, 64 connections", () => {
  describe.each(["shared", "delegate"])("%s", (mode) => {
    it(`loses only what is in workers that are killed, in ${seconds} s`, async () => {
      await using master = await startMaster([...args, "--mode", mode]);
      await using nginx = await startNginx(master.address);
      let kills = 0;
      const load = await meanwhile(wrk(`${nginx.url}/`, seconds), 500, () => {
        const { workers } = master;
        const victim = workers[Math.floor(Math.random() * workers.length)];
        if (victim === undefined) return;
        process.kill(victim, "SIGKILL");
        kills++;
      });
      console.log(`${mode}: ${load.requests} requests, ${kills} kills, ${load.refused} lost`);
      expect(load.requests).toBeGreaterThan(1_000);
      expect(load.refused).toBeLessThanOrEqual(kills);
      expect(load.broken).toBe(0);
    });

    it(`loses nothing in reloads, in ${seconds} s`, async () => {
      await using master = await startMaster([...args, "--mode", mode]);
      await using nginx = await startNginx(master.address);
      let reloads = 0;
      const load = await meanwhile(wrk(`${nginx.url}/`, seconds), 2_000, () => {
        master.signal("SIGUSR2");
        reloads++;
      });
      console.log(`${mode}: ${load.requests} requests, ${reloads} reloads, ${load.refused} lost`);
      expect(load.requests).toBeGreaterThan(1_000);
      expect(load).toMatchObject({ refused: 0, broken: 0 });
    });

    it(`needs no more memory and descriptors after ${requests} requests`, async () => {
      await using master = await startMaster([...args, "--mode", mode]);
      await using nginx = await startNginx(master.address);
      const seen: ReturnType<typeof footprint>[] = [];
      let served = 0;
      while (served < requests) {
        const load = await wrk(`${nginx.url}/`, 10);
        expect(load).toMatchObject({ refused: 0, broken: 0 });
        served += load.requests;
        // The last connections are closed a moment after wrk has gone.
        await sleep(1_000);
        seen.push(footprint(master));
      }
      const [first, ...rest] = seen as [ReturnType<typeof footprint>];
      const last = rest.at(-1) ?? first;
      console.log(
        `${mode}: ${served} requests, ${JSON.stringify(first)} -> ${JSON.stringify(last)}`,
      );
      expect(last.descriptors).toBeLessThanOrEqual(first.descriptors);
      expect(last.memory).toBeLessThan(first.memory * 1.3);
    });
  });
});
