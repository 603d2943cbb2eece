import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import { afterAll, describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import type { HandlerLike } from "../../src/server/handler.js";
import { type ServeCgiOptions, serveCgi } from "../../src/server/serve-cgi.js";
import { makeFolder } from "../harness/server-process.js";

interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Takes what is written, each piece in a turn of its own. */
function collector(): { stream: Writable; text: () => string } {
  const pieces: Buffer[] = [];
  const stream = new Writable({
    highWaterMark: 1_000,
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      setImmediate(done);
    },
  });
  return { stream, text: () => Buffer.concat(pieces).toString("latin1") };
}

async function serve(
  application: HandlerLike,
  env: Record<string, string> = {},
  options: Omit<ServeCgiOptions, "env"> = {},
): Promise<Outcome> {
  const [stdout, stderr] = [collector(), collector()];
  const exitCode = await serveCgi(application, {
    env: { REQUEST_METHOD: "GET", SERVER_NAME: "example.org", SCRIPT_NAME: "/x", ...env },
    stdin: Readable.from([]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    ...options,
  });
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

const post = (length: number) => ({ REQUEST_METHOD: "POST", CONTENT_LENGTH: `${length}` });

describe("serveCgi", () => {
  it("S3.1 answers with a head whose lines end in CRLF, Status first, and the body", async () => {
    const outcome = await serve(
      () => new Response("hello", { status: 404, headers: { "content-type": "text/plain" } }),
    );
    expect(outcome).toEqual({
      exitCode: 0,
      stdout: "Status: 404 Not Found\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello",
      stderr: "",
    });
  });

  it("S3.13 serves a request without CONTENT_TYPE and CONTENT_LENGTH", async () => {
    const { stdout } = await serve(async (request) => {
      const { url, method, headers } = request;
      return Response.json([url, method, headers.get("content-type"), await request.text()]);
    });
    expect(stdout.split("\r\n\r\n")[1]).toBe('["http://example.org/x","GET",null,""]');
  });

  it("S3.18 gives the context that every protocol gives", async () => {
    const { stdout, stderr } = await serve(
      (_request, { protocol, role, variables, errors }) => {
        errors.write("logged\n");
        return new Response(`${protocol} ${role} ${variables.get("QUERY_STRING")}`);
      },
      { QUERY_STRING: "a=1" },
    );
    expect([stdout.split("\r\n\r\n")[1], stderr]).toEqual(["cgi responder a=1", "logged\n"]);
  });

  it("reads a body up to its length, though the input stays open", async () => {
    const stdin = new PassThrough();
    stdin.write("body and more");
    const { stdout } = await serve(async (request) => new Response(await request.text()), post(4), {
      stdin,
    });
    expect(stdout.split("\r\n\r\n")[1]).toBe("body");
    expect(stdin.listenerCount("data")).toBe(0);
  });

  it("reads a chunked upload, which has no length, up to the end of the input", async () => {
    const env = { REQUEST_METHOD: "POST", HTTP_TRANSFER_ENCODING: "chunked" };
    const options = { stdin: Readable.from([Buffer.from("one "), Buffer.from("two")]) };
    const { stdout } = await serve(
      async (request) => new Response(await request.text()),
      env,
      options,
    );
    expect(stdout.split("\r\n\r\n")[1]).toBe("one two");
  });

  it("ends a body that is shorter than CONTENT_LENGTH in an error for its reader", async () => {
    let code: unknown;
    const { exitCode } = await serve(
      async (request) => {
        await request.text().catch((error: { code: string }) => {
          code = error.code;
        });
        return new Response("fine");
      },
      post(10),
      { stdin: Readable.from([Buffer.from("short")]) },
    );
    expect([code, exitCode]).toEqual(["truncated", 0]);
  });

  it("does not wait for a body that the handler leaves", async () => {
    const stdin = new PassThrough();
    const { stdout } = await serve(() => new Response("done"), post(1_000_000), { stdin });
    expect(stdout.split("\r\n\r\n")[1]).toBe("done");
  });

  it("makes the front end wait for a handler that reads slowly", async () => {
    let pushed = 0;
    const stdin = new Readable({
      highWaterMark: 65_536,
      read() {
        pushed += 65_536;
        this.push(Buffer.alloc(65_536));
      },
    });
    let atFirst = 0;
    await serve(
      async (request) => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        atFirst = pushed;
        return new Response(`${(await request.arrayBuffer()).byteLength}`);
      },
      post(5_000_000),
      { stdin },
    );
    expect(atFirst).toBeLessThan(1_000_000);
    expect(pushed).toBeGreaterThanOrEqual(5_000_000);
  });

  it("streams as fast as the output accepts it", async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let count = 0; count < 100; count++) controller.enqueue(new Uint8Array(1_000));
        controller.close();
      },
    });
    const { stdout } = await serve(() => new Response(body));
    expect(stdout.length).toBe(100_000 + "Status: 200 OK\r\n\r\n".length);
  });

  it("answers HEAD without a body", async () => {
    const { stdout } = await serve(() => new Response("hello"), { REQUEST_METHOD: "HEAD" });
    expect(stdout.endsWith("\r\n\r\n")).toBe(true);
  });

  it("answers 500 for a handler that throws, says why on stderr, and exits with 1", async () => {
    const outcome = await serve(() => {
      throw new Error("no such table");
    });
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toMatch(/^Status: 500 Internal Server Error\r\n/);
    expect(outcome.stdout).not.toContain("no such table");
    expect(outcome.stderr).toContain("no such table");
  });

  it("exits with 1 when the body fails after its head", async () => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error("disk full"));
      },
    });
    const outcome = await serve(() => new Response(body));
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toBe("Status: 200 OK\r\n\r\n");
    expect(outcome.stderr).toContain("disk full");
  });

  it("answers 400 for an invalid request", async () => {
    const outcome = await serve(() => new Response("never"), { CONTENT_LENGTH: "ten" });
    expect(outcome.stdout).toMatch(/^Status: 400 Bad Request\r\n/);
  });

  it("aborts the handler's signal when its own signal comes", async () => {
    const abort = new AbortController();
    let reason: unknown;
    const outcome = await serve(
      (_request, { signal }) =>
        new Promise<Response>((resolve) => {
          signal.addEventListener("abort", () => {
            reason = signal.reason;
            resolve(new Response("late"));
          });
          abort.abort();
        }),
      {},
      { signal: abort.signal },
    );
    expect(reason).toMatchObject({ code: "aborted" });
    expect([outcome.exitCode, outcome.stdout]).toEqual([1, ""]);
  });

  it("aborts the handler's signal when the output cannot be written", async () => {
    const stdout = new Writable({
      write(_piece, _encoding, done) {
        done(new Error("write EPIPE"));
      },
    });
    let aborted = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new Uint8Array(1_000));
      },
    });
    const { exitCode } = await serve(
      (_request, { signal }) => {
        signal.addEventListener("abort", () => {
          aborted = true;
        });
        return new Response(body);
      },
      {},
      { stdout },
    );
    expect([exitCode, aborted]).toEqual([1, true]);
  });

  it("throws when it was not started as a CGI program", async () => {
    const failure = serveCgi(() => new Response(), { env: {} });
    await expect(failure).rejects.toMatchObject({ code: "bad_input" });
  });
});

describe("a CGI program of its own process", () => {
  const folder = makeFolder();
  afterAll(() => rmSync(folder, { recursive: true }));

  const module = new URL("../../dist/server/serve-cgi.js", import.meta.url).href;
  let made = 0;
  function program(handler: string): string {
    const path = join(folder, `program-${++made}.mjs`);
    const source = [
      `#!${process.execPath}`,
      `import { serveCgi } from ${JSON.stringify(module)};`,
      `process.exitCode = await serveCgi(${handler});`,
    ];
    writeFileSync(path, source.join("\n"));
    chmodSync(path, 0o755);
    return path;
  }

  it("S3.18 is reached by our client, 5 MB both ways", async () => {
    const path = program("async (request) => new Response(request.body)");
    const body = new Uint8Array(5_000_000).map((_, index) => index * 3);
    const request = new Request("http://h/", { method: "POST", body });
    const response = await gatewayFetch(`cgi:${path}`, request, { contentLength: body.length });
    const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
    expect(sha256(new Uint8Array(await response.arrayBuffer()))).toBe(sha256(body));
    expect((await response.ended).appStatus).toBe(0);
  });

  it("answers 500 and exits with 1 when its handler throws", async () => {
    const path = program("() => { throw new Error('no such table'); }");
    let said = "";
    const onStderr = (bytes: Uint8Array) => {
      said += Buffer.from(bytes).toString();
    };
    const response = await gatewayFetch(`cgi:${path}`, new Request("http://h/"), { onStderr });
    expect([response.status, (await response.ended).appStatus]).toEqual([500, 1]);
    expect(said).toContain("no such table");
  });

  it("ends though its input stays open", async () => {
    const path = program("async (request) => new Response(await request.text())");
    const env = { REQUEST_METHOD: "POST", CONTENT_LENGTH: "4", SERVER_NAME: "h" };
    const child = spawn(path, [], { env, stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.write("body and more");
    const [output] = await Promise.all([child.stdout.toArray(), once(child, "exit")]);
    child.stdin.destroy();
    expect(Buffer.concat(output).toString()).toMatch(/\r\n\r\nbody$/);
    expect(child.exitCode).toBe(0);
  });

  it("keeps the bytes of a variable that is not UTF-8", async () => {
    const path = program(
      "(_, { variables }) => new Response(variables.bytes('HTTP_X_LATIN').join(' '))",
    );
    const shell = `HTTP_X_LATIN=$(printf 'caf\\351') REQUEST_METHOD=GET exec ${path}`;
    const child = spawn("/bin/sh", ["-c", shell], { stdio: ["ignore", "pipe", "inherit"] });
    expect(Buffer.concat(await child.stdout.toArray()).toString()).toMatch(/\n99 97 102 233$/);
  });
});
