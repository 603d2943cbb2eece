import { Hono } from "hono";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { createClient } from "../../src/client/create-client.js";
import { toFetchHandler } from "../../src/client/front-end/fetch-handler.js";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { makeSite, type TestSite } from "./site.js";

describeWith(["php-fpm"], "toFetchHandler", () => {
  let fpm: PhpFpm;
  let site: TestSite;
  let address: string;
  beforeAll(async () => {
    site = makeSite();
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
    });
    ({ address } = fpm.pool("www"));
  });
  afterAll(async () => {
    await fpm.stop();
    site.remove();
  });

  it("is a handler of Hono: files first, then scripts, then the front controller", async () => {
    const php = toFetchHandler({ address, root: site.root, static: true });
    const app = new Hono();
    app.get("/api", (context) => context.text("hono"));
    app.all("*", (context) => php(context.req.raw, { remoteAddress: "192.0.2.1" }));
    expect(await (await app.request("/api")).text()).toBe("hono");
    expect(await (await app.request("/style.css")).text()).toBe("body {}");
    const answer = await app.request("/wp-login.php/x", { method: "POST", body: "abc" });
    expect(await answer.json()).toMatchObject({
      bodyLength: 3,
      server: { SCRIPT_NAME: "/wp-login.php", PATH_INFO: "/x", REMOTE_ADDR: "192.0.2.1" },
    });
    expect((await app.request("/wp-admin?a=1")).headers.get("location")).toBe("/wp-admin/?a=1");
  });

  it("ends a request whose list of scripts never answers", async () => {
    const scripts = () => new Promise<boolean>(() => {});
    const php = toFetchHandler({ address, root: site.root, scripts, timeout: 50, onError() {} });
    expect((await php(new Request("http://h/a.php"))).status).toBe(504);
    const client = createClient(address, { root: site.root, scripts });
    const abandoned = client.fetch("/a.php", { signal: AbortSignal.timeout(50) });
    await expect(abandoned).rejects.toMatchObject({ code: "aborted" });
  });

  it("names what is not a Request", async () => {
    const php = toFetchHandler({ address });
    await expect(php(undefined as never)).rejects.toThrow("request: undefined is not a Request");
  });

  it("ignores what servers pass besides the Request", async () => {
    const php = toFetchHandler({ address, root: site.root });
    const info = { remoteAddr: { hostname: "192.0.2.1" }, timeout: () => {}, port: 80 };
    const response = await php(new Request("http://app.test/"), info);
    expect(await response.text()).not.toContain("REMOTE_ADDR");
  });

  it("lets the client's own variables win", async () => {
    await using client = createClient(address, {
      root: site.root,
      documentRoot: "/srv/other",
      variables: { SCRIPT_FILENAME: `${site.root}/wp-login.php`, HTTPS: "on" },
    });
    const response = await toFetchHandler(client)(new Request("http://app.test/x"));
    const { server } = (await response.json()) as { server: Record<string, string> };
    expect(server).toMatchObject({
      SCRIPT_FILENAME: `${site.root}/wp-login.php`,
      DOCUMENT_ROOT: "/srv/other",
      HTTPS: "on",
    });
  });

  it.each([
    ["a page", {}, {}, { timeout: Number.POSITIVE_INFINITY, headTimeout: 60_000 }],
    ["an upload", {}, { method: "POST", body: "a" }, { headTimeout: 360_000 }],
    ["a client with a timeout", { timeout: 5_000 }, {}, { timeout: 5_000, headTimeout: undefined }],
  ])("gives %s its time", async (_, options, init, times) => {
    await using client = createClient(address, { root: site.root, ...options });
    const send = vi.spyOn(client, "fetch");
    await toFetchHandler(client)(new Request("http://app.test/", init));
    expect(send).toHaveBeenCalledWith(expect.anything(), expect.objectContaining(times));
  });

  it.each(["http://app.test/a%00", "http://app.test/a%2f..%2fb"])(
    "answers 400 to %s",
    async (url) => {
      const php = toFetchHandler({
        address,
        root: site.root,
        onError: () => expect.fail("reported"),
      });
      expect((await php(new Request(url))).status).toBe(400);
    },
  );

  it("fails a body of another length than its Content-Length", async () => {
    const php = toFetchHandler({ address, root: fpm.documentRoot });
    const answer = (length: number) =>
      php(new Request(`http://app.test/headers.php?length=${length}`));
    await expect((await answer(3)).text()).rejects.toThrow("Content-Length of 3, and more bytes");
    await expect((await answer(9)).text()).rejects.toThrow("Content-Length of 9, and only 8 bytes");
    expect(await (await answer(8)).text()).toBe("headers\n");
  });

  it("has no redirect to another host in it", async () => {
    const php = toFetchHandler({ address, root: site.root });
    const response = await php(new Request("http://app.test//wp-admin"));
    expect(response.headers.get("location")).toBe("/wp-admin/");
  });
});
