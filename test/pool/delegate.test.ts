import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { cgiFcgi, splitResponse } from "../harness/cgi-fcgi.js";
import { describeWith } from "../harness/describe-with.js";
import { until } from "../harness/server-process.js";
import { startMaster } from "./master.js";

const delegate = ["--mode", "delegate", "--status-path", "/status"];
const times = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("a pool that delegates", () => {
  it("S2.20 has at most 5 workers by default", async () => {
    await using master = await startMaster(delegate);
    await Promise.all(times(8).map(() => master.request("/sleep?ms=300")));
    expect(master.workers).toHaveLength(5);
  });

  it("S2.21 starts with one worker", async () => {
    await using master = await startMaster(delegate);
    expect(master.workers).toHaveLength(1);
  });

  it("S2.22 S2.23 passes 60 requests, one after the other, to the same worker", async () => {
    await using master = await startMaster(delegate);
    const pids = new Set<number>();
    for (const _ of times(60)) pids.add((await master.request("/")).pid);
    expect([...pids]).toEqual(master.workers);
  });

  it("S2.23 prefers the oldest worker when all are idle", async () => {
    await using master = await startMaster(delegate);
    const [oldest] = master.workers;
    await Promise.all(times(4).map(() => master.request("/sleep?ms=300")));
    expect(master.workers.length).toBeGreaterThan(2);
    const answers = [];
    for (const _ of times(6)) answers.push((await master.request("/")).pid);
    expect(answers).toEqual(Array(6).fill(oldest));
  });

  it("S2.24 serves 5 of 7 requests at once, and the others after them", async () => {
    await using master = await startMaster([...delegate, "--pm", "static", "--workers", "5"]);
    const answers = await Promise.all(times(7).map(() => master.request("/sleep?ms=1000")));
    const late = answers.filter(({ time }) => time > 1_700);
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(5);
    expect(late).toHaveLength(2);
    expect((await master.status()).maxActiveProcesses).toBe(5);
  });

  it("S2.25 replaces an idle worker that was killed, without losing a request", async () => {
    await using master = await startMaster(delegate);
    const { pid } = await master.request("/");
    process.kill(pid, "SIGKILL");
    const next = await master.request("/");
    expect(next.pid).not.toBe(pid);
    expect(next.time).toBeLessThan(3_000);
    await master.hasWorkers(1);
  });

  it("S2.26 serves a waiting connection when the one busy worker is killed", async () => {
    await using master = await startMaster([...delegate, "--workers", "1"]);
    const [busy = 0] = master.workers;
    const victim = master.failure("/sleep?ms=10000");
    await sleep(200);
    const waiter = master.request("/");
    await sleep(100);
    process.kill(busy, "SIGKILL");
    expect(await victim).toBe("closed_without_answer");
    expect((await waiter).pid).not.toBe(busy);
  });

  it("S2.27 lets connections wait while all are busy", async () => {
    await using master = await startMaster([...delegate, "--workers", "1"]);
    const began = performance.now();
    const answers = await Promise.all(times(5).map(() => master.request("/sleep?ms=100")));
    expect(answers.map(({ text }) => text)).toEqual(Array(5).fill("slept"));
    expect(performance.now() - began).toBeGreaterThan(490);
  });

  it("S2.27 refuses a connection beyond the queue as overload", async () => {
    await using master = await startMaster([...delegate, "--workers", "1", "--queue-limit", "1"]);
    const busy = master.request("/sleep?ms=800");
    await sleep(200);
    const waiting = master.request("/");
    await sleep(100);
    expect(await master.failure("/")).toBe("overloaded");
    expect((await busy).text).toBe("slept");
    expect((await waiting).text).toBe("hello");
  });

  it("S2.27 refuses a connection that has waited for too long", async () => {
    const limits = ["--workers", "1", "--queue-timeout", "200ms"];
    await using master = await startMaster([...delegate, ...limits]);
    const busy = master.request("/sleep?ms=1500");
    await sleep(200);
    const began = performance.now();
    expect(await master.failure("/")).toBe("overloaded");
    expect(performance.now() - began).toBeLessThan(1_200);
    expect((await busy).text).toBe("slept");
  });

  it("S2.27 refuses connections over SCGI with a 503", async () => {
    const args = [...delegate, "--workers", "1", "--queue-limit", "0"];
    await using master = await startMaster(args, { listen: "scgi://127.0.0.1:0" });
    const port = Number(/scgi:\/\/127\.0\.0\.1:(\d+)/.exec(master.log)?.[1]);
    const ask = (path: string) =>
      new Promise<string>((resolve) => {
        const head = `CONTENT_LENGTH\x000\0SCGI\x001\0REQUEST_METHOD\0GET\0REQUEST_URI\0${path}\0`;
        const socket = connect(port, "127.0.0.1").setEncoding("latin1");
        let answer = "";
        socket.on("data", (text: string) => {
          answer += text;
        });
        socket.on("close", () => resolve(answer));
        socket.write(`${head.length}:${head},`);
      });
    const busy = ask("/sleep?ms=800");
    await sleep(200);
    expect(await ask("/")).toMatch(/^Status: 503 /);
    expect(await busy).toMatch(/^Status: 200 OK\r\n(.*\r\n)*\r\n\d+ slept$/);
  });

  it("S2.28 survives a client that leaves while it waits", async () => {
    await using master = await startMaster([...delegate, "--workers", "1"]);
    const [only] = master.workers;
    const busy = master.request("/sleep?ms=500");
    await sleep(100);
    const impatient = connect(master.socket);
    impatient.on("connect", () => impatient.destroy());
    await sleep(100);
    const silent = connect(master.socket);
    silent.on("connect", () => silent.end());
    expect((await busy).pid).toBe(only);
    expect((await master.request("/")).pid).toBe(only);
  });

  it("S2.35 goes on after it had no descriptor left for a connection", async () => {
    const launcher = ["bash", "-c", 'ulimit -n 128; exec "$@"', "bash"];
    await using master = await startMaster([...delegate, "--workers", "1"], { launcher });
    const busy = master.request("/sleep?ms=700");
    await sleep(200);
    let dropped = 0;
    const silent = times(200).map(() =>
      connect(master.socket)
        .on("error", () => {})
        .on("close", () => {
          dropped += 1;
        }),
    );
    // libuv accepts them with a spare descriptor, and closes them.
    await until(
      () => dropped > 50,
      () => `${dropped} were dropped`,
    );
    for (const socket of silent) socket.destroy();
    expect((await busy).text).toBe("slept");
    // Until the master has closed its ends, too, it has no descriptor for one more.
    const answer = async () => (await master.request("/").catch(() => undefined))?.text;
    await vi.waitFor(async () => expect(await answer()).toBe("hello"), { timeout: 5_000 });
  });

  it("S2.36 accepts connections over unix sockets, IPv4 and IPv6", async () => {
    for (const listen of ["127.0.0.1:0", "[::1]:0"]) {
      await using master = await startMaster(delegate, { listen });
      const [, port] = /(?:127\.0\.0\.1|\[::1\]):([1-9]\d*)/.exec(master.log) ?? [];
      const host = listen.slice(0, -2);
      await using other = Object.assign(master, { address: `${host}:${port}` });
      expect((await other.request("/")).text).toBe("hello");
    }
  });

  it("S2.33 answers the requests in progress when it is stopped, and exits with 0", async () => {
    await using master = await startMaster([...delegate, "--workers", "1"]);
    const running = master.request("/sleep?ms=600");
    await sleep(200);
    const waiting = master.request("/");
    await sleep(100);
    master.signal("SIGTERM");
    expect((await running).text).toBe("slept");
    expect((await waiting).text).toBe("hello");
    expect(await master.exited()).toBe(0);
    await master.allExited();
  });
});

describeWith(["cgi-fcgi"], "libfcgi's own client", () => {
  it("is answered by a pool that delegates", async () => {
    await using master = await startMaster(delegate);
    const variables = { REQUEST_METHOD: "POST", REQUEST_URI: "/body", CONTENT_LENGTH: "70000" };
    const { stdout, exitCode } = await cgiFcgi(master.socket, variables, "x".repeat(70_000));
    expect(exitCode).toBe(0);
    expect(splitResponse(stdout).body.toString()).toMatch(/^\d+ 70000 bytes$/);
  });
});
