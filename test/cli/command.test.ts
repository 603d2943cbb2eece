import { afterEach, describe, expect, it } from "vitest";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import {
  answering,
  closing,
  type FakeServer,
  httpRefusal,
  type Script,
  silent,
  startFakeServer,
} from "../harness/fake-server.js";
import { runHere } from "./cli.js";

const servers: FakeServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function start(script: Script): Promise<string> {
  const server = await startFakeServer(script, { listen: "tcp" });
  servers.push(server);
  return `${server.address}/status`;
}

/** A FastCGI answer: what it has on STDOUT and STDERR, and its appStatus. */
function answer(stdout: string, { stderr = "", appStatus = 0 } = {}): Script {
  const bytes = (text: string) => new TextEncoder().encode(text);
  return answering(
    Buffer.concat([
      ...(stderr === "" ? [] : [encodeRecord(RecordType.Stderr, 1, bytes(stderr))]),
      encodeRecord(RecordType.Stdout, 1, bytes(stdout)),
      encodeEndRequest(1, appStatus, 0),
    ]),
  );
}

const page = [
  "pool:                 www",
  "process manager:      static",
  "start time:           15/Aug/2018:14:29:57 +0200",
  "start since:          60",
  "accepted conn:        7",
  "listen queue:         3",
  "max listen queue:     5",
  "listen queue len:     128",
  "idle processes:       0",
  "active processes:     4",
  "total processes:      4",
  "max active processes: 4",
  "max children reached: 0",
  "slow requests:        0",
  "",
].join("\n");
const goodPool = answer(`Content-Type: text/plain\r\n\r\n${page}`);

describe("the command line", () => {
  it("shows help with examples for itself and every command", async () => {
    const commands = ["status", "ping", "values", "request", "scrape", "decode"];
    for (const args of [[], ...commands.map((name) => [name])]) {
      const { code, stdout } = await runHere([...args, "--help"]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/Examples:\n {2}\S*/);
      expect(stdout).toContain("Exit status:");
    }
  });

  it.each([
    [["stauts"], /fcgi-probe: unknown command 'stauts'[\s\S]*status/],
    [["status", "--frmat", "json", "a:1"], /fcgi-probe: unknown option '--frmat'/],
    [["status", "--format", "xml", "a:1"], /argument 'xml' is invalid/],
    [["status", "--timeout", "soon", "a:1"], /fcgi-probe: "soon" is not a time\nhint: /],
    [["values"], /missing required argument 'TARGET'/],
    [["request", "127.0.0.1:1"], /no path and no script\nhint: /],
    [["request", "127.0.0.1:1", "--script", "/x", "-X", "GE T"], /GE T/],
    [["request", "127.0.0.1:1", "--script", "/x", "-d", "@/nowhere"], /ENOENT/],
    [["scrape", "nonsense"], /neither a file nor an address/],
    [["decode", "/nowhere.bin"], /ENOENT/],
    [[], /Usage: fcgi-probe/],
  ])("%j is bad input: exit 2, on standard error", async (args, message) => {
    const { code, stdout, stderr } = await runHere(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stdout).toBe("");
  });
});

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
    ["says nothing", silent, /no complete answer within 200 ms\nhint: .*pm.status_listen/],
    ["closes", closing, /hint: .*listen.allowed_clients/],
    ["speaks HTTP", httpRefusal, /the peer speaks HTTP, not FastCGI\nhint: /],
  ])("S0.6 of a peer that %s is exit 2", async (_, script, message) => {
    const target = await start(script);
    const { code, stderr } = await runHere(["status", target, "--timeout", "200ms"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it("S0.4 of one target in a pipe is the page as the pool sent it", async () => {
    const { code, stdout } = await runHere(["status", await start(goodPool)]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: page });
  });

  it("of several targets in a pipe is a table, without colour and uncut", async () => {
    const [one, other] = [await start(goodPool), await start(goodPool)];
    const { code, stdout } = await runHere(["status", one, other]);
    const [title, ...rows] = stdout.split("\n");
    expect(code).toBe(0);
    expect(title).toMatch(/^POOL +PM +ACTIVE +IDLE +TOTAL +PEAK +QUEUE +MAXED/);
    expect(rows[0]).toMatch(new RegExp(`^www .* 3/128 .* ${one}$`));
    expect(rows[1]).toMatch(new RegExp(`^www .* ${other}$`));
  });

  it("says in the table, in plain words, that a pool is saturated", async () => {
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

  it("lets a page's control characters not reach a terminal, as text neither", async () => {
    const target = await start(answer("A: b\r\n\r\npool:  \x1b[2Jwww\n"));
    const args = ["status", "--format", "text", target];
    expect((await runHere(args, { columns: 80 })).stdout).toBe("pool:  \\x1b[2Jwww\n");
    expect((await runHere(args)).stdout).toBe("pool:  \x1b[2Jwww\n");
  });

  it("as text of several targets has a heading in front of each page", async () => {
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
      error: { code: "refused", message: "connection refused", hint: expect.any(String) },
    });
    expect(second).toEqual({
      target: good,
      ok: true,
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

  it("--watch repaints a terminal until it is ended, and gives it back", async () => {
    const target = await start(goodPool);
    const stop = new AbortController();
    const running = runHere(["status", "--watch", "20ms", target], { columns: 80, stop });
    setTimeout(() => stop.abort(), 300);
    const { code, stdout } = await running;
    expect(code).toBe(130);
    expect(stdout).toMatch(/^\x1b\[\?1049h/);
    expect(stdout).toMatch(/\x1b\[\?25h\x1b\[\?1049l$/);
    expect(stdout.split("\x1b[H").length).toBeGreaterThan(2);
  });

  it("--watch in a pipe writes one page after another", async () => {
    const target = await start(goodPool);
    const stop = new AbortController();
    const running = runHere(["status", "--watch", "20ms", target], { stop });
    setTimeout(() => stop.abort(), 300);
    const { stdout } = await running;
    expect(stdout.startsWith(page + page)).toBe(true);
  });
});

describe("ping", () => {
  it("S0.8 prints the answer and its time", async () => {
    const target = await start(answer("A: b\r\n\r\npong"));
    const { code, stdout } = await runHere(["ping", target]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^127\.0\.0\.1:\d+\/status: pong \(\d+(\.\d)? (µs|ms)\)\n$/);
  });
});

describe("request", () => {
  it("S0.25 S0.27 writes the body, the error stream apart, and is exit 2 from status 400 on", async () => {
    const target = await start(
      answer("Status: 500 Oops\r\n\r\nbody", { stderr: "PHP message: no\n" }),
    );
    const { code, stdout, stderr } = await runHere(["request", target]);
    expect(code).toBe(2);
    expect(stdout).toBe("body");
    expect(stderr).toBe(
      `PHP message: no\nfcgi-probe: ${target}: the application answered 500 Oops\n`,
    );
  });

  it("S0.26 is exit 2 when the application reports a failure", async () => {
    const target = await start(answer("A: b\r\n\r\nbody", { appStatus: 7 }));
    const { code, stdout, stderr } = await runHere(["request", target]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "body" });
    expect(stderr).toBe(`fcgi-probe: ${target}: the application reported the status 7\n`);
  });

  it("-i writes the head as it came in front of the body", async () => {
    const target = await start(answer("Status: 201 Made\r\nX-One: ü\r\nX-One: 2\r\n\r\nbody"));
    const { code, stdout } = await runHere(["request", "-i", target]);
    expect(code).toBe(0);
    expect(stdout).toBe("Status: 201 Made\r\nX-One: ü\r\nX-One: 2\r\n\r\nbody");
  });

  it("-v writes the records both ways to standard error", async () => {
    const target = await start(answer("A: b\r\n\r\nbody"));
    const { stdout, stderr } = await runHere(["request", "-v", target, "--param", "FOO=a=b"]);
    expect(stdout).toBe("body");
    expect(stderr).toMatch(/^> +0 {2}BEGIN_REQUEST .*role 1 \(responder\)/);
    expect(stderr).toMatch(/^> +SCRIPT_NAME = \/status$/m);
    expect(stderr).toMatch(/^> +FOO = a=b$/m);
    expect(stderr).toMatch(/^< +0 {2}STDOUT .*"A: b\\r\\n\\r\\nbody"$/m);
    expect(stderr).toMatch(/^< +\d+ {2}END_REQUEST .*REQUEST_COMPLETE/m);
  });

  it("sends a filter its file as DATA", async () => {
    const target = await start(answer("A: b\r\n\r\nbody"));
    const file = new URL("../fixtures/wire/apache-scgi--post--001.s2c.bin", import.meta.url)
      .pathname;
    const args = ["-v", "--role", "filter", "--data-file", file];
    const { stderr } = await runHere(["request", target, ...args]);
    expect(stderr).toMatch(/role 3 \(filter\)/);
    expect(stderr).toMatch(/FCGI_DATA_LENGTH = 1071$/m);
  });
});

describe("scrape", () => {
  it("reads targets from standard input, and writes an object a line", async () => {
    const good = await start(goodPool);
    const stdin = `# pools\n${good}\n\n127.0.0.1:1/status # gone\n`;
    const { code, stdout, stderr } = await runHere(["scrape", "-"], { stdin });
    const results = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(code).toBe(1);
    expect(results.map(({ target, ok }) => ({ target, ok }))).toContainEqual({
      target: good,
      ok: true,
    });
    expect(stderr).toMatch(/^2 targets: 1 ok, 1 refused in [\d.]+ m?s\n$/);
  });

  it.each([
    ["json", (text: string) => JSON.parse(text).length === 2],
    ["prometheus", (text: string) => text.match(/^phpfpm_up\{/gm)?.length === 2],
    ["table", (text: string) => /^POOL .*\nwww /.test(text)],
  ])("writes %s", async (format, isRight) => {
    const targets = [await start(goodPool), await start(goodPool)];
    const { code, stdout } = await runHere(["scrape", "--format", format, ...targets]);
    expect(code).toBe(0);
    expect(stdout).toSatisfy(isRight);
  });

  it("of nothing is an empty array", async () => {
    const { code, stdout } = await runHere(["scrape", "-", "--format", "json"], {
      stdin: "# none\n",
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "[]\n" });
  });

  it("says what is wrong with its file behind the results before it", async () => {
    const { code, stderr } = await runHere(["scrape", "-"], { stdin: "- 5\n" });
    expect(code).toBe(2);
    expect(stderr).toMatch(/fcgi-probe: standard input names no targets: 5 is no target\nhint: /);
  });
});

describe("decode", () => {
  it("reads standard input, and is exit 2 with the offset where the bytes are wrong", async () => {
    const stdin = Buffer.from("010600010001000078020600010000", "hex");
    const { code, stdout, stderr } = await runHere(["decode"], { stdin });
    expect(code).toBe(2);
    expect(stdout).toBe('       0  STDOUT             id 1  content 1  padding 0  "x"\n');
    expect(stderr).toMatch(/standard input: the record at byte 9 has the version 2, not 1\nhint: /);
  });
});
