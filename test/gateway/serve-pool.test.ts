import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/gateway/fetch.js";
import type { Handler } from "../../src/gateway/handler.js";
import { type PoolServer, type ServePoolOptions, servePool } from "../../src/gateway/serve-pool.js";
import { parseStatusPage } from "../../src/phpfpm/page.js";
import { fixture } from "../fixtures.js";
import { cgiFcgiPage, splitResponse } from "../harness/cgi-fcgi.js";
import { describeWith } from "../harness/describe-with.js";
import { until } from "../harness/server-process.js";

let folder: string;
let path: string;
let pool: PoolServer | undefined;
let release: () => void;
let gate: Promise<void>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fcgi-probe-"));
  path = join(folder, "pool.sock");
  gate = new Promise((resolve) => {
    release = resolve;
  });
});
afterEach(async () => {
  release();
  await pool?.close(0);
  pool = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Answers at once, but for `/wait`: when it is released. */
const application: Handler = async (request) => {
  if (new URL(request.url).pathname === "/wait") await gate;
  return new Response("done");
};

async function start(options: Partial<ServePoolOptions> = {}): Promise<PoolServer> {
  pool = await servePool(application, { listen: `unix:${path}`, ...options });
  return pool;
}

async function ask(target: string, init: RequestInit = {}): Promise<Response> {
  const response = await gatewayFetch(`unix:${path}`, new Request(`http://pool${target}`, init));
  return new Response(await response.arrayBuffer(), response);
}
const status = async (query: string) =>
  parseStatusPage(new Uint8Array(await (await ask(`/status${query}`)).arrayBuffer()));

describe("an embedded pool", () => {
  it.each(["", "?json", "?xml"])("tells what it is, at /status%s", async (query) => {
    await start({ slots: 3 });
    expect(await status(query)).toMatchObject({
      pool: "embedded",
      processManager: "static",
      acceptedConn: 0,
      listenQueue: 0,
      idleProcesses: 3,
      activeProcesses: 0,
      totalProcesses: 3,
      processes: undefined,
      warnings: [],
    });
  });

  it("counts the requests that it has served, and not its pages", async () => {
    await start({ slots: 2 });
    await ask("/ping");
    for (let at = 0; at < 5; at++) await ask("/");
    expect(await status("?json")).toMatchObject({ acceptedConn: 5, maxActiveProcesses: 1 });
    const { processes = [] } = await status("?json&full");
    expect(processes.map(({ requests }) => requests).reduce((a, b) => a + b)).toBe(5);
  });

  it("shows what runs, and what ran last", async () => {
    await start({ slots: 2 });
    await ask("/done?x=1", { method: "POST", body: "hello" });
    const waiting = ask("/wait?y=2");
    await until(
      () => pool?.counters.activeProcesses === 1,
      () => "no request came",
    );
    const shown = await status("?full");
    expect(shown).toMatchObject({ activeProcesses: 1, idleProcesses: 1, maxActiveProcesses: 1 });
    const running = shown.processes?.find(({ state }) => state === "Running");
    expect(running).toMatchObject({
      pid: process.pid,
      requestMethod: "GET",
      requestUri: "/wait?y=2",
      contentLength: 0,
      script: "/wait",
    });
    const idle = shown.processes?.find(({ requestMethod }) => requestMethod === "POST");
    expect(idle).toMatchObject({
      state: "Idle",
      requestUri: "/done?x=1",
      contentLength: 5,
      requests: 1,
      user: "-",
    });
    expect(idle?.requestDuration).toBeGreaterThan(0);
    release();
    expect(await (await waiting).text()).toBe("done");
    await until(
      () => pool?.counters.activeProcesses === 0,
      () => "the slot was not freed",
    );
  });

  it("lets further requests wait, and still tells so", async () => {
    await start({ slots: 1 });
    const all = [ask("/wait"), ask("/wait"), ask("/wait")];
    await until(
      () => pool?.counters.listenQueue === 2,
      () => "two requests do not wait",
    );
    expect(await status("?json")).toMatchObject({
      activeProcesses: 1,
      idleProcesses: 0,
      listenQueue: 2,
      maxListenQueue: 2,
      maxChildrenReached: 2,
    });
    release();
    await Promise.all(all);
    expect(await status("?json")).toMatchObject({ listenQueue: 0, acceptedConn: 3 });
  });

  it("does not run what nobody waits for any more", async () => {
    await start({ slots: 1 });
    const first = ask("/wait");
    await until(
      () => pool?.counters.activeProcesses === 1,
      () => "no request came",
    );
    const controller = new AbortController();
    const second = gatewayFetch(`unix:${path}`, new Request("http://pool/second"), {
      signal: controller.signal,
      drainTimeout: 0,
    });
    second.catch(() => {});
    await until(
      () => pool?.counters.listenQueue === 1,
      () => "no request waits",
    );
    controller.abort();
    await sleep(50);
    release();
    await first;
    await until(
      () => pool?.requests === 0,
      () => "a request still runs",
    );
    const { processes = [] } = await status("?json&full");
    expect(processes.map(({ requests }) => requests)).toEqual([1]);
  });

  it("counts slow requests", async () => {
    await start({ slowAfter: 20 });
    await ask("/");
    const slow = ask("/wait");
    setTimeout(() => release(), 40);
    await slow;
    await until(
      () => pool?.counters.activeProcesses === 0,
      () => "the slot was not freed",
    );
    expect(await status("")).toMatchObject({ slowRequests: 1 });
  });

  it("answers pings, at the paths that it was given", async () => {
    await start({ statusPath: "/fpm", pingPath: "/alive", name: "shop" });
    expect(await (await ask("/alive")).text()).toBe("pong");
    expect(await (await ask("/fpm")).text()).toMatch(/^pool: {17}shop\n/);
    expect(await (await ask("/status")).text()).toBe("done");
  });

  it.each([
    ["", "text/plain;charset=UTF-8"],
    ["?json", "application/json"],
    ["?xml", "text/xml;charset=UTF-8"],
    ["?html", "text/html;charset=UTF-8"],
    ["?openmetrics", "application/openmetrics-text; version=1.0.0; charset=utf-8"],
  ])("says what /status%s is, and that it is not to be kept", async (query, type) => {
    await start();
    const { headers } = await ask(`/status${query}`);
    expect(headers.get("content-type")).toBe(type);
    expect(headers.get("cache-control")).toBe("no-cache, no-store, must-revalidate, max-age=0");
    expect(headers.get("expires")).toBe("Thu, 01 Jan 1970 00:00:00 GMT");
  });
});

describeWith(["cgi-fcgi"], "an embedded pool, read by cgi-fcgi,", () => {
  /** The names of a page's lines, with the columns at which their values start. */
  const layout = (page: string) =>
    page.split("\n").map((line) => /^([^:]+:)( *)/.exec(line)?.slice(1).join("") ?? line);

  it("has the layout of PHP-FPM's text page", async () => {
    await start();
    const { stdout, stderr, exitCode } = await cgiFcgiPage(path, "/status");
    const { head, body } = splitResponse(stdout);
    expect([stderr, exitCode]).toEqual(["", 0]);
    expect(head).toContain("content-type: text/plain;charset=UTF-8");
    const real = Buffer.from(fixture("fpm-status/dynamic-after--text.body.txt")).toString();
    expect(layout(body.toString())).toEqual(layout(real));
  });

  it("has the layout of PHP-FPM's full text page", async () => {
    await start({ slots: 5 });
    const { body } = splitResponse((await cgiFcgiPage(path, "/status?full")).stdout);
    const real = Buffer.from(fixture("fpm-status/dynamic-after--text-full.body.txt")).toString();
    expect(layout(body.toString())).toEqual(layout(real));
  });

  it("has the keys of PHP-FPM's JSON page, in their order", async () => {
    await start();
    const { body } = splitResponse((await cgiFcgiPage(path, "/status?json&full")).stdout);
    const ours = JSON.parse(body.toString());
    const real = JSON.parse(
      Buffer.from(fixture("fpm-status/static-idle--json-full.body.json")).toString(),
    );
    expect(Object.keys(ours)).toEqual(Object.keys(real));
    expect(Object.keys(ours.processes[0])).toEqual(Object.keys(real.processes[0]));
  });

  it("answers a ping", async () => {
    await start();
    const { body } = splitResponse((await cgiFcgiPage(path, "/ping")).stdout);
    expect(body.toString()).toBe("pong");
  });
});
