import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach } from "vitest";
import { runManager } from "../../src/apache-manager/apache-manager.js";
import type { ManagerWorld } from "../../src/apache-manager/manager.js";
import type { FakeTable } from "../apache/fake-processes.js";
import { captured, processesOf, servePages } from "./apache-world.js";
import { runIn, type World } from "./cli.js";

/** The folder for the files of a run. */
export let folder: string;
export let dataFile: string;
/** The settings of the system, which version 2 reads. */
export let settings: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fcgi-probe-"));
  dataFile = join(folder, "apache-manager.txt");
  settings = join(folder, "etc", "apache-manager.ini");
  mkdirSync(join(folder, "etc"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

export const pages = captured("prefork-idle");
/** Workers of 100, 200 and 300 MB; the last one serves the status page. */
export const table = () => processesOf(pages.html, (index) => 100_000_000 * (index + 1));

/** The lines in the system's log. */
export const systemLines: string[] = [];

export function worldOf(processes: FakeTable): ManagerWorld {
  return {
    table: processes,
    home: join(folder, "home"),
    etc: join(folder, "etc"),
    temporaryFolder: folder,
    host: "web1",
    pid: 44,
    now: () => new Date(2026, 10, 20, 18, 24, 54),
    systemLog: async (line) => {
      // logger(1) takes a while.
      await sleep(20);
      systemLines.push(line);
    },
  };
}

export const manage = async (
  args: readonly string[],
  world: World = {},
  processes: FakeTable = table(),
  url?: string,
) => {
  const page = `--url=${url ?? (await servePages(pages))}`;
  return runIn((io) => runManager([page, ...args], io, worldOf(processes)), world);
};
export const saved = () => {
  try {
    return readFileSync(dataFile, "utf8");
  } catch {
    return undefined;
  }
};
export const log = (level: string, text: string) =>
  `2026-11-20 18:24:54 web1 apache_manager[44] ${level} ${text}\n`;

/** The report on these pages and processes. */
export const report = `Server metrics:
 - Busy workers: 1
 - Bytes per request: 1.01 KB
 - Bytes per second: 474.471 bytes
 - Cpu load: 0.0%
 - Idle workers: 2
 - Requests per second: 0.471204
 - Total accesses: 180
 - Total traffic: 181.25 KB
 - Uptime: 6 minutes and 22 seconds

Memory usage of Apache workers (3 workers):
 - Minimum: 100 MB
 - Average: 200 MB
 - Maximum: 300 MB
`;
