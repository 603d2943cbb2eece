import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { LogRecord } from "../../src/exporter/settings.js";
import { type ListenWebOptions, listenWeb, type WebListener } from "../../src/web/listener.js";
import { makeFolder } from "../harness/server-process.js";

type Handler = Parameters<typeof listenWeb>[0];
const ok: Handler = () => new Response("fine\n");
const running: WebListener[] = [];
const logged: LogRecord[] = [];

afterEach(async () => {
  for (const listener of running.splice(0)) await listener.close(0);
  logged.length = 0;
});

async function listen(handler: Handler = ok, options: Partial<ListenWebOptions> = {}) {
  const listener = await listenWeb(handler, {
    listen: ["127.0.0.1:0"],
    log: (record) => logged.push(record),
    ...options,
  });
  running.push(listener);
  return listener;
}

function dial(address: string): Socket {
  const socket = address.startsWith("unix:")
    ? connect({ path: address.slice(5) })
    : connect(Number(address.split(":").at(-1)), "127.0.0.1");
  socket.on("error", () => {});
  return socket;
}

/** Sends bytes and returns all that is answered. */
async function exchange(address: string, bytes: string): Promise<string> {
  const socket = dial(address);
  socket.write(bytes);
  return await text(socket);
}

const get = (path: string, method = "GET") =>
  `${method} ${path} HTTP/1.1\r\nHost: exporter\r\nConnection: close\r\n\r\n`;

describe("listenWeb", () => {
  it("listens on several addresses of all kinds", async () => {
    const socket = join(makeFolder(), "web.sock");
    const listener = await listen(ok, {
      listen: [":0", "[::1]:0", "127.0.0.1:0", `unix:${socket}`],
    });
    expect(listener.addresses).toHaveLength(4);
    expect(listener.addresses[3]).toBe(`unix:${socket}`);
    for (const address of listener.addresses.slice(2)) {
      expect(await exchange(address, get("/"))).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*fine\n$/);
    }
  });

  it("names the address that it cannot listen on, and keeps none of the others", async () => {
    const { addresses } = await listen();
    const [taken = ""] = addresses;
    const socket = join(makeFolder(), "web.sock");
    const failing = listen(ok, { listen: [`unix:${socket}`, taken] });
    await expect(failing).rejects.toMatchObject({ code: "bad_address", address: taken });
    await listen(ok, { listen: [`unix:${socket}`] });
  });

  it("refuses vsock", async () => {
    const failing = listen(ok, { listen: ["vsock://:9100"] });
    await expect(failing).rejects.toMatchObject({ code: "bad_address", address: "vsock://:9100" });
  });

  it("hands on method, path, headers and body, and answers what the handler answers", async () => {
    const { addresses } = await listen(async (request) => {
      const { method, url } = request;
      return Response.json(
        { method, url, body: await request.text(), name: request.headers.get("x-name") },
        { status: 201, headers: { "x-answer": "yes" } },
      );
    });
    const answer = await exchange(
      addresses[0] ?? "",
      "POST //a/b?c=d HTTP/1.1\r\nHost: h:1\r\nX-Name: n\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
    );
    expect(answer).toMatch(/^HTTP\/1.1 201 Created\r\n/);
    expect(answer).toMatch(/\r\nx-answer: yes\r\n/i);
    expect(answer).toContain(
      '{"method":"POST","url":"http://h:1//a/b?c=d","body":"abc","name":"n"}',
    );
  });

  it("gives an answer of one piece its length, and HEAD no body", async () => {
    const { addresses } = await listen();
    expect(await exchange(addresses[0] ?? "", get("/"))).toMatch(/\r\ncontent-length: 5\r\n/i);
    const head = await exchange(addresses[0] ?? "", get("/", "HEAD"));
    expect(head).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*\r\n\r\n$/);
  });

  it.each([
    ["CONNECT", "CONNECT x:1 HTTP/1.1\r\nHost: h\r\n\r\n", ""],
    ["TRACE", get("/", "TRACE"), "HTTP/1.1 400"],
    ["*", get("*", "OPTIONS"), "HTTP/1.1 400"],
    ["no HTTP", "hello\r\n\r\n", "HTTP/1.1 400"],
    ["long headers", `GET / HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, "HTTP/1.1 431"],
    [
      "a long body",
      `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n${"x".repeat(70_000)}`,
      "HTTP/1.1 413",
    ],
  ])("survives %s", async (_, bytes, start) => {
    const { addresses } = await listen();
    expect((await exchange(addresses[0] ?? "", bytes)).startsWith(start)).toBe(true);
    expect(await exchange(addresses[0] ?? "", get("/"))).toContain("fine");
  });

  it("does not let a bad Host change the path", async () => {
    const { addresses } = await listen((request) => new Response(new URL(request.url).pathname));
    const bytes = "GET /metrics HTTP/1.1\r\nHost: a/b?c\r\nConnection: close\r\n\r\n";
    expect(await exchange(addresses[0] ?? "", bytes)).toMatch(/\r\n\r\n\/metrics$/);
  });

  it("answers 500 when the handler throws, and logs one line without the query", async () => {
    const { addresses } = await listen(() => {
      throw new Error("broken");
    });
    expect(await exchange(addresses[0] ?? "", get("/x?secret=1"))).toMatch(/^HTTP\/1.1 500 /);
    expect(logged).toEqual([{ level: "error", message: "cannot answer GET /x", error: "broken" }]);
  });

  it("aborts the handler's request when the client goes away", async () => {
    const aborted = deferred();
    const begun = deferred();
    const { addresses } = await listen((request) => {
      request.signal.addEventListener("abort", () => aborted.resolve(undefined));
      begun.resolve(undefined);
      return new Promise<Response>(() => {});
    });
    const socket = dial(addresses[0] ?? "");
    socket.write(get("/"));
    await begun.promise;
    socket.destroy();
    await aborted.promise;
  });

  it("sends a stream piece by piece", async () => {
    const { addresses } = await listen(() => {
      const body = new ReadableStream({
        async start(controller) {
          controller.enqueue(Buffer.from("data: 1\n\n"));
          await sleep(50);
          controller.enqueue(Buffer.from("data: 2\n\n"));
          controller.close();
        },
      });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    });
    const answer = await exchange(addresses[0] ?? "", get("/"));
    expect(answer).toMatch(/transfer-encoding: chunked/i);
    expect(answer).toMatch(/data: 1\n\n\r\n[\s\S]*data: 2\n\n\r\n0\r\n\r\n$/);
  });

  it("closes an idle connection at once, and lets a running answer end", async () => {
    const begun = deferred();
    const listener = await listen(async () => {
      begun.resolve(undefined);
      await sleep(100);
      return new Response("late\n");
    });
    const [idle, busy] = [dial(listener.addresses[0] ?? ""), dial(listener.addresses[0] ?? "")];
    await once(idle, "connect");
    busy.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    const [answer] = [text(busy), idle.resume()];
    await begun.promise;
    await listener.close(5_000);
    if (!idle.closed) await once(idle, "close");
    expect(await answer).toMatch(/connection: close[\s\S]*late\n$/i);
  });

  it("cuts a handler that hangs when it is closed", async () => {
    const begun = deferred();
    const listener = await listen(() => {
      begun.resolve(undefined);
      return new Promise<Response>(() => {});
    });
    const socket = dial(listener.addresses[0] ?? "");
    socket.write(get("/"));
    const closed = once(socket, "close");
    await begun.promise;
    await listener.close(50);
    await closed;
  });
});

function deferred() {
  let resolve: (value: undefined) => void = () => {};
  const promise = new Promise<undefined>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
