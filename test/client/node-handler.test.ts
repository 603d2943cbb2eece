import { createServer, type Server, request as send } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { dirname } from "node:path";
import express from "express";
import { createServer as createVite } from "vite";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createClient } from "../../src/client/create-client.js";
import { type NodeHandler, toNodeHandler } from "../../src/client/front-end/node-handler.js";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { makeSite, rawGet, type TestSite } from "./site.js";

describeWith(["php-fpm"], "toNodeHandler", () => {
  let fpm: PhpFpm;
  let site: TestSite;
  let address: string;
  const servers: Server[] = [];
  beforeAll(async () => {
    site = makeSite();
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
    });
    ({ address } = fpm.pool("www"));
  });
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  afterAll(async () => {
    await fpm.stop();
    site.remove();
  });

  const listen = async (listener: Parameters<typeof createServer>[1]) => {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  /** Runs the scripts of the harness: `/big.php` and so on. */
  const scripts = (options: Parameters<typeof createClient>[1] = {}): NodeHandler =>
    toNodeHandler(createClient(address, { root: fpm.documentRoot, ...options }), {
      onError: () => {},
    });

  it("serves a file with its type, ranges and conditions", async () => {
    const url = await listen(toNodeHandler({ address, root: site.root, static: true }));
    const whole = await rawGet(url, "/style.css");
    expect([whole.text, whole.headers["content-type"]]).toEqual([
      "body {}",
      "text/css; charset=utf-8",
    ]);
    const part = await rawGet(url, "/style.css", { Range: "bytes=0-3" });
    expect([part.status, part.text]).toEqual([206, "body"]);
    const etag = String(whole.headers["etag"]);
    expect(await rawGet(url, "/style.css", { "If-None-Match": etag })).toMatchObject({
      status: 304,
      text: "",
    });
    expect(await rawGet(url, "/style.css", {}, "HEAD")).toMatchObject({ status: 200, text: "" });
    // The front controller gets a POST to a file, and files where static is not asked for.
    expect((await rawGet(url, "/style.css", {}, "POST")).text).toContain('"method":"POST"');
    const other = await listen(toNodeHandler({ address, root: site.root }));
    expect((await rawGet(other, "/style.css")).text).toContain("/index.php");
  });

  it("carries 20 MB both ways, with and without a length", async () => {
    const url = await listen(scripts());
    const body = new Uint8Array(20_000_000).fill(7);
    const echo = await fetch(`${url}/echo.php`, { method: "POST", body });
    expect(await echo.json()).toMatchObject({ bodyLength: body.length });
    const big = await fetch(`${url}/big.php?bytes=20000000`);
    expect((await big.arrayBuffer()).byteLength).toBe(20_000_000);
    const chunked = {
      method: "POST",
      body: new Blob(["abc"]).stream(),
      duplex: "half",
    } as RequestInit;
    expect(await (await fetch(`${url}/echo.php`, chunked)).json()).toMatchObject({ bodyLength: 3 });
    const long = { ...chunked, body: new Blob([body.subarray(0, 2_000_000)]).stream() };
    expect((await fetch(`${url}/echo.php`, long)).status).toBe(413);
  });

  it("refuses a body that a middleware has read, which PHP would not see", async () => {
    const errors: unknown[] = [];
    const app = express();
    app.use(express.json(), toNodeHandler({ address, root: site.root }));
    app.use((error: unknown, _: unknown, response: express.Response, __: unknown) => {
      errors.push(error);
      response.sendStatus(500);
    });
    const url = await listen(app);
    const headers = { "content-type": "application/json" };
    const sent = await fetch(`${url}/wp-login.php`, { method: "POST", body: "{}", headers });
    expect([sent.status, errors]).toEqual([500, [expect.objectContaining({ code: "bad_input" })]]);
    const other = await fetch(`${url}/wp-login.php`, { method: "POST", body: "a=1" });
    expect(await other.json()).toMatchObject({ bodyLength: 3 });
  });

  it("answers Expect: 100-continue, drops trailers, and refuses WebSockets", async () => {
    const url = await listen(scripts());
    const answer = await new Promise<string>((resolve, reject) => {
      let isContinued = false;
      const headers = { Expect: "100-continue", Trailer: "X-Late", "Transfer-Encoding": "chunked" };
      const sent = send(
        `${url}/echo.php`,
        { method: "POST", headers, agent: false },
        (response) => {
          let text = "";
          response.on("data", (piece) => {
            text += piece;
          });
          response.on("end", () => resolve(`${isContinued} ${text}`));
        },
      );
      sent.on("continue", () => {
        isContinued = true;
        sent.addTrailers({ "X-Late": "1" });
        sent.end("body");
      });
      sent.on("error", reject);
      sent.flushHeaders();
    });
    expect(answer).toMatch(/^true .*"bodyLength":4/);
    expect(answer).not.toMatch(/HTTP_(EXPECT|TRAILER|X_LATE|TRANSFER_ENCODING)/);
    const upgrade = { Connection: "Upgrade", Upgrade: "websocket" };
    expect((await rawGet(url, "/echo.php", upgrade)).status).toBe(501);
    const other = await rawGet(url, "/echo.php", { Connection: "Upgrade", Upgrade: "h2c" });
    expect(other.text).not.toContain("HTTP_UPGRADE");
  });

  it("cancels the request of a client that leaves, and kills no worker by it", async () => {
    const url = await listen(scripts());
    const { port } = new URL(url);
    const before = fpm.exitedChildren().length;
    const socket = connect(Number(port), "127.0.0.1");
    socket.write("GET /sleep.php?ms=300 HTTP/1.1\r\nHost: a\r\n\r\n");
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.destroy();
    expect((await rawGet(url, "/echo.php")).status).toBe(200);
    expect(fpm.exitedChildren().slice(before)).toEqual([]);
  });

  it("answers early and reads the rest of the body", async () => {
    const url = await listen(scripts());
    const init = { method: "POST", body: new Uint8Array(30_000_000) };
    // Without reading its input, the script answers 404.
    const response = await fetch(`${url}/headers.php?status=404`, init);
    expect(response.status).toBe(404);
  });

  it.each([
    ["nothing listens", "unix:/nowhere.sock", {}, 502],
    ["there is no time", undefined, { timeout: 50 }, 504],
  ])("answers for a backend where %s", async (_, other, options, status) => {
    const errors: unknown[] = [];
    const client = createClient(other ?? address, { root: fpm.documentRoot, ...options });
    const onError = (error: unknown) => errors.push(error);
    const url = await listen(toNodeHandler(client, { onError }));
    const answer = await rawGet(url, "/sleep.php?ms=300");
    expect([answer.status, errors.length]).toEqual([status, 1]);
    expect(answer.text).not.toContain("sock");
  });

  it("cuts an answer that breaks off", async () => {
    const url = await listen(scripts());
    const response = await fetch(`${url}/crash.php?after=1`);
    await expect(response.text()).rejects.toThrow();
  });

  it.each([3, 100])("cuts an answer of 8 bytes whose Content-Length is %d", async (length) => {
    const url = await listen(scripts());
    const answer = fetch(`${url}/headers.php?length=${length}`).then((response) => response.text());
    await expect(answer).rejects.toThrow();
    expect(await (await fetch(`${url}/headers.php?length=8`)).text()).toBe("headers\n");
    const head = await rawGet(url, "/headers.php?length=100", {}, "HEAD");
    expect(head.headers["content-length"]).toBe("100");
  });

  it("sends no Content-Length with 204", async () => {
    const { status, headers } = await rawGet(
      await listen(scripts()),
      "/headers.php?status=204&length=8",
    );
    expect([status, headers["content-length"]]).toEqual([204, undefined]);
  });

  it("has nothing of an answer whose fields cannot be sent", async () => {
    const url = await listen(scripts());
    const answer = await rawGet(url, "/headers.php?length=3&field=X-Bad:a%01b");
    expect([answer.status, answer.text]).toEqual([502, "Bad Gateway\n"]);
    expect(answer.headers["content-length"]).toBe("12");
    expect(answer.headers["set-cookie"]).toBeUndefined();
  });

  it("refuses TRACE, also to a client that has left", async () => {
    const handler = scripts();
    const settled: Promise<void>[] = [];
    const url = await listen((request, response) => {
      if (request.url === "/left") response.destroy();
      settled.push(handler(request, response));
    });
    expect((await rawGet(url, "/", {}, "TRACE")).status).toBe(400);
    await expect(rawGet(url, "/left", {}, "TRACE")).rejects.toThrow();
    expect(await Promise.all(settled)).toEqual([undefined, undefined]);
  });

  it("is a middleware of Express, also below a path", async () => {
    const app = express();
    app.use("/blog", toNodeHandler({ address, root: site.root, static: true }));
    app.use(toNodeHandler({ address: "unix:/nowhere.sock", root: site.root }));
    app.use((error: { code: string }, _: unknown, response: express.Response, __: unknown) => {
      response.status(500).send(error.code);
    });
    const url = await listen(app);
    const { server } = JSON.parse((await rawGet(url, "/blog/a?b=c")).text) as {
      server: Record<string, string>;
    };
    expect(server).toMatchObject({
      SCRIPT_NAME: "/blog/index.php",
      SCRIPT_FILENAME: `${site.root}/index.php`,
      REQUEST_URI: "/blog/a?b=c",
      QUERY_STRING: "b=c",
    });
    expect((await rawGet(url, "/blog/style.css")).text).toBe("body {}");
    expect((await rawGet(url, "/blog/wp-admin")).headers["location"]).toBe("/blog/wp-admin/");
    expect(await rawGet(url, "/other")).toMatchObject({ status: 500, text: "socket_missing" });
  });

  it("is a middleware of a Vite development server, which shows no source of PHP", async () => {
    const handler = toNodeHandler({ address, root: site.root, static: true });
    const vite = await createVite({
      configFile: false,
      root: dirname(site.root),
      appType: "custom",
      publicDir: false,
      logLevel: "silent",
      optimizeDeps: { noDiscovery: true },
      server: { middlewareMode: true, ws: false, fs: { deny: ["**/public/**"] } },
      plugins: [
        {
          name: "php",
          configureServer:
            ({ middlewares }) =>
            () =>
              void middlewares.use(handler),
        },
      ],
    });
    try {
      const url = await listen(vite.middlewares);
      expect((await rawGet(url, "/@vite/client")).headers["content-type"]).toContain("javascript");
      expect((await rawGet(url, "/a/page")).text).toContain('"SCRIPT_NAME":"/index.php"');
      expect((await rawGet(url, "/wp-login.php")).text).toContain('"SCRIPT_NAME":"/wp-login.php"');
      expect((await rawGet(url, "/style.css")).text).toBe("body {}");
      expect((await rawGet(url, "/public/wp-login.php")).status).toBe(403);
    } finally {
      await vite.close();
    }
  });

  it("refuses wrong arguments by name", () => {
    const make = toNodeHandler as (...all: unknown[]) => unknown;
    expect(() => make(5)).toThrow("client: 5 is neither a client nor options");
    expect(() => make({ fetch })).toThrow("client: this is not what createClient returns");
    expect(() => make({ address, static: 1, root: "/" })).toThrow("static: 1 is not a boolean");
    expect(() => make({ address, static: true })).toThrow("set root");
  });
});
