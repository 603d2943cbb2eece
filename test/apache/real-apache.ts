import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { StatusSource } from "../../src/apache/fetch/status-source.js";
import {
  type ApacheServer,
  chooseServer,
  findServers,
  readPidFile,
} from "../../src/apache/processes/apache-servers.js";
import { ProcFileSystem } from "../../src/apache/processes/process-table.js";
import { readLocalWorkers } from "../../src/apache/workers/local-workers.js";
import type { ApacheWorker } from "../../src/apache/workers/workers.js";
import type { Apache } from "../harness/apache.js";

export const table = new ProcFileSystem();
/** A dead worker stays in the process table until httpd waits for it, once a second. */
export const isAlive = (pid: number | undefined) =>
  pid !== undefined && table.read(pid) !== undefined;
export const sourceOf = (apache: Apache) => new StatusSource(`${apache.url}/server-status`);
export const serverOf = (apache: Apache): ApacheServer => {
  const server = chooseServer(findServers(table), table, {
    masterPid: readPidFile(apache.pidFile),
  });
  if (server === undefined) throw new Error("no httpd was found");
  return server;
};
export const read = async (apache: Apache): Promise<readonly ApacheWorker[]> => {
  const { doubt, workers } = await readLocalWorkers(sourceOf(apache), table);
  expect(doubt).toBeUndefined();
  return workers;
};

/** Sends requests that hang for so many seconds, or until httpd ends. */
export const hang = (apache: Apache, count: number, seconds: number): Promise<string>[] =>
  Array.from({ length: count }, async () => {
    try {
      const response = await fetch(`${apache.url}/cgi/sleep.sh?${seconds}`);
      return await response.text();
    } catch (error) {
      return String(error);
    }
  });

const isRunning = (request: string) => (worker: ApacheWorker) =>
  worker.activity === "active" && worker.row?.request?.includes(request) === true;

/** Waits until the page shows this many workers with a request. */
export async function workersWith(
  apache: Apache,
  request: string,
  count: number,
): Promise<ApacheWorker[]> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const workers = (await read(apache)).filter(isRunning(request));
    if (workers.length >= count) return workers;
    await sleep(20);
  }
  throw new Error(`no ${count} workers with ${request}`);
}
