import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { hello, serveHttp } from "../serving.js";
import { bodyOf, get, last } from "./requests.js";

const { connect, errors, start } = serveHttp();

describe("a connection of HTTP", () => {
  it("is kept for the next request", async () => {
    const server = await start(hello);
    const peer = connect(server).send(get());
    await peer.has(/\r\n\r\nhello$/);
    peer.send(get());
    await peer.has(/hello.*\r\n\r\nhello$/s);
    expect(server.counts).toMatchObject({ connections: 1, requests: 2 });
  });

  it("serves pipelined requests one after the other", async () => {
    let running = 0;
    let most = 0;
    const server = await start(async (request) => {
      running += 1;
      most = Math.max(most, running);
      const text = await request.text();
      await sleep(5);
      running -= 1;
      return new Response(`<${new URL(request.url).pathname}${text}>`);
    });
    const posted = "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody";
    const answers = await connect(server)
      .send(get("/1") + posted + get("/2") + get("/3") + last("/4"))
      .closed();
    expect(answers.match(/<.*?>/g)).toEqual(["</1>", "</pbody>", "</2>", "</3>", "</4>"]);
    expect(most).toBe(1);
  });

  it("is closed when it carries nothing for too long", async () => {
    const server = await start(hello, { idleTimeout: 50 });
    const peer = connect(server).send(get());
    const began = performance.now();
    await peer.closed();
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(errors).toEqual([]);
  });

  it("is closed without an answer when nothing arrives", async () => {
    const server = await start(hello, { headerTimeout: 50 });
    expect(await connect(server).closed()).toBe("");
    expect(errors).toEqual([]);
  });

  it.each([
    ["the first", ""],
    ["a later", get()],
  ])("is closed when half a request has arrived: %s", async (_, before) => {
    const server = await start(hello, { headerTimeout: 80 });
    const peer = connect(server);
    if (before !== "") await peer.send(before).has("hello");
    peer.send("GET / HTTP/1.1\r\nHos");
    expect(await peer.closed()).toMatch(/HTTP\/1\.1 408 Request Timeout\r\n.*Request Timeout\n$/s);
    expect(errors).toMatchObject([{ code: "deadline" }]);
  });

  it("is not closed by that limit while it is idle, or busy", async () => {
    const server = await start(
      async () => {
        await sleep(150);
        return new Response("hello");
      },
      { headerTimeout: 40 },
    );
    const peer = connect(server).send(get());
    await peer.has("hello");
    await sleep(150);
    peer.send(get());
    await peer.has(/hello.*hello$/s);
  });

  it.each([
    ["bytes that are not HTTP", "\x16\x03\x01\x02\x00\x01\x00", 400, "malformed"],
    ["a head that is too long", get("/", `x: ${"a".repeat(3_000)}\r\n`), 431, "limit_exceeded"],
    ["two hosts", get("/", "Host: other\r\n"), 400, "malformed"],
    ["an invalid target", get("a:b"), 400, "malformed"],
    ["a path that climbs out", get("/a/..%2f../b"), 400, "malformed"],
    ["a path with a NUL", get("/a%00b"), 400, "malformed"],
    [
      "a length and chunks",
      get("/", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
      400,
      "malformed",
    ],
    [
      "an invalid host",
      "GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n",
      400,
      "malformed",
    ],
    ...["_", "a~^b", "999.1.1.1", "a:b"].map((host): [string, string, number, string] => [
      `the host ${host}`,
      `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      400,
      "malformed",
    ]),
    ["CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501, undefined],
    ["TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 501, "bad_input"],
  ])("refuses %s", async (_, sent, status, code) => {
    let called = false;
    const server = await start(
      () => {
        called = true;
        return new Response();
      },
      { limits: { variables: 2_000 } },
    );
    const answer = await connect(server).send(sent).closed();
    expect(answer.split("\r\n", 1)[0]).toMatch(`HTTP/1.1 ${status}`);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);
    expect(errors.map((error) => error.code)).toEqual(code === undefined ? [] : [code]);
    expect(called).toBe(false);
  });

  it("answers a complete request, whatever follows it", async () => {
    const server = await start(async () => {
      await sleep(20);
      return new Response("hello");
    });
    const answer = await connect(server).send(`${get()}\x01\x02\x03\r\n\r\n`).closed();
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK.*\r\n\r\nhello$/s);
    expect(errors).toMatchObject([{ code: "malformed" }]);
  });

  it("serves many fields, and drops none", async () => {
    const server = await start((_, { variables }) => new Response(`${variables.size}`));
    const fields = Array.from({ length: 5_000 }, (_, at) => `x-${at}: ${at}\r\n`).join("");
    expect(Number(bodyOf(await connect(server).send(last("/", fields)).closed()))).toBeGreaterThan(
      5_000,
    );
  });

  it("takes the host of a whole URL", async () => {
    const server = await start(
      (request, { variables }) => new Response(`${request.url} ${variables.get("SERVER_NAME")}`),
    );
    const answer = await connect(server).send(last("http://other.test/a?b")).closed();
    expect(bodyOf(answer)).toBe("http://other.test/a?b other.test");
  });

  it("leads nowhere else by its path", async () => {
    const server = await start((_, { variables }) => new Response(variables.get("SCRIPT_NAME")));
    const nameOf = async (path: string) => bodyOf(await connect(server).send(last(path)).closed());
    expect(await nameOf("/a/./b/%2e%2e/c")).toBe("/a/c");
    expect(await nameOf("/a/b/..")).toBe("/a/");
    expect(await nameOf("/.hidden//x")).toBe("/.hidden//x");
    expect(await nameOf("/%C3%A9%zz")).toBe("/Ã\u0083Â©%zz");
  });
});
