import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { fetchStatusPage, ping, status } from "../../src/phpfpm/status.js";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { cgiFcgiPage, splitResponse } from "../harness/cgi-fcgi.js";
import { describeWith } from "../harness/describe-with.js";
import { startMaster } from "./master.js";

const pages = ["--status-path", "/status", "--ping-path", "/ping"];
const formats = ["text", "json", "xml", "openmetrics"] as const;

describe("the status page of a pool", () => {
  it.each(["shared", "delegate"])("shows what its workers do: %s", async (mode) => {
    const args = [...pages, "--mode", mode, "--pm", "static", "--workers", "3"];
    await using master = await startMaster(args);
    for (let count = 0; count < 5; count++) await master.request("/");
    const slow = master.request("/sleep?ms=800");
    await sleep(400);
    const pool = await master.status();
    const { pid } = await slow;
    expect(pool).toMatchObject({
      pool: "app",
      processManager: "static",
      acceptedConn: 7,
      idleProcesses: 1,
      activeProcesses: 2,
      totalProcesses: 3,
      maxActiveProcesses: 2,
      maxChildrenReached: 0,
      slowRequests: 0,
      warnings: [],
    });
    const processes = pool.processes ?? [];
    expect(processes.map((each) => each.pid).sort()).toEqual(master.workers.sort());
    const busy = processes.find((each) => each.pid === pid);
    expect(busy).toMatchObject({ state: "Running", requestMethod: "GET" });
    expect(busy?.requestUri).toMatch(/^\/sleep/);
    expect(busy?.requestDuration).toBeGreaterThan(300_000);
    expect(busy?.requestDuration).toBeLessThan(5_000_000);
    expect(processes.reduce((sum, { requests }) => sum + requests, 0)).toBe(7);
    expect(processes.filter(({ state }) => state === "Running")).toHaveLength(2);
  });

  it("shows the processor time and memory of a worker's last request", async () => {
    await using master = await startMaster([...pages, "--workers", "2"]);
    const { pid } = await master.request("/block?ms=300");
    const worker = (await master.status()).processes?.find((each) => each.pid === pid);
    // The same worker may have answered the request for the page.
    if (worker?.state === "Running") return;
    expect(worker?.lastRequestCpu).toBeGreaterThan(20);
    expect(worker?.lastRequestMemory).toBeGreaterThan(10_000_000);
  });

  it.each(formats)("is read by a reader of PHP-FPM's pages: %s", async (format) => {
    await using master = await startMaster([...pages, "--workers", "2", "--name", "shop"]);
    await master.request("/");
    const page = await fetchStatusPage(`${master.address}:/status`, { format, full: true });
    const { pool, acceptedConn, totalProcesses, warnings } = parseStatusPage(page);
    expect({ pool, acceptedConn, totalProcesses, warnings }).toEqual({
      pool: "shop",
      acceptedConn: 2,
      totalProcesses: 2,
      warnings: [],
    });
  });

  it("keeps its counts when workers are replaced", async () => {
    await using master = await startMaster([...pages, "--workers", "2", "--max-requests", "3"]);
    for (let count = 0; count < 11; count++) await master.request("/");
    expect((await master.status()).acceptedConn).toBe(12);
  });

  it("shows a silent client as Reading headers", async () => {
    await using master = await startMaster([...pages, "--workers", "2"]);
    const silent = connect(master.socket);
    await new Promise((resolve) => silent.on("connect", resolve));
    await sleep(300);
    const { processes } = await master.status();
    silent.destroy();
    expect(processes?.map(({ state }) => state).sort()).toEqual(["Reading headers", "Running"]);
  });

  it("answers pings", async () => {
    await using master = await startMaster([...pages, "--workers", "1"]);
    expect(await ping(master.address)).toBe("pong");
  });

  it("leaves all paths to the application without the option", async () => {
    await using master = await startMaster(["--workers", "1"]);
    expect((await master.request("/status")).text).toBe("hello");
  });
});

describe("a listener for the status page", () => {
  it("answers while all workers are busy, and is not counted", async () => {
    const args = [...pages, "--workers", "1", "--status-listen", "unix:./status.sock"];
    await using master = await startMaster(args);
    const busy = master.request("/block?ms=1500");
    await sleep(300);
    const address = `unix:${join(master.folder, "status.sock")}:/status`;
    const pool = await status(address, { full: true, timeout: 1_000 });
    expect(pool).toMatchObject({ acceptedConn: 1, activeProcesses: 1, idleProcesses: 0 });
    expect(pool.processes?.[0]).toMatchObject({ state: "Running", pid: master.workers[0] });
    expect(await ping(address.replace(/status$/, "ping"))).toBe("pong");
    await busy;
  });

  it("shows how many connections wait on a TCP port", async () => {
    const args = [...pages, "--workers", "1", "--status-listen", "unix:./status.sock"];
    await using master = await startMaster([...args, "--backlog", "64"], {
      listen: "127.0.0.1:0",
    });
    const [, port] = /127\.0\.0\.1:([1-9]\d*)/.exec(master.log) ?? [];
    const other = Object.assign(master, { address: `127.0.0.1:${port}` });
    const busy = [1, 2, 3, 4].map(() => other.request("/block?ms=700"));
    const address = `unix:${join(master.folder, "status.sock")}:/status`;
    await sleep(1_700);
    const pool = await status(address);
    expect(pool.maxListenQueue).toBeGreaterThanOrEqual(1);
    expect(pool.maxListenQueue).toBeLessThanOrEqual(3);
    expect(pool.listenQueueLen).toBe(64);
    await Promise.all(busy);
  });
});

describe("the slow log", () => {
  const args = ["--workers", "1", "--slowlog-timeout", "300ms", "--slowlog", "slow.log", ...pages];

  it("has the stack of a handler that computes", async () => {
    await using master = await startMaster(args);
    await master.request("/block?ms=900");
    const log = readFileSync(join(master.folder, "slow.log"), "utf8");
    expect(log).toMatch(/^\n\[\d\d-\w{3}-\d{4} [\d:]{8}\] {2}\[pool app\] pid \d+\n/);
    expect(log).toMatch(/\nrequest = GET \/block\?ms=900\nrunning for 0\.\d+ seconds\n/);
    expect(log).toMatch(/\nblock\(\) file:.*\/app\.mjs:\d+:\d+\nanswer\(\) file:.*\/app\.mjs:/);
    expect((await master.status()).slowRequests).toBe(1);
  });

  it("says that a handler waits, without disturbing it", async () => {
    await using master = await startMaster(args);
    expect((await master.request("/sleep?ms=900")).text).toBe("slept");
    const log = readFileSync(join(master.folder, "slow.log"), "utf8");
    expect(log).toMatch(
      /\nrequest = GET \/sleep\?ms=900\n.*\nno JavaScript runs: the handler waits\n/,
    );
  });

  it("has no entry for quick requests", async () => {
    await using master = await startMaster(args);
    for (let count = 0; count < 5; count++) await master.request("/sleep?ms=100");
    expect((await master.status()).slowRequests).toBe(0);
  });
});

describeWith(["cgi-fcgi"], "libfcgi's client and the status page", () => {
  it("is sent with PHP-FPM's headers, also as HTML", async () => {
    await using master = await startMaster([...pages, "--workers", "1"]);
    const { stdout } = await cgiFcgiPage(master.socket, "/status?html&full");
    const { head, body } = splitResponse(stdout);
    expect(head).toMatch(/content-type: text\/html;charset=UTF-8/i);
    expect(head).toMatch(/cache-control: no-cache, no-store, must-revalidate, max-age=0/i);
    expect(body.toString()).toContain("<td>/status?html&amp;full</td>");
  });
});
