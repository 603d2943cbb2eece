import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import type { GatewayFetchOptions } from "../../src/client/fetch-options.js";
import { Role } from "../../src/fastcgi/protocol.js";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { countOpenSockets } from "../harness/processes.js";
import { until } from "../harness/server-process.js";

describeWith(["php-fpm"], "gatewayFetch to a real php-fpm", () => {
  let fpm: PhpFpm;
  let sockets: number;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [
        { name: "unix", pm: "static", maxChildren: 4, listen: "unix" },
        { name: "tcp", pm: "static", maxChildren: 2, listen: "tcp" },
        {
          name: "short",
          pm: "static",
          maxChildren: 1,
          listen: "unix",
          requestTerminateTimeout: 1,
        },
      ],
    });
    sockets = countOpenSockets();
  });
  afterAll(async () => {
    await until(
      () => countOpenSockets() <= sockets,
      () => "sockets are still open",
    );
    await fpm.stop();
  });

  const get = (
    script: string,
    init: RequestInit & { query?: string; pool?: string } = {},
    options: GatewayFetchOptions = {},
  ) => {
    const { query = "", pool = "unix", ...rest } = init;
    const request = new Request(`http://localhost/${script}${query}`, rest);
    return gatewayFetch(fpm.pool(pool).address, request, {
      scriptFilename: phpScript(script),
      ...options,
    });
  };

  it.each(["unix", "tcp"])("gives a standard Response, over %s", async (pool) => {
    const response = await get("echo.php", { query: "?a=1&b=%20", pool });
    expect(response).toBeInstanceOf(Response);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(await response.json()).toMatchObject({ method: "GET", query: "a=1&b=%20" });
    expect(await response.ended).toEqual({ appStatus: 0, protocolStatus: 0 });
  });

  it("sends a body whose length it must find out", async () => {
    const response = await get("echo.php", { method: "POST", body: "a=b" });
    const echo = (await response.json()) as { bodyLength: number; server: Record<string, string> };
    expect(echo.bodyLength).toBe(3);
    expect(echo.server["CONTENT_LENGTH"]).toBe("3");
  });

  it("streams a body of 20 MB that has a length", async () => {
    const size = 20_000_000;
    const piece = new Uint8Array(100_000).map((_, index) => index);
    const hash = createHash("sha256");
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent === size) return controller.close();
        hash.update(piece);
        sent += piece.length;
        controller.enqueue(piece);
      },
    });
    const response = await get(
      "echo.php",
      { method: "POST", body, duplex: "half" } as RequestInit,
      { contentLength: size },
    );
    const echo = (await response.json()) as { bodyLength: number; bodySha256: string };
    expect(echo.bodyLength).toBe(size);
    expect(echo.bodySha256).toBe(hash.digest("hex"));
  });

  it("refuses a body that is shorter than its length", async () => {
    const failure = get("echo.php", { method: "POST", body: "abc" }, { contentLength: 10 });
    await expect(failure).rejects.toMatchObject({ code: "bad_input" });
  });

  it("streams the response: the first line is here before the last is written", async () => {
    const started = performance.now();
    const response = await get("flush.php", { query: "?steps=3&ms=200" });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const first = await reader.read();
    expect(new TextDecoder().decode(first.value)).toContain("step 1");
    expect(performance.now() - started).toBeLessThan(380);
    let last = first;
    while (!last.done) last = await reader.read();
    expect(performance.now() - started).toBeGreaterThan(390);
  });

  it("frees the worker although the body is not read", async () => {
    const response = await get("big.php", { query: "?bytes=4000000" });
    await response.ended;
    expect((await response.arrayBuffer()).byteLength).toBe(4_000_000);
  });

  it("makes the backend wait for a slow reader of a body larger than the buffer", async () => {
    const size = 40_000_000;
    const response = await get("big.php", { query: `?bytes=${size}` }, { bufferedBody: 1_000_000 });
    let ended = false;
    void response.ended.then(() => {
      ended = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(ended).toBe(false);
    let length = 0;
    for await (const piece of response.body as ReadableStream<Uint8Array>) length += piece.length;
    expect(length).toBe(size);
  });

  it("keeps headers that are there twice, cookies and Latin-1 bytes", async () => {
    const { headers } = await get("headers.php");
    expect(headers.getSetCookie()).toEqual(["a=1; Path=/", "b=2; HttpOnly"]);
    expect(headers.get("x-twice")).toBe("one, two");
    expect(headers.get("x-latin")).toBe("caf\xe9");
  });

  it("gives a redirect as it is", async () => {
    const response = await get("headers.php", { query: "?location=https://example.org/" });
    expect(response.status).toBe(302);
    expect(response.headers.get("location")).toBe("https://example.org/");
  });

  it.each([101, 103])("refuses the status %d, which is none of an answer", async (status) => {
    const failure = get("headers.php", { query: `?status=${status}` });
    await expect(failure).rejects.toMatchObject({ code: "bad_status" });
  });

  it("gives a response without a body for 304 and HEAD", async () => {
    expect((await get("headers.php", { query: "?status=304" })).body).toBeNull();
    expect((await get("headers.php", { method: "HEAD" })).body).toBeNull();
  });

  it("S0.25 hands over what the script writes to its error stream", async () => {
    let said = "";
    const response = await get(
      "stderr.php",
      {},
      {
        onStderr: (bytes) => {
          said += new TextDecoder().decode(bytes);
        },
      },
    );
    expect(await response.text()).toBe("out 1\n");
    expect(said).toContain("error 1");
  });

  it("gives the status of a missing script", async () => {
    const response = await gatewayFetch(
      fpm.pool("unix").address,
      new Request("http://localhost/nope.php"),
      { documentRoot: "/nowhere" },
    );
    expect(response.status).toBe(404);
    expect(await response.text()).toBe("File not found.\n");
  });

  it("fails the body of a script that is killed in the middle", async () => {
    const response = await get("crash.php", { query: "?after=1" });
    await expect(response.text()).rejects.toMatchObject({ code: "truncated" });
    await expect(response.ended).rejects.toMatchObject({ code: "truncated" });
  });

  it("tells a worker that is killed before it answers", async () => {
    await expect(get("crash.php")).rejects.toMatchObject({ code: "closed_without_answer" });
  });

  it("tells a request that php-fpm terminates", async () => {
    await expect(get("sleep.php", { query: "?ms=5000", pool: "short" })).rejects.toMatchObject({
      code: "closed_without_answer",
    });
  });

  it("keeps its deadline while it reads a body of unknown length", async () => {
    const body = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
    const init = { method: "POST", body, duplex: "half" } as RequestInit;
    await expect(get("echo.php", init, { timeout: 100 })).rejects.toMatchObject({
      code: "deadline",
      message: expect.stringContaining("request body"),
    });
  });

  it("keeps the deadline of the head while the body may take its time", async () => {
    const failure = get("sleep.php", { query: "?ms=600" }, { headTimeout: 100 });
    await expect(failure).rejects.toMatchObject({ code: "deadline" });
    const response = await get("sleep.php", { query: "?ms=300&say=1" }, { headTimeout: 200 });
    expect(await response.text()).toContain("slept");
  });

  it("keeps its deadline while a script is silent", async () => {
    const failure = get("sleep.php", { query: "?ms=700" }, { timeout: 100 });
    await expect(failure).rejects.toMatchObject({
      code: "deadline",
      address: fpm.pool("unix").address,
    });
  });

  it("is cancelled by the request's own signal", async () => {
    const abort = new AbortController();
    const failure = get("sleep.php", { query: "?ms=700", signal: abort.signal });
    setTimeout(() => abort.abort(), 50);
    await expect(failure).rejects.toMatchObject({ code: "aborted" });
  });

  it("drains a body that its reader cancels, and kills no worker by it", async () => {
    const before = fpm.exitedChildren().length;
    for (let round = 0; round < 20; round++) {
      const response = await get("big.php", { query: "?bytes=20000000" });
      await response.body?.cancel();
    }
    expect((await get("echo.php")).status).toBe(200);
    expect(fpm.exitedChildren().slice(before)).toEqual([]);
  });

  it("tells that php-fpm has no authorizers and filters by closing", async () => {
    for (const role of [Role.Authorizer, Role.Filter]) {
      const outcome = await get("echo.php", {}, { role, timeout: 2_000 }).then(
        (response) => response.status,
        (error: { code: string }) => error.code,
      );
      expect([200, "closed_without_answer"]).toContain(outcome);
    }
  });

  describe("variables", () => {
    const server = async (init: RequestInit, options: GatewayFetchOptions = {}) => {
      const response = await get("echo.php", init, options);
      return ((await response.json()) as { server: Record<string, string> }).server;
    };

    it("S0.20 carries a value longer than 127 bytes, and one that is not ASCII", async () => {
      const long = "x".repeat(5_000);
      const seen = await server(
        {},
        {
          variables: [
            ["LONG", long],
            ["NAME", "żółć"],
          ],
        },
      );
      expect(seen["LONG"]).toBe(long);
      expect(seen["NAME"]).toBe("żółć");
    });

    it("carries 180 KB of variables, broken between pairs", async () => {
      const variables = Array.from(
        { length: 180 },
        (_, index) => [`V${index}`, `${index}`.padEnd(1_000, ".")] as const,
      );
      const seen = await server({}, { variables });
      expect(seen["V179"]).toBe("179".padEnd(1_000, "."));
    });

    it("refuses a variable that does not fit in a record", async () => {
      const failure = server({}, { variables: [["BIG", "x".repeat(65_528)]] });
      await expect(failure).rejects.toMatchObject({ code: "limit_exceeded" });
    });

    it("never sends a Proxy header", async () => {
      const seen = await server({ headers: { proxy: "http://evil.example/", "x-ok": "1" } });
      expect(seen["HTTP_PROXY"]).toBeUndefined();
      expect(seen["HTTP_X_OK"]).toBe("1");
    });
  });
});
