import { describe, expect, it } from "vitest";
import { closing, httpRefusal, silent } from "../harness/fake-server.js";
import { runHere } from "./cli.js";
import { answer, goodPool, page, start } from "./fake-pool.js";

/** A moment as ISO 8601 has it. */
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe("status", () => {
  it("S0.5 of a target without a connection is exit 1, with the address and a hint", async () => {
    const { code, stdout, stderr } = await runHere(["status", "unix:/nowhere/php.sock:/status"]);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      /^fcgi-probe: unix:\/nowhere\/php.sock:\/status: there is no such socket\nhint: .*listen/,
    );
  });

  it.each([
    [
      "says nothing",
      silent,
      /no complete answer within 200 ms: .*a worker accepted the request and is silent\nhint: /,
    ],
    ["closes", closing, /hint: .*listen.allowed_clients/],
    ["speaks HTTP", httpRefusal, /the peer speaks HTTP, not FastCGI\nhint: /],
  ])("S0.6 of a peer that %s is exit 2", async (_, script, message) => {
    const target = await start(script);
    const { code, stderr } = await runHere(["status", target, "--timeout", "200ms"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it("S0.4 as text of one target is the page as the pool sent it", async () => {
    const { code, stdout } = await runHere(["status", "--format", "text", await start(goodPool)]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: page });
  });

  it("in a pipe is a table, without colour and uncut", async () => {
    const [one, other] = [await start(goodPool), await start(goodPool)];
    const { code, stdout } = await runHere(["status", one, other]);
    const [title, ...rows] = stdout.split("\n");
    expect(code).toBe(0);
    expect(title).toMatch(/^POOL +PM +ACTIVE +IDLE +TOTAL +PEAK +QUEUE +MAXED/);
    expect(rows[0]).toMatch(new RegExp(`^www .* 3/128 .* ${one}$`));
    expect(rows[1]).toMatch(new RegExp(`^www .* ${other}$`));
  });

  it("says in a sentence that a pool is saturated", async () => {
    const target = await start(goodPool);
    const { stdout } = await runHere(["status", target], { columns: 100 });
    expect(stdout).toContain(
      "www is saturated: every process is busy (4 of 4); 3 connections wait",
    );
    expect(stdout).toContain("\x1b[33m");
  });

  it("has no colour on a terminal when NO_COLOR is set", async () => {
    const target = await start(goodPool);
    const env = { NO_COLOR: "1" };
    const { stdout, stderr } = await runHere(["status", target, "127.0.0.1:1"], {
      columns: 80,
      env,
    });
    expect(stdout + stderr).not.toContain("\x1b");
  });

  it("escapes a page's control characters on a terminal, as text, too", async () => {
    const target = await start(answer("A: b\r\n\r\npool:  \x1b[2Jwww\n"));
    const args = ["status", "--format", "text", target];
    expect((await runHere(args, { columns: 80 })).stdout).toBe("pool:  \\x1b[2Jwww\n");
    expect((await runHere(args)).stdout).toBe("pool:  \x1b[2Jwww\n");
  });

  it("as text of several targets has a heading before each page", async () => {
    const [one, other] = [await start(goodPool), await start(goodPool)];
    const { stdout } = await runHere(["status", "--format", "text", one, other]);
    expect(stdout).toBe(`==> ${one} <==\n${page}\n==> ${other} <==\n${page}`);
  });

  it("as JSON is an array in the order of the targets, with the error of one that failed", async () => {
    const good = await start(goodPool);
    const dead = "127.0.0.1:1/status";
    const { code, stdout } = await runHere(["status", "--format", "json", dead, good]);
    expect(code).toBe(1);
    const [first, second] = JSON.parse(stdout);
    expect(first).toEqual({
      target: dead,
      ok: false,
      elapsed: expect.any(Number),
      time: expect.stringMatching(isoTime),
      error: { code: "refused", message: "connection refused", hint: expect.any(String) },
    });
    expect(second).toEqual({
      target: good,
      ok: true,
      elapsed: expect.any(Number),
      time: expect.stringMatching(isoTime),
      pool: "www",
      processManager: "static",
      startTime: "2018-08-15T12:29:57.000Z",
      startSince: 60,
      acceptedConn: 7,
      listenQueue: 3,
      maxListenQueue: 5,
      listenQueueLen: 128,
      idleProcesses: 0,
      activeProcesses: 4,
      totalProcesses: 4,
      maxActiveProcesses: 4,
      maxChildrenReached: 0,
      slowRequests: 0,
    });
  });

  it("as ndjson is the objects of the JSON, a line each", async () => {
    const targets = [await start(goodPool), "127.0.0.1:1/status"];
    const { code, stdout } = await runHere(["status", "--format", "ndjson", ...targets]);
    expect(code).toBe(1);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).target)).toEqual(targets);
  });

  it("with --quiet shows only what failed", async () => {
    const good = await start(goodPool);
    expect(await runHere(["status", "-q", good])).toEqual({ code: 0, stdout: "", stderr: "" });
    const { code, stdout, stderr } = await runHere(["status", "-q", good, "127.0.0.1:1/status"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("127.0.0.1:1/status: connection refused");
  });

  it("of several targets has the worst exit code", async () => {
    const args = ["127.0.0.1:1/status", await start(closing), await start(goodPool)];
    expect((await runHere(["status", ...args])).code).toBe(2);
    expect((await runHere(["status", args[0]!, args[2]!])).code).toBe(1);
  });

  it("shows what the backend wrote to its error stream", async () => {
    const target = await start(
      answer("Status: 404 Not Found\r\n\r\n", { stderr: "Primary\x1b script" }),
    );
    const { code, stderr } = await runHere(["status", target]);
    expect(code).toBe(2);
    expect(stderr).toContain("\nstderr: Primary\\x1b script\nhint: ");
  });

  it("--watch shows the screen of top until it is ended, and restores the terminal", async () => {
    const target = await start(goodPool);
    const stop = new AbortController();
    const running = runHere(["status", "--watch", "20ms", target], { columns: 80, stop });
    setTimeout(() => stop.abort(), 300);
    const { code, stdout } = await running;
    expect(code).toBe(130);
    expect(stdout).toMatch(/^\x1b\[\?1049h/);
    expect(stdout).toMatch(/\x1b\[\?25h\x1b\[\?1049l$/);
  });

  it("--watch in a pipe writes one page after another", async () => {
    const target = await start(goodPool);
    const stop = new AbortController();
    const running = runHere(["status", "-w", "20ms", "--format", "text", target], { stop });
    setTimeout(() => stop.abort(), 300);
    const { stdout } = await running;
    expect(stdout.startsWith(page + page)).toBe(true);
  });
});
