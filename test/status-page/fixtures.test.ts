import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { PoolStatus } from "../../src/status-page/pool-status.js";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { engines } from "../engine/engines.js";

const folder = new URL("../fixtures/fpm-status/", import.meta.url);
const names = readdirSync(folder).filter((name) => /\.body\.(?:txt|json|xml|om)$/.test(name));

function read(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, folder)));
}

/** States of which every format was captured, a moment apart. */
const states = [...new Set(names.map((name) => name.replace(/--.*/, "")))];

describe.each(engines)("captured status pages (%s)", (_, engine) => {
  const parse = (name: string): PoolStatus => parseStatusPage(read(name), { engine });

  it.each(names)("%s has every key of its format, and nothing else", (name) => {
    const status = parse(name);
    expect(status.other).toEqual([]);
    const { processes, startTime, ...json } = status.toJSON();
    expect(Object.values(json)).not.toContain(undefined);
    expect(startTime === undefined).toBe(name.endsWith(".om"));
    expect(processes === undefined).toBe(!name.includes("-full") || name.endsWith(".om"));
    for (const process of processes ?? []) {
      expect(Object.values(process)).not.toContain(undefined);
    }
    for (const { other } of status.processes ?? []) expect(other).toEqual([]);
  });

  it.each(names)("%s says when its processes are not as many as its total", (name) => {
    const { processes, totalProcesses, warnings } = parse(name);
    const listed = processes?.length ?? totalProcesses;
    expect(warnings).toEqual(
      listed === totalProcesses
        ? []
        : [`the page lists ${listed} processes and its total says ${totalProcesses}`],
    );
  });

  it.each(states)("S0.9 %s is the same in every format", (state) => {
    const pages = names.filter((name) => name.startsWith(`${state}--`)).map(parse);
    const stable = ({ pool, processManager, listenQueueLen }: PoolStatus) => ({
      pool,
      processManager,
      listenQueueLen,
    });
    expect(pages.length).toBeGreaterThan(1);
    for (const page of pages) expect(stable(page)).toEqual(stable(pages[0]!));
    const dated = pages.filter((page) => page.startTime !== undefined);
    expect(new Set(dated.map((page) => page.startTime?.getTime())).size).toBe(1);
    const full = pages.filter((page) => page.processes !== undefined);
    const workers = (page: PoolStatus) =>
      page.processes?.map(({ pid, startTime }) => [pid, startTime?.getTime()]);
    for (const page of full) expect(workers(page)).toEqual(workers(full[0]!));
  });

  const json = names.filter((name) => name.endsWith(".json") && isJson(name));
  it.each(json)("%s, which is valid JSON, is read as by JSON.parse", (name) => {
    const page = JSON.parse(new TextDecoder().decode(read(name)));
    const status = parse(name);
    expect([status.pool, status.acceptedConn, status.slowRequests, status.startSince]).toEqual([
      page.pool,
      page["accepted conn"],
      page["slow requests"],
      page["start since"],
    ]);
    const processes = page.processes?.map((process: Record<string, unknown>) => ({
      pid: process["pid"],
      state: process["state"],
      startTime: new Date(Number(process["start time"]) * 1000).toISOString(),
      startSince: process["start since"],
      requests: process["requests"],
      requestDuration: process["request duration"],
      requestMethod: process["request method"],
      requestUri: process["request uri"],
      contentLength: process["content length"],
      user: process["user"],
      script: process["script"],
      lastRequestCpu: process["last request cpu"],
      lastRequestMemory: process["last request memory"],
    }));
    expect(status.toJSON().processes).toEqual(processes);
  });

  it("reads a page in the engine's window, and keeps its texts when the window changes", () => {
    const page = read("static-slow--text-full.body.txt");
    const inWindow = engine.memory.subarray(200_000, 200_000 + page.length);
    inWindow.set(page);
    const status = parseStatusPage(inWindow, { engine });
    inWindow.fill(0);
    expect(status.toJSON()).toEqual(parse("static-slow--text-full.body.txt").toJSON());
    expect(status.processes?.[2]?.script).toBe("/srv/sample/www/sleep.php");
  });

  it("reads a page in the engine's memory outside of the window", () => {
    const page = read("big100-idle--text-full.body.txt");
    const aside = engine.memory.subarray(262_144, 262_144 + page.length);
    aside.set(page);
    expect(parseStatusPage(aside, { engine }).toJSON()).toEqual(
      parse("big100-idle--text-full.body.txt").toJSON(),
    );
  });
});

function isJson(name: string): boolean {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(read(name)));
    return true;
  } catch {
    return false;
  }
}
