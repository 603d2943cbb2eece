import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import type { GatewayFetchInit } from "../../src/client/fetch-options.js";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";

interface Echo {
  method: string;
  query: string;
  bodyLength: number;
  body: string;
  server: Record<string, string>;
}

describeWith(["php-fpm"], "the arguments of gatewayFetch", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: [{ name: "www", pm: "static", maxChildren: 2, listen: "unix" }],
    });
  });
  afterAll(() => fpm.stop());

  const echo = async (input: string | URL | Request, init: GatewayFetchInit = {}) => {
    const options = { documentRoot: fpm.documentRoot, ...init };
    const response = await gatewayFetch(fpm.pool("www").address, input, options);
    expect(response.status).toBe(200);
    return (await response.json()) as Echo;
  };
  const text = ({ body }: Echo) => Buffer.from(body, "base64").toString();

  it.each([
    ["/echo.php?a=1", "localhost", "/echo.php?a=1"],
    ["echo.php", "localhost", "/echo.php"],
    ["https://app.test:8443/echo.php?a=%20", "app.test", "/echo.php?a=%20"],
    [new URL("http://app.test/echo.php"), "app.test", "/echo.php"],
  ])("are a path or a URL: %s", async (input, host, uri) => {
    const { server } = await echo(input);
    expect([server["SERVER_NAME"], server["REQUEST_URI"]]).toEqual([host, uri]);
    expect(server["HTTPS"]).toBe(String(input).startsWith("https:") ? "on" : undefined);
  });

  it("take a path with two slashes for a path, not for a host", async () => {
    const { server } = await echo("//evil.test/echo.php", {
      scriptName: "//evil.test/echo.php",
      scriptFilename: `${fpm.documentRoot}/echo.php`,
    });
    expect([server["SERVER_NAME"], server["REQUEST_URI"]]).toEqual([
      "localhost",
      "//evil.test/echo.php",
    ]);
  });

  it.each([
    ["a string", "ä=1", 4, "text/plain;charset=UTF-8"],
    [
      "a form",
      new URLSearchParams({ a: "b c" }),
      5,
      "application/x-www-form-urlencoded;charset=UTF-8",
    ],
    ["bytes", new Uint8Array(2_000_000), 2_000_000, undefined],
    ["a Blob", new Blob(["abc"], { type: "text/x" }), 3, "text/x"],
  ])("send %s with its length", async (_, body, length, type) => {
    const { method, bodyLength, server } = await echo("/echo.php", { method: "POST", body });
    expect([method, bodyLength, server["CONTENT_LENGTH"]]).toEqual(["POST", length, `${length}`]);
    expect(server["CONTENT_TYPE"]).toBe(type);
  });

  it("send a form with a file, which PHP takes apart", async () => {
    const body = new FormData();
    body.set("name", "x".repeat(1_500_000));
    body.set("file", new File(["content"], "a.txt"));
    const { server } = await echo("/echo.php", { method: "POST", body });
    expect(server["CONTENT_TYPE"]).toMatch(/^multipart\/form-data; boundary=/);
    expect(Number(server["CONTENT_LENGTH"])).toBeGreaterThan(1_500_000);
  });

  it.each([
    ["of known length", 4],
    ["of unknown length", undefined],
  ])("refuse a stream %s whose chunks are no bytes", async (_, contentLength) => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue("text");
        controller.close();
      },
    });
    const error = await echo("/echo.php", { method: "POST", body, contentLength }).catch(
      (reason: Error) => reason.cause ?? reason,
    );
    expect(error).toEqual(new TypeError("body: the stream has a chunk that is not a Uint8Array"));
  });

  it("end at the deadline although a stream has empty chunks without end", async () => {
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array()) });
    const failure = echo("/echo.php", { method: "POST", body, timeout: 50 });
    await expect(failure).rejects.toMatchObject({ code: "deadline" });
  });

  it("send a stream without duplex", async () => {
    const body = new Blob(["streamed"]).stream();
    expect(text(await echo("/echo.php", { method: "PUT", body }))).toBe("streamed");
  });

  it("make of a Request another one, as new Request(input, init) does", async () => {
    const request = new Request("http://a.test/echo.php", {
      method: "POST",
      body: "old",
      headers: { "x-old": "1", "content-type": "text/x" },
    });
    const changed = await echo(request.clone(), { headers: { "x-new": "2" }, method: "PUT" });
    expect([changed.method, text(changed)]).toEqual(["PUT", "old"]);
    expect(changed.server["HTTP_X_NEW"]).toBe("2");
    expect(changed.server["HTTP_X_OLD"]).toBeUndefined();
    expect(text(await echo(request, { body: "new" }))).toBe("new");
  });

  it.each([
    ["an object", { A: "1", HTTP_USER_AGENT: undefined }],
    ["a Map", new Map([["A", "1"]])],
    ["pairs", [["A", "1"]] as const],
  ])("take variables as %s", async (_, variables) => {
    const { server } = await echo("/echo.php", { variables });
    expect(server["A"]).toBe("1");
  });

  it("take a signal, which may be null", async () => {
    expect((await echo("/echo.php", { signal: null })).method).toBe("GET");
    const failure = echo("/echo.php", { signal: AbortSignal.abort() });
    await expect(failure).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("a wrong argument of gatewayFetch", () => {
  const call = gatewayFetch as (...all: unknown[]) => Promise<Response>;
  it.each([
    [[undefined, "/"], "address: undefined is neither a string nor an Address"],
    [[{}, "/"], "address: [object Object] is neither a string nor an Address"],
    [["127.0.0.1:1"], "input: undefined is not a string, a URL or a Request"],
    [["127.0.0.1:1", {}], "input: [object Object] is not a string, a URL or a Request"],
    [["127.0.0.1:1", "http://["], 'input: "http://[" is not a URL or a path'],
    [["127.0.0.1:1", "ftp://x/"], 'input: "ftp://x/" is neither a path nor a URL of http or https'],
    [["127.0.0.1:1", "/", 5], "init: 5 is not an object"],
    [["127.0.0.1:1", "/", { timeout: "5" }], 'timeout: "5" is not a number'],
    [["127.0.0.1:1", "/", { root: 1 }], "root: 1 is not a string"],
    [
      ["127.0.0.1:1", "/", { scripts: [1] }],
      "scripts: [object Array] is not a list of strings or a function",
    ],
    [["127.0.0.1:1", "/", { signal: {} }], "signal: [object Object] is not an AbortSignal"],
    [
      ["127.0.0.1:1", "/", { variables: "A=1" }],
      'variables: "A=1" is not an object, a Map or pairs',
    ],
    [
      ["127.0.0.1:1", "/", { variables: ["A=1"] }],
      "variables: [object Array] is not an object, a Map or pairs",
    ],
    [
      ["127.0.0.1:1", "/", { variables: { A: 1 } }],
      "variables: the value of A is neither a string nor a Uint8Array",
    ],
    [["127.0.0.1:1", "/", { onHead: true }], "onHead: true is not a function"],
  ])("is named: %j", async (all, message) => {
    const error = await call(...all).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message });
  });

  it("is refused as fetch refuses it: a GET with a body", async () => {
    await expect(call("127.0.0.1:1", "/", { body: "x" })).rejects.toThrow(TypeError);
  });
});
