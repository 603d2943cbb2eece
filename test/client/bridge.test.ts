import { once } from "node:events";
import { createServer } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { type BridgeOptions, bridge } from "../../src/client/bridge.js";
import { describeWith } from "../harness/describe-with.js";
import { answering, closing, silent, startFakeServer } from "../harness/fake-server.js";
import { cgiProgram } from "../harness/fcgiwrap.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { freePort } from "../harness/ports.js";
import { startUwsgi } from "../harness/uwsgi.js";

interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

async function run(
  address: string,
  env: Record<string, string>,
  options: BridgeOptions = {},
): Promise<Outcome> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = Promise.all(
    [stdout, stderr].map(async (stream) => Buffer.concat(await stream.toArray())),
  );
  const exitCode = await bridge(address, {
    env: { REQUEST_METHOD: "GET", QUERY_STRING: "do=echo", ...env },
    stdin: Readable.from([]),
    stdout,
    stderr,
    retryDelays: [],
    ...options,
  });
  stdout.end();
  stderr.end();
  const [out, err] = await texts;
  return { exitCode, stdout: `${out?.toString("latin1")}`, stderr: `${err}` };
}

const page = answering("Status: 200 OK\r\nX-Case: Kept\r\n\r\npage");

describe("the bridge", () => {
  it("S2.37 sends its environment by SCGI, CONTENT_LENGTH first and SCGI 1", async () => {
    await using server = await startFakeServer(page);
    const env = { FIRST: "1", CONTENT_LENGTH: "", SCGI: "no", PATH_INFO: "/x" };
    const outcome = await run(`scgi://${server.address}`, env, { forward: ["FIRST"] });
    expect(server.peers[0]?.received().toString("latin1")).toBe(
      "85:CONTENT_LENGTH\x000\0SCGI\x001\0REQUEST_METHOD\0GET\0QUERY_STRING\0do=echo\0FIRST\x001\0PATH_INFO\0/x\0,",
    );
    expect(outcome).toEqual({
      exitCode: 0,
      stdout: "Status: 200 OK\r\nX-Case: Kept\r\n\r\npage",
      stderr: "",
    });
  });

  it("sends nothing of its environment that is not about the request", async () => {
    await using server = await startFakeServer(page);
    const env = { DATABASE_URL: "secret", HTTP_PROXY: "http://evil:1", HTTPS: "on", PATH: "/bin" };
    await run(`scgi://${server.address}`, env);
    const received = `${server.peers[0]?.received()}`;
    expect(received).toMatch(/^73:CONTENT_LENGTH/);
    expect(received).toContain("\0HTTPS\0on\0");
    expect(received).not.toMatch(/secret|evil|\/bin/);
  });

  it.each(["HTTP_PROXY", "", "A=b"])("does not forward what is named %j", async (name) => {
    const forwarding = run("scgi://127.0.0.1:1", {}, { forward: [name] });
    await expect(forwarding).rejects.toMatchObject({ code: "bad_input" });
  });

  it("sends CONTENT_LENGTH bytes of its input, which may stay open", async () => {
    await using server = await startFakeServer(page);
    const stdin = new PassThrough();
    stdin.write("body and more");
    const env = { REQUEST_METHOD: "POST", CONTENT_LENGTH: "4" };
    await run(`scgi://${server.address}`, env, { stdin });
    expect(server.peers[0]?.received().toString("latin1")).toMatch(/\0,body$/);
  });

  it("reads a chunked upload, which has no length, before it sends it", async () => {
    await using server = await startFakeServer(page);
    const stdin = Readable.from([Buffer.from("one "), Buffer.from("two")]);
    const env = { REQUEST_METHOD: "POST", HTTP_TRANSFER_ENCODING: "chunked" };
    await run(`scgi://${server.address}`, env, { stdin });
    const received = `${server.peers[0]?.received()}`;
    expect(received).toMatch(/^\d+:CONTENT_LENGTH\x007\x00.*,one two$/);
    expect(received).not.toContain("chunked");
  });

  it("gives a chunked upload up that is too long, or does not end", async () => {
    const env = { REQUEST_METHOD: "POST", HTTP_TRANSFER_ENCODING: "chunked" };
    const stdin = Readable.from([Buffer.alloc(1_048_577)]);
    const long = await run("scgi://127.0.0.1:1", env, { stdin });
    expect([long.exitCode, long.stdout.slice(0, 11)]).toEqual([1, "Status: 502"]);
    expect(long.stderr).toContain("longer than 1048576 bytes");
    const open = new PassThrough();
    open.write("begun");
    const expired = await run("scgi://127.0.0.1:1", env, { stdin: open, timeout: 50 });
    expect([expired.exitCode, expired.stdout.slice(0, 11)]).toEqual([1, "Status: 504"]);
  });

  it("makes a status of HTTP's status line", async () => {
    await using server = await startFakeServer(answering("HTTP/1.1 404 Nope\r\nA: b\r\n\r\nx"));
    const { stdout } = await run(`uwsgi://${server.address}`, {});
    expect(stdout).toBe("Status: 404 Nope\r\nA: b\r\n\r\nx");
  });

  it("leaves a local redirect to the front end", async () => {
    await using server = await startFakeServer(answering("Location: /there\r\n\r\n"));
    const { stdout } = await run(`scgi://${server.address}`, {});
    expect(stdout).toBe("Location: /there\r\n\r\n");
  });

  it("S2.37 tries again while the connection is refused, and sends the body once", async () => {
    const port = await freePort();
    const server = createServer((socket) => {
      socket.once("data", () => socket.end("Status: 200 OK\r\n\r\nup"));
    });
    const delays = [50, 100, 200, 400, 800];
    setTimeout(() => server.listen(port, "127.0.0.1"), 120);
    const started = performance.now();
    const { stdout } = await run(`scgi://127.0.0.1:${port}`, {}, { retryDelays: delays });
    expect(stdout).toBe("Status: 200 OK\r\n\r\nup");
    expect(performance.now() - started).toBeGreaterThan(140);
    server.close();
    await once(server, "close");
  });

  it("S2.37 gives up after the last pause, with 502 and the reason on stderr", async () => {
    const port = await freePort();
    const started = performance.now();
    const outcome = await run(`scgi://127.0.0.1:${port}`, {}, { retryDelays: [20, 40] });
    expect(performance.now() - started).toBeGreaterThan(55);
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toMatch(/^Status: 502 Bad Gateway\r\n/);
    expect(outcome.stderr).toContain("connection refused");
  });

  it.each([
    ["a missing socket", "unix:/nowhere/x.sock", "no such socket"],
    ["a missing program", "cgi:/nowhere/x", "no program"],
  ])("does not try %s again", async (_, address, why) => {
    const outcome = await run(address, {}, { retryDelays: [10_000] });
    expect([outcome.exitCode, outcome.stdout.slice(0, 11)]).toEqual([1, "Status: 502"]);
    expect(outcome.stderr).toContain(why);
  });

  it("answers 502 for a backend that closes, and 504 for one that is silent", async () => {
    await using closer = await startFakeServer(closing);
    expect((await run(`scgi://${closer.address}`, {})).stdout).toMatch(/^Status: 502/);
    await using mute = await startFakeServer(silent);
    const expired = await run(`scgi://${mute.address}`, {}, { timeout: 50 });
    expect([expired.exitCode, expired.stdout.slice(0, 11)]).toEqual([1, "Status: 504"]);
  });

  it("sends nothing more when the answer breaks off, but the exit code tells", async () => {
    await using server = await startFakeServer(
      async (peer) => {
        await peer.receive(1);
        await peer.send("Status: 200 OK\r\n\r\nhalf");
        await new Promise((resolve) => setTimeout(resolve, 30));
        peer.reset();
      },
      { listen: "tcp" },
    );
    const outcome = await run(`scgi://${server.address}`, {});
    expect([outcome.exitCode, outcome.stdout]).toEqual([1, "Status: 200 OK\r\n\r\nhalf"]);
    expect(outcome.stderr).toContain("broke");
  });

  it("fails for a body that is shorter than CONTENT_LENGTH", async () => {
    await using server = await startFakeServer(async (peer) => void (await peer.receive(1)));
    const options = { stdin: Readable.from([Buffer.from("short")]) };
    const env = { REQUEST_METHOD: "POST", CONTENT_LENGTH: "10" };
    const outcome = await run(`scgi://${server.address}`, env, options);
    expect([outcome.exitCode, outcome.stdout.slice(0, 11)]).toEqual([1, "Status: 502"]);
  });

  it("waits until the answer is read", async () => {
    await using server = await startFakeServer(
      answering(`Status: 200 OK\r\n\r\n${"x".repeat(2_000_000)}`),
    );
    const stdout = new PassThrough({ highWaterMark: 1_000 });
    const done = bridge(`scgi://${server.address}`, {
      env: { REQUEST_METHOD: "GET" },
      stdin: Readable.from([]),
      stdout,
      stderr: new PassThrough(),
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(stdout.readableLength + stdout.writableLength).toBeLessThan(200_000);
    let length = 0;
    stdout.on("data", (piece: Buffer) => {
      length += piece.length;
    });
    expect(await done).toBe(0);
    expect(length).toBe(2_000_018);
  });

  it("runs a CGI program, and takes over its exit code and its error output", async () => {
    const env = { QUERY_STRING: "do=stderr", PATH: `${process.env["PATH"]}` };
    const outcome = await run(`cgi:${cgiProgram("app.sh")}`, env);
    expect([outcome.exitCode, outcome.stderr]).toEqual([0, "error 1\n"]);
    expect(outcome.stdout).toBe("Content-Type: text/plain\n\nout 1\n");
  });
});

describeWith(["uwsgi"], "the bridge to a real uWSGI", () => {
  it.each(["uwsgi", "fcgi", "scgi"] as const)("S2.37 posts over %s", async (protocol) => {
    await using uwsgi = await startUwsgi({ processes: 1 });
    const stdin = Readable.from([Buffer.from("one "), Buffer.from("two")]);
    const env = { REQUEST_METHOD: "POST", CONTENT_LENGTH: "7", PATH_INFO: "/x" };
    const { stdout, exitCode } = await run(uwsgi.address(protocol, "unix"), env, { stdin });
    const [head = "", body = ""] = stdout.split("\r\n\r\n");
    expect([exitCode, head.slice(0, 14)]).toEqual([0, "Status: 200 OK"]);
    expect(JSON.parse(body)).toMatchObject({ method: "POST", bodyLength: 7 });
  });
});

describeWith(["php-fpm"], "the bridge to a real php-fpm", () => {
  let fpm: PhpFpm;
  it("S2.37 gets a page", async () => {
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 1, listen: "unix" }],
    });
    const env = { SCRIPT_FILENAME: phpScript("echo.php"), SCRIPT_NAME: "/echo.php" };
    const { stdout } = await run(`unix:${fpm.pool("www").bareAddress}`, env);
    await fpm.stop();
    expect(JSON.parse(stdout.split("\r\n\r\n")[1] ?? "")).toMatchObject({ method: "GET" });
  });
});
