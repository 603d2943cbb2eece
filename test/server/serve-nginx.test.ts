import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Handler, StreamsHandler } from "../../src/server/handler.js";
import { type GatewayServer, serve } from "../../src/server/serve.js";
import { cgiFcgi, splitResponse } from "../harness/cgi-fcgi.js";
import { describeWith } from "../harness/describe-with.js";
import { type Nginx, startNginx } from "../harness/nginx.js";
import { until } from "../harness/server-process.js";

const aborts: string[] = [];
const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Answers as its path says. */
const application: Handler = async (request, context) => {
  const url = new URL(request.url);
  switch (url.pathname) {
    case "/echo": {
      const body = new Uint8Array(await request.arrayBuffer());
      return Response.json({
        method: request.method,
        url: request.url,
        test: request.headers.get("x-test"),
        length: body.length,
        digest: digest(body),
      });
    }
    case "/big":
      return new Response(new Uint8Array(20_000_000).fill(0x62));
    case "/empty":
      return new Response(null, { status: 204 });
    case "/not-modified":
      return new Response(null, { status: 304, headers: { etag: '"1"' } });
    case "/redirect":
      return new Response(null, { status: 302, headers: { location: "/elsewhere?a=b" } });
    case "/headers": {
      const headers = new Headers();
      for (let at = 0; at < 64; at++) headers.set(`x-header-${at}`, `${at}`);
      headers.append("set-cookie", "a=1");
      headers.append("set-cookie", "b=2");
      return new Response("headers", { headers });
    }
    case "/stream":
      return new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(new TextEncoder().encode("first "));
            await sleep(150);
            controller.enqueue(new TextEncoder().encode("second"));
            controller.close();
          },
        }),
      );
    case "/stderr":
      context.errors.write("a word to the log\n");
      return new Response("logged");
    case "/throw":
      throw new Error("the secret");
    case "/cut":
      return new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(new TextEncoder().encode("half of it"));
            await sleep(20);
            controller.error(new Error("the other half"));
          },
        }),
      );
    case "/wait":
      context.signal.addEventListener("abort", () => aborts.push("wait"));
      await sleep(10_000, undefined, { signal: context.signal });
      return new Response("waited");
    default:
      return new Response("hello");
  }
};

describeWith(["nginx"], "a handler behind nginx", () => {
  for (const [name, location] of [
    ["with a connection a request", ""],
    ["over kept connections", "fastcgi_keep_conn on;"],
    ["without buffers", "fastcgi_buffering off; fastcgi_request_buffering off;"],
  ] as const) {
    describeWith(["nginx"], name, () => {
      let folder: string;
      let server: GatewayServer;
      let nginx: Nginx;

      beforeAll(async () => {
        folder = mkdtempSync(join(tmpdir(), "fcgi-probe-"));
        server = await serve(application, { listen: `unix:${join(folder, "app.sock")}` });
        nginx = await startNginx(server.address, location);
      });
      afterAll(async () => {
        await nginx?.stop();
        await server?.close(0);
        rmSync(folder, { recursive: true, force: true });
      });
      const ask = (path: string, init: RequestInit = {}) =>
        fetch(nginx.url + path, { redirect: "manual", ...init });

      it("answers GET", async () => {
        const response = await ask("/echo?a=b%20c&d=%C3%A9", { headers: { "x-test": "yes" } });
        expect(response.status).toBe(200);
        expect(await response.json()).toMatchObject({
          method: "GET",
          url: expect.stringMatching(/\/echo\?a=b%20c&d=%C3%A9$/),
          test: "yes",
          length: 0,
        });
      });

      it("answers HEAD", async () => {
        const response = await ask("/", { method: "HEAD" });
        expect([response.status, await response.text()]).toEqual([200, ""]);
      });

      it.each([0, 1, 70_000, 20_000_000])("takes a POST of %i bytes", async (length) => {
        const body = new Uint8Array(randomBytes(length));
        const response = await ask("/echo", { method: "POST", body });
        expect(await response.json()).toMatchObject({
          method: "POST",
          length,
          digest: digest(body),
        });
      });

      it("takes an upload of unknown length", async () => {
        const parts = [randomBytes(30_000), randomBytes(50_000)];
        const body = new ReadableStream({
          async pull(controller) {
            const part = parts.shift();
            if (part === undefined) controller.close();
            else controller.enqueue(new Uint8Array(part));
            await sleep(5);
          },
        });
        const init = { method: "POST", body, duplex: "half" } as RequestInit;
        expect(await (await ask("/echo", init)).json()).toMatchObject({ length: 80_000 });
      });

      it("sends 20 MB", async () => {
        const bytes = await (await ask("/big")).arrayBuffer();
        expect(bytes.byteLength).toBe(20_000_000);
      });

      it("sends 64 headers, and two cookies", async () => {
        const { headers } = await ask("/headers");
        expect(headers.get("x-header-63")).toBe("63");
        expect(headers.getSetCookie()).toEqual(["a=1", "b=2"]);
      });

      it("sends 204, 304 and redirects", async () => {
        expect((await ask("/empty")).status).toBe(204);
        const unchanged = await ask("/not-modified");
        expect([unchanged.status, unchanged.headers.get("etag")]).toEqual([304, '"1"']);
        const redirect = await ask("/redirect");
        expect(redirect.status).toBe(302);
        expect(redirect.headers.get("location")).toMatch(/\/elsewhere\?a=b$/);
      });

      it("sends what a handler streams", async () => {
        expect(await (await ask("/stream")).text()).toBe("first second");
      });

      it("writes to nginx's log", async () => {
        await (await ask("/stderr")).text();
        await until(
          () => nginx.errorLog().includes('FastCGI sent in stderr: "a word to the log'),
          nginx.errorLog,
        );
      });

      it("turns a handler's exception into 500, and says more in the log alone", async () => {
        const response = await ask("/throw");
        expect(response.status).toBe(500);
        expect(await response.text()).toBe("Internal Server Error\n");
        await until(() => nginx.errorLog().includes("the secret"), nginx.errorLog);
      });

      it("does not let half a response pass for a complete one", async () => {
        await expect(ask("/cut").then((response) => response.text())).rejects.toThrow();
      });

      it("aborts the handler's signal when its client has left", async () => {
        aborts.length = 0;
        const client = httpRequest(`${nginx.url}/wait`);
        client.on("error", () => {});
        client.end();
        await until(
          () => server.requests > 0,
          () => "no request came",
        );
        client.destroy();
        await until(
          () => aborts.length > 0,
          () => "the signal did not abort",
        );
        await until(
          () => server.requests === 0,
          () => "the request still runs",
        );
      });

      it("answers many at once, and closes their descriptors", async () => {
        const answers = await Promise.all(
          Array.from({ length: 200 }, async (_, at) => {
            const response = await ask(`/echo?n=${at}`);
            return ((await response.json()) as { url: string }).url;
          }),
        );
        expect(new Set(answers).size).toBe(200);
        expect(answers.every((url) => /\/echo\?n=\d+$/.test(url))).toBe(true);
        await until(
          () => server.connections <= 8,
          () => `${server.connections} connections are open`,
        );
        expect(server.requests).toBe(0);
      });
    });
  }
});

describeWith(["cgi-fcgi"], "a handler behind cgi-fcgi", () => {
  let folder: string;
  let server: GatewayServer;
  let path: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "fcgi-probe-"));
    path = join(folder, "app.sock");
    server = await serve(application, { listen: `unix:${path}` });
  });
  afterAll(async () => {
    await server?.close(0);
    rmSync(folder, { recursive: true, force: true });
  });

  it("answers GET", async () => {
    const answer = await cgiFcgi(path, { REQUEST_METHOD: "GET", REQUEST_URI: "/" });
    expect(splitResponse(answer.stdout)).toMatchObject({
      head: expect.stringMatching(/^Status: 200 OK\r\n/),
    });
    expect(splitResponse(answer.stdout).body.toString()).toBe("hello");
    expect(answer.exitCode).toBe(0);
  });

  it("takes a POST of 300 KB", async () => {
    const body = randomBytes(300_000);
    const answer = await cgiFcgi(
      path,
      { REQUEST_METHOD: "POST", REQUEST_URI: "/echo", CONTENT_LENGTH: "300000" },
      body,
    );
    expect(JSON.parse(splitResponse(answer.stdout).body.toString())).toMatchObject({
      length: 300_000,
      digest: digest(body),
    });
  });

  it("passes the error stream on", async () => {
    const answer = await cgiFcgi(path, { REQUEST_METHOD: "GET", REQUEST_URI: "/stderr" });
    expect(answer.stderr).toContain("a word to the log");
    expect(splitResponse(answer.stdout).body.toString()).toBe("logged");
  });
});

describeWith(["nginx"], "an application below Fetch behind nginx", () => {
  it("S3.10 gives an application of streams what it sends without REQUEST_METHOD", async () => {
    const streams: StreamsHandler = async (variables, input, output) => {
      const body = await new Response(input).text();
      const names = [...variables].map(([name]) => name).join();
      await output.getWriter().write(`X-Names: ${names}\n\n${body}`);
    };
    await using server = await serve({ streams }, { listen: "127.0.0.1:0" });
    // A location's own list replaces the server's.
    const few = "fastcgi_param REQUEST_URI $request_uri; fastcgi_pass_request_headers off;";
    await using nginx = await startNginx(server.address, few);
    const response = await fetch(nginx.url, { method: "POST", body: "posted" });
    expect(response.headers.get("x-names")).toBe("REQUEST_URI");
    expect(await response.text()).toBe("posted");
  });
});
