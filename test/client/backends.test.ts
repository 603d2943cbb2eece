import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import type { GatewayFetchOptions } from "../../src/client/fetch-options.js";
import { describeWith } from "../harness/describe-with.js";
import { cgiProgram, type Fcgiwrap, startFcgiwrap } from "../harness/fcgiwrap.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { countOpenFiles } from "../harness/processes.js";
import { until } from "../harness/server-process.js";
import { startUwsgi, type Uwsgi } from "../harness/uwsgi.js";

/** A backend, once its server runs, and what it does in its own way. */
interface Backend {
  address(): string;
  /** What its requests need besides: which script is meant. */
  options?(script: string): GatewayFetchOptions;
  /** Where the error stream goes: to the client, or to a log. */
  log?: () => string;
  /** What becomes of a program that dies before it answers: an error's code, or a status. */
  crash: string | number;
  /** What becomes of one that dies in its body: an error's code, or a body that ends early. */
  crashInBody: "truncated" | "unnoticed";
}

const MEGABYTE = 1_000_000;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const alphabet = (length: number) => Buffer.alloc(length, "abcdefghijklmnopqrstuvwxyz");

interface Echo {
  method: string;
  query: string;
  bodyLength: number;
  bodySha256: string;
  server: Record<string, string>;
}

function itServes(backend: Backend): void {
  const ask = (
    script: string,
    init: RequestInit & { query?: string; path?: string } = {},
    options: GatewayFetchOptions = {},
  ) => {
    const { query = "", path = `/${script}`, ...rest } = init;
    const request = new Request(`http://localhost${path}?do=${script}${query}`, rest);
    return gatewayFetch(backend.address(), request, { ...backend.options?.(script), ...options });
  };
  const echo = async (init: Parameters<typeof ask>[1], options: GatewayFetchOptions = {}) =>
    (await (await ask("echo", init, options)).json()) as Echo;

  it("GET", async () => {
    const response = await ask("echo", { query: "&a=1&b=%20" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    const { method, query, bodyLength } = (await response.json()) as Echo;
    expect([method, query, bodyLength]).toEqual(["GET", "do=echo&a=1&b=%20", 0]);
    expect(await response.ended).toEqual({ appStatus: 0, protocolStatus: 0 });
  });

  it("HEAD", async () => {
    const response = await ask("headers", { method: "HEAD" });
    expect([response.status, response.body]).toEqual([200, null]);
    expect(response.headers.get("x-twice")).toBe("one, two");
    await response.ended;
  });

  it.each([
    ["0 B", 0],
    ["70 KB", 70_000],
    ["5 MB", 5 * MEGABYTE],
  ])("POST of %s", async (_, length) => {
    const body = new Uint8Array(length).map((_byte, index) => index * 7);
    const seen = await echo({ method: "POST", body }, { contentLength: length });
    expect([seen.method, seen.bodyLength, seen.bodySha256]).toEqual(["POST", length, sha256(body)]);
    expect(seen.server["CONTENT_LENGTH"]).toBe(`${length}`);
  });

  it.each([
    ["0 B", 0],
    ["20 MB", 20 * MEGABYTE],
  ])("a response of %s", async (_, length) => {
    const response = await ask("big", { query: `&bytes=${length}` });
    const body = new Uint8Array(await response.arrayBuffer());
    expect([body.length, sha256(body)]).toEqual([length, sha256(alphabet(length))]);
  });

  it("a streamed response, whose first line is here before the last is written", async () => {
    const response = await ask("flush", { query: "&steps=2&ms=400" });
    let ended = false;
    void response.ended.then(() => {
      ended = true;
    });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("step 1\n");
    expect(ended).toBe(false);
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("step 2\n");
    expect((await reader.read()).done).toBe(true);
  });

  it("64 headers, both ways", async () => {
    const names = Array.from({ length: 64 }, (_, index) => `x-h-${index}`);
    const headers = Object.fromEntries(names.map((name) => [name, `value of ${name}`]));
    const { server } = await echo({ headers });
    expect(names.map((name) => server[`HTTP_${name.toUpperCase().replaceAll("-", "_")}`])).toEqual(
      Object.values(headers),
    );
    const response = await ask("headers", { query: "&count=64" });
    expect(names.map((_, index) => response.headers.get(`x-many-${index}`))).toEqual(
      names.map((_, index) => `${index}`),
    );
  });

  it("cookies, both ways, and a header in Latin-1", async () => {
    expect((await echo({ headers: { cookie: "a=1; b=2" } })).server["HTTP_COOKIE"]).toBe(
      "a=1; b=2",
    );
    const { headers } = await ask("headers");
    expect(headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2; HttpOnly"]);
    expect(headers.get("x-latin")).toBe("caf\xe9");
  });

  it.each([201, 404, 418, 503])("the status %i", async (status) => {
    const response = await ask("headers", { query: `&status=${status}` });
    expect([response.status, await response.text()]).toEqual([status, "headers\n"]);
  });

  it.each([
    ["302", ""],
    ["301", "&status=301"],
  ])("a redirect, %s", async (status, query) => {
    const location = encodeURIComponent("https://example.org/there");
    const response = await ask("headers", { query: `${query}&location=${location}` });
    expect(`${response.status}`).toBe(status);
    expect(response.headers.get("location")).toBe("https://example.org/there");
  });

  it("304, which has no body", async () => {
    const response = await ask("headers", { query: "&status=304" });
    expect([response.status, response.body]).toEqual([304, null]);
  });

  it.each([
    ["percent-encoded", "/a%20b%2Fc%25d", "/a b/c%d"],
    ["non-ASCII", "/caf%C3%A9/%E6%97%A5%E6%9C%AC", "/café/日本"],
  ])("a path that is %s", async (_, path, decoded) => {
    const { server } = await echo({ path });
    expect(server["REQUEST_URI"]).toBe(`${path}?do=echo`);
    expect(`${server["SCRIPT_NAME"] ?? ""}${server["PATH_INFO"] ?? ""}`).toBe(decoded);
  });

  it("an error stream that stays apart", async () => {
    let said = "";
    const onStderr = (bytes: Uint8Array) => {
      said += new TextDecoder().decode(bytes);
    };
    const response = await ask("stderr", {}, { onStderr });
    expect(await response.text()).toBe("out 1\n");
    await until(
      () => (backend.log?.() ?? said).includes("error 1"),
      () => "nothing was written to the error stream",
    );
  });

  it("a program that dies before it answers", async () => {
    const outcome = await ask("crash").then(
      (response) => response.status,
      (error: { code: string }) => error.code,
    );
    expect(outcome).toBe(backend.crash);
  });

  it("a program that dies in its body", async () => {
    const response = await ask("crash", { query: "&after=1" });
    expect(response.status).toBe(200);
    const outcome = await response.text().then(
      () => "unnoticed",
      (error: { code: string }) => error.code,
    );
    expect(outcome).toBe(backend.crashInBody);
  });

  it("the deadline, while a program is silent", async () => {
    const options = { timeout: 150, drainTimeout: 0 };
    const failure = ask("sleep", { query: "&ms=1500" }, options);
    await expect(failure).rejects.toMatchObject({ code: "deadline", address: backend.address() });
  });

  it("a request that is cancelled while a program is silent", async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    const options = { signal: abort.signal, drainTimeout: 0 };
    const failure = ask("sleep", { query: "&ms=1500" }, options);
    await expect(failure).rejects.toMatchObject({ code: "aborted" });
  });

  it("a body whose reader goes, and the next request", async () => {
    const response = await ask("big", { query: `&bytes=${20 * MEGABYTE}` });
    await response.body?.cancel();
    expect((await echo({})).method).toBe("GET");
  });
}

/** Nothing of this process's may stay open once its requests are over. */
function leavesNothingOpen(): void {
  let files: number;
  beforeAll(() => {
    files = countOpenFiles();
  });
  afterAll(() =>
    until(
      () => countOpenFiles() <= files,
      () => `${countOpenFiles() - files} files are still open`,
    ),
  );
}

describeWith(["php-fpm"], "php-fpm serves", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    const pm = { pm: "static", maxChildren: 4 } as const;
    fpm = await startPhpFpm({ pools: [{ name: "unix", ...pm, listen: "unix" }] });
  });
  afterAll(() => fpm.stop());

  describe("over FastCGI", () => {
    leavesNothingOpen();
    itServes({
      address: () => `unix:${fpm.pool("unix").bareAddress}`,
      options: (script) => ({ scriptFilename: phpScript(`${script}.php`) }),
      crash: "closed_without_answer",
      crashInBody: "truncated",
    });
  });
});

describeWith(["fcgiwrap", "python3"], "fcgiwrap serves", () => {
  let fcgiwrap: Fcgiwrap;
  beforeAll(async () => {
    fcgiwrap = await startFcgiwrap();
  });
  afterAll(() => fcgiwrap.stop());

  describe.each(["app.py", "app.sh"])("%s over FastCGI", (name) => {
    leavesNothingOpen();
    itServes({
      address: () => fcgiwrap.address,
      // Without NO_BUFFERING it keeps what it has until it is 8 KiB.
      options: () => ({ scriptFilename: cgiProgram(name), variables: [["NO_BUFFERING", "1"]] }),
      crash: 502,
      // It completes what the dead program has left undone, with a status of 0.
      crashInBody: "unnoticed",
    });
  });
});

describeWith(["uwsgi"], "uWSGI serves", () => {
  let uwsgi: Uwsgi;
  beforeAll(async () => {
    uwsgi = await startUwsgi();
  });
  afterAll(() => uwsgi.stop());

  describe.each([
    ["uwsgi", "unix"],
    ["uwsgi", "tcp"],
    ["fcgi", "unix"],
    ["scgi", "unix"],
    ["scgi", "tcp"],
  ] as const)("over %s, %s", (protocol, listen) => {
    leavesNothingOpen();
    itServes({
      address: () => uwsgi.address(protocol, listen),
      options: () => ({ scriptName: "" }),
      log: () => uwsgi.log(),
      crash: "closed_without_answer",
      crashInBody: "truncated",
    });
  });
});

describeWith(["python3"], "a CGI program serves", () => {
  describe.each(["app.py", "app.sh"])("as %s", (name) => {
    leavesNothingOpen();
    itServes({
      address: () => `cgi:${cgiProgram(name)}`,
      crash: "closed_without_answer",
      crashInBody: "truncated",
    });
  });
});
