import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { targetAddress } from "../../src/client/connect.js";
import { PoolWatch } from "../../src/load/pool-watch.js";
import { type LoadOptions, runLoad } from "../../src/load/run-load.js";
import { type GatewayServer, serve } from "../../src/server/serve.js";
import { spawnCommand } from "../cli/cli.js";
import { describeWith } from "../harness/describe-with.js";
import { closing, silent, startFakeServer } from "../harness/fake-server.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { makeFolder, until } from "../harness/server-process.js";

const load = (target: string, script: string, options: Partial<LoadOptions> = {}) =>
  runLoad(target, {
    variables: [
      ["REQUEST_METHOD", options.body === undefined ? "GET" : "POST"],
      ["SCRIPT_NAME", "/"],
      ["SCRIPT_FILENAME", script],
      ["REQUEST_URI", "/"],
      ["QUERY_STRING", ""],
      ["SERVER_PROTOCOL", "HTTP/1.1"],
      ["SERVER_NAME", "localhost"],
      ["SERVER_PORT", "80"],
      ["CONTENT_LENGTH", options.body === undefined ? "" : `${options.body.length}`],
    ],
    body: new Uint8Array(0),
    keep: false,
    concurrency: 4,
    timeout: 5_000,
    requests: undefined,
    duration: undefined,
    rate: undefined,
    ...options,
  });

describeWith(["php-fpm"], "load on php-fpm", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [
        { name: "www", pm: "static", maxChildren: 5, listen: "unix" },
        { name: "one", pm: "static", maxChildren: 1, listen: "unix", statusListen: true },
      ],
    });
  });
  afterAll(() => fpm.stop());
  const target = () => `unix:${fpm.pool("www").bareAddress}`;

  it.each([[false], [true]])("sends as many requests as it should; kept: %s", async (keep) => {
    const { requests, tally, unsent, cancelled } = await load(target(), phpScript("headers.php"), {
      requests: 200,
      keep,
    });
    expect({ requests, answers: tally.answers, unsent, cancelled }).toEqual({
      requests: 200,
      answers: 200,
      unsent: 0,
      cancelled: 0,
    });
    expect([...tally.statuses]).toEqual([[200, 200]]);
    expect(tally.errors.size).toBe(0);
    expect(tally.received).toBeGreaterThan(200 * "headers\n".length);
    const { min, max, percentiles } = tally.latency ?? expect.fail();
    expect(percentiles.get(50)).toBeGreaterThanOrEqual(min);
    expect(percentiles.get(99.9)).toBeLessThanOrEqual(max);
  });

  it("leaves no worker with a kept connection that has nothing more to send", async () => {
    const options = { requests: 40, concurrency: 8, keep: true, timeout: 3_000 };
    const { tally } = await load(target(), phpScript("headers.php"), options);
    expect([...tally.errors.keys()]).toEqual([]);
    expect(tally.answers).toBe(40);
  });

  it("sends the body, and counts statuses and errors by their codes", async () => {
    const missing = await load(target(), "/nonexistent.php", { requests: 3 });
    expect([...missing.tally.statuses]).toEqual([[404, 3]]);
    const body = new Uint8Array(70_000);
    const echo = await load(target(), phpScript("echo.php"), { requests: 2, body });
    expect([...echo.tally.statuses]).toEqual([[200, 2]]);
    expect(echo.tally.sent).toBeGreaterThan(140_000);
    const slow = await load(target(), phpScript("sleep.php"), { requests: 4, timeout: 100 });
    expect([...slow.tally.errors.keys()]).toEqual(["deadline"]);
    expect(slow.tally.errors.get("deadline")?.count).toBe(4);
    expect(fpm.exitedChildren()).toEqual([]);
  });

  it("counts the latency from when a request was due, if it has a rate", async () => {
    const { tally, unsent, requests } = await load(target(), phpScript("sleep.php"), {
      concurrency: 1,
      rate: 10,
      duration: 500,
    });
    // Each answer takes a second, so one request is sent, and the other four are not sent in time.
    expect([requests, unsent]).toEqual([1, 4]);
    const waiting = await load(target(), phpScript("sleep.php"), {
      concurrency: 1,
      rate: 10,
      requests: 2,
    });
    // The second was due at 100 ms, and was sent after a second.
    const { latency, service } = waiting.tally;
    expect(latency?.max).toBeGreaterThan((service?.max ?? 0) + 500);
    expect(tally.answers).toBe(1);
  });

  it("ends when it is cancelled, and leaves the workers unharmed", async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);
    const { tally } = await load(target(), phpScript("big.php"), { signal: stop.signal });
    expect(tally.answers).toBeGreaterThan(0);
    expect(fpm.exitedChildren()).toEqual([]);
  });

  it("tells how many requests wait for a worker, which the pool's page does not", async () => {
    const { bareAddress, statusListenAddress = "" } = fpm.pool("one");
    const stop = new AbortController();
    const { signal } = stop;
    const running = load(`unix:${bareAddress}`, phpScript("sleep.php"), { concurrency: 3, signal });
    await until(
      async () => {
        const watch = new PoolWatch(statusListenAddress, { socketPath: bareAddress });
        await watch.start(signal);
        return (await watch.finish()).before?.listenQueue === 2;
      },
      () => "two requests do not wait",
    );
    stop.abort();
    await running;
  });

  it("shows the answers and the pool's status", async () => {
    const args = ["load", target(), "--script", phpScript("headers.php"), "-n", "20", "-c", "2"];
    const { code, stdout, stderr } = await spawnCommand(args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^requests {2}20 sent in .*, 20 answered$/m);
    expect(stdout).toMatch(/^status {4}200: 20$/m);
    expect(stdout).toMatch(/^latency {3}mean .* p50 .* p99\.9 .* max /m);
    expect(stdout).toMatch(/^pool {6}before: 1 active, 4 idle, 0 in the listen queue$/m);
    expect(stdout).toContain("in between: 21 connections accepted");
    const json = await spawnCommand([...args, "--format", "json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      answers: 20,
      statuses: { 200: 20 },
      errors: {},
      pool: { before: { totalProcesses: 5 } },
    });
  });
});

describe("load on other backends", () => {
  const servers: GatewayServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  it.each(["fcgi", "scgi", "uwsgi"])("speaks %s", async (protocol) => {
    const listen = `${protocol}://unix:${join(makeFolder(), "app.sock")}`;
    servers.push(await serve(() => new Response("hello", { status: 202 }), { listen }));
    const { tally } = await load(listen, "/x", { requests: 50 });
    expect([...tally.statuses]).toEqual([[202, 50]]);
  });

  it("refuses to keep connections of SCGI", async () => {
    const run = load("scgi://127.0.0.1:1", "/x", { keep: true, requests: 1 });
    await expect(run).rejects.toMatchObject({ code: "bad_input" });
  });

  it("gives up when nothing listens", async () => {
    const { tally, requests } = await load("unix:/nonexistent/x.sock", "/x", { duration: 60_000 });
    expect(tally.answers).toBe(0);
    expect(tally.errors.get("socket_missing")?.count).toBe(requests);
    expect(requests).toBeLessThan(2_000);
  });

  it("says that it gave up", async () => {
    const args = ["load", `unix:${makeFolder()}/none.sock`, "--script=/x.php", "--no-status"];
    const early = await spawnCommand([...args, "-d", "30s"]);
    expect(early.stdout).toContain("ended after 1,024 failures without an answer");
    const whole = await spawnCommand([...args, "-n", "5"]);
    expect(whole.stdout).not.toContain("ended after");
  });

  it("does not wait for a silent pool's page once the run is cancelled", async () => {
    await using server = await startFakeServer(silent);
    const watch = new PoolWatch(server.address, targetAddress(server.address).endpoint);
    await watch.start(AbortSignal.abort());
    const start = performance.now();
    const { after, problem } = await watch.finish(true);
    expect([after, problem]).toEqual([undefined, undefined]);
    expect(performance.now() - start).toBeLessThan(900);
    await server.allClosed(500);
  });

  it("counts a backend that closes without an answer", async () => {
    await using server = await startFakeServer(closing);
    const { tally } = await load(server.address, "/x", { requests: 3 });
    expect(tally.errors.get("closed_without_answer")?.count).toBe(3);
  });
});
