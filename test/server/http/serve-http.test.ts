import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { join } from "node:path";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Context, Handler } from "../../../src/server/handler.js";
import {
  type Application,
  type GatewayServer,
  type ServeOptions,
  serve,
} from "../../../src/server/serve.js";
import { makeFolder, until } from "../../harness/server-process.js";
import { HttpPeer } from "../http-client.js";

const servers: GatewayServer[] = [];
const peers: HttpPeer[] = [];
const errors: { code?: string; message?: string }[] = [];
let logged = "";

afterEach(async () => {
  for (const { socket } of peers.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
  errors.length = 0;
  logged = "";
});

async function start(application: Application, options: Partial<ServeOptions> = {}) {
  const server = await serve(application, {
    listen: "http://127.0.0.1:0",
    onError: (error) => void errors.push(error as Error),
    onErrorOutput: (bytes) => {
      logged += Buffer.from(bytes).toString();
    },
    ...options,
  });
  servers.push(server);
  return server;
}

function connect({ address }: GatewayServer): HttpPeer {
  const peer = new HttpPeer(address);
  peers.push(peer);
  return peer;
}

const get = (path = "/", more = "") => `GET ${path} HTTP/1.1\r\nHost: app.test\r\n${more}\r\n`;
const last = (path = "/", more = "") => get(path, `Connection: close\r\n${more}`);
const post = (body: string, length = body.length) =>
  `POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: ${length}\r\n\r\n${body}`;
const hello: Handler = () => new Response("hello");
const bodyOf = (answer: string) => answer.slice(answer.indexOf("\r\n\r\n") + 4);
const never = () => new Promise<never>(() => {});

/** A body of what is pulled, a piece at a time. */
const streamOf = (pull: (controller: ReadableStreamDefaultController<Uint8Array>) => unknown) =>
  new ReadableStream<Uint8Array>({ pull: async (controller) => void (await pull(controller)) });

describe("a handler over HTTP", () => {
  it("gets a Request, and answers with a Response", async () => {
    const server = await start(
      (request) =>
        new Response(`${request.method} ${request.url} ${request.headers.get("x-test")}`, {
          status: 201,
          statusText: "Made",
          headers: { "x-answer": "42" },
        }),
    );
    const answer = await connect(server).send(last("/a%20b?c=d", "X-Test: yes\r\n")).closed();
    expect(answer).toMatch(/^HTTP\/1\.1 201 Made\r\n/);
    expect(answer).toMatch(/\r\nx-answer: 42\r\n/);
    expect(answer).toMatch(/\r\ncontent-length: 33\r\n/);
    expect(answer).toMatch(/\r\nDate: /);
    expect(bodyOf(answer)).toBe("GET http://app.test/a%20b?c=d yes");
    expect(errors).toEqual([]);
  });

  it("is reached through a unix socket", async () => {
    const folder = makeFolder();
    try {
      const path = join(folder, "app.sock");
      const server = await start(hello, { listen: `http://unix:${path}` });
      expect(server.address).toBe(`http://unix:${path}`);
      const request = http.get({ socketPath: path, path: "/" });
      const [response] = await once(request, "response");
      expect(response.statusCode).toBe(200);
      response.resume();
      await once(response, "end");
      request.destroy();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("is served by a server of Node's, when the protocol is said", async () => {
    const listener = net.createServer().listen(0, "127.0.0.1");
    await once(listener, "listening");
    const server = await start(hello, { listen: listener, protocol: "http" });
    expect(server.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await (await fetch(server.address)).text()).toBe("hello");
  });

  it("is served on a descriptor that listens already, when the protocol is said", async () => {
    const parent = net.createServer().listen(0, "127.0.0.1");
    await once(parent, "listening");
    const { port } = parent.address() as net.AddressInfo;
    const { fd } = (parent as unknown as { _handle: { fd: number } })._handle;
    const door = new URL("../../../dist/server.js", import.meta.url).href;
    const program = `
      const { serve } = await import(${JSON.stringify(door)});
      const options = { listen: { fd: 0 }, protocol: "http" };
      const { address } = await serve(() => new Response("from descriptor 0"), options);
      console.log(address);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: [fd, "pipe", "inherit"],
    });
    try {
      const [said] = await once(child.stdout as NonNullable<typeof child.stdout>, "data");
      // From here on the child alone accepts.
      parent.close();
      expect(`${said}`).toBe(`http://127.0.0.1:${port}\n`);
      const answer = await fetch(`http://127.0.0.1:${port}`);
      expect(await answer.text()).toBe("from descriptor 0");
    } finally {
      child.kill();
      await once(child, "exit");
    }
  });

  it("knows the protocol, and the variables that a front end would send", async () => {
    let seen: Context | undefined;
    const server = await start((_, context) => {
      seen = context;
      return new Response();
    });
    const port = new URL(server.address).port;
    const fields =
      "X-One: 1\r\nX-One: 2\r\nX_One: odd\r\nProxy: evil\r\nCookie: a=1\r\nX-Bytes: \xe9\r\n";
    const body = "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi";
    const peer = connect(server).send(
      `POST /a%20b/c?d=%20 HTTP/1.1\r\nHost: app.test:8080\r\nConnection: close\r\n${fields}${body}`,
    );
    await peer.closed();
    expect([seen?.protocol, seen?.role, seen?.data]).toEqual(["http", "responder", null]);
    expect([...(seen?.variables ?? [])]).toEqual([
      ["GATEWAY_INTERFACE", "CGI/1.1"],
      ["SERVER_SOFTWARE", "fcgi-probe"],
      ["SERVER_PROTOCOL", "HTTP/1.1"],
      ["REQUEST_METHOD", "POST"],
      ["REQUEST_URI", "/a%20b/c?d=%20"],
      ["SCRIPT_NAME", "/a b/c"],
      ["QUERY_STRING", "d=%20"],
      ["REQUEST_SCHEME", "http"],
      ["SERVER_NAME", "app.test"],
      ["SERVER_PORT", port],
      ["REMOTE_ADDR", "127.0.0.1"],
      ["REMOTE_PORT", `${peer.socket.localPort}`],
      ["HTTP_HOST", "app.test:8080"],
      ["HTTP_X_ONE", "1"],
      ["HTTP_X_ONE", "2"],
      ["HTTP_COOKIE", "a=1"],
      ["HTTP_X_BYTES", Uint8Array.of(0xe9)],
      ["CONTENT_TYPE", "text/plain"],
      ["CONTENT_LENGTH", "2"],
    ]);
  });

  it("writes to an error stream, which is the server's own", async () => {
    const server = await start((_, context) => {
      context.errors.write("careful\n");
      return new Response("fine");
    });
    await (await fetch(server.address)).text();
    expect(logged).toBe("careful\n");
  });

  it("that throws is answered with 500, and logged", async () => {
    const server = await start(() => {
      throw new Error("the secret");
    });
    const response = await fetch(server.address);
    expect([response.status, await response.text()]).toEqual([500, "Internal Server Error\n"]);
    expect(errors.map(({ message }) => message)).toEqual(["the secret"]);
    expect(logged).toContain("the secret");
  });

  it("that is late is answered with 500", async () => {
    const server = await start(never, { responseTimeout: 50 });
    expect((await fetch(server.address)).status).toBe(500);
    expect(errors).toMatchObject([{ code: "deadline" }]);
  });

  it("whose response has no head for HTTP is answered with 500", async () => {
    const server = await start(() => new Response("x", { headers: { "x-bell": "\x07" } }));
    expect((await fetch(server.address)).status).toBe(500);
    expect(errors).toMatchObject([{ code: "bad_input" }]);
  });

  it("is refused as overload, when too many run", async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = await start(
      async () => {
        await gate;
        return new Response("done");
      },
      { maxRequests: 1 },
    );
    const first = fetch(server.address);
    await until(
      () => server.requests === 1,
      () => "no request came",
    );
    const second = await fetch(server.address);
    expect([second.status, await second.text()]).toEqual([503, "Service Unavailable\n"]);
    release();
    expect(await (await first).text()).toBe("done");
    expect(server.counts).toMatchObject({ requests: 1, refused: 1 });
  });
});

describe("a response over HTTP", () => {
  it("has a length where it is known, and chunks where it is not", async () => {
    const server = await start((request) => {
      switch (new URL(request.url).pathname) {
        case "/large":
          return new Response(new Uint8Array(100_000));
        case "/empty":
          return new Response(null);
        case "/stream":
          return new Response(
            streamOf(async (controller) => {
              await turn();
              controller.close();
            }),
          );
        default:
          return new Response("hello");
      }
    });
    const framing = async (path: string) => {
      const { headers } = await fetch(server.address + path);
      return headers.get("content-length") ?? headers.get("transfer-encoding");
    };
    expect(await framing("/")).toBe("5");
    expect(await framing("/large")).toBe("100000");
    expect(await framing("/empty")).toBe("0");
    expect(await framing("/stream")).toBe("chunked");
  });

  it("to HEAD, 204 and 304 has no body", async () => {
    const server = await start((request) => {
      const status = Number(new URL(request.url).pathname.slice(1));
      return status === 200 ? new Response("body") : new Response(null, { status });
    });
    const answers = await connect(server)
      .send(`HEAD /200 HTTP/1.1\r\nHost: a\r\n\r\n${get("/204")}${get("/205")}${last("/304")}`)
      .closed();
    const heads = answers.replaceAll(/Date: .*\r\n|Keep-Alive: .*\r\n/g, "").split("\r\n\r\n");
    expect(heads).toEqual([
      "HTTP/1.1 200 OK\r\ncontent-type: text/plain;charset=UTF-8\r\ncontent-length: 4\r\nConnection: keep-alive",
      "HTTP/1.1 204 No Content\r\nConnection: keep-alive",
      "HTTP/1.1 205 Reset Content\r\ncontent-length: 0\r\nConnection: keep-alive",
      "HTTP/1.1 304 Not Modified\r\nConnection: close",
      "",
    ]);
  });

  it("keeps its cookies apart, and leaves out what is about the connection", async () => {
    const server = await start(() => {
      const response = new Response("x");
      response.headers.append("set-cookie", "a=1");
      response.headers.append("set-cookie", "b=2");
      response.headers.set("connection", "upgrade");
      response.headers.set("transfer-encoding", "gzip");
      response.headers.set("status", "404 Not Found");
      return response;
    });
    const answer = await connect(server).send(last()).closed();
    expect(answer).toMatch(/\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n/);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(answer).not.toMatch(/upgrade|gzip|404/);
  });

  it("begins before its body is there", async () => {
    let more = () => {};
    const gate = new Promise<void>((resolve) => {
      more = resolve;
    });
    const server = await start(() => {
      const body = streamOf(async (controller) => {
        await gate;
        controller.enqueue(Buffer.from("late"));
        controller.close();
      });
      return new Response(body);
    });
    const peer = connect(server).send(get());
    expect(await peer.has("\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 200 OK\r\n.*\r\nTransfer-Encoding: chunked\r\n/s,
    );
    more();
    await peer.has("4\r\nlate\r\n0\r\n\r\n");
  });

  it("waits for a client that reads slowly", async () => {
    let pulled = 0;
    const server = await start(() => {
      const body = streamOf((controller) => {
        pulled += 1;
        controller.enqueue(new Uint8Array(65_536));
        if (pulled === 1_000) controller.close();
      });
      return new Response(body);
    });
    const peer = connect(server);
    peer.socket.pause();
    peer.send(last());
    await sleep(200);
    expect(pulled).toBeGreaterThan(0);
    expect(pulled).toBeLessThan(200);
    peer.socket.resume();
    await peer.closed(10_000);
    expect(pulled).toBe(1_000);
    expect(peer.received.length).toBeGreaterThan(65_536_000);
  });

  it("that nobody takes is given up", async () => {
    let cancelled = false;
    const server = await start(
      () => {
        const body = new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
          cancel: () => {
            cancelled = true;
          },
        });
        return new Response(body);
      },
      { writeTimeout: 100 },
    );
    const peer = connect(server);
    peer.socket.pause();
    peer.send(get());
    await until(
      () => cancelled,
      () => "the body still flows",
    );
    expect(errors).toMatchObject([{ code: "deadline" }]);
    expect(server.connections).toBe(0);
  });

  it("that ends too soon breaks the connection off: by its length", async () => {
    const server = await start(() => {
      const body = streamOf(async (controller) => {
        controller.enqueue(Buffer.from("half"));
        await sleep(10);
        controller.close();
      });
      return new Response(body, { headers: { "content-length": "8" } });
    });
    const answer = await connect(server).send(get()).closed();
    expect(answer).toMatch(/\r\ncontent-length: 8\r\n.*\r\n\r\nhalf$/s);
    await expect((await fetch(server.address)).text()).rejects.toThrow("terminated");
    expect(errors).toHaveLength(2);
  });

  it("that breaks off lacks its last chunk", async () => {
    let pieces = 0;
    const server = await start(() => {
      const body = streamOf(async (controller) => {
        await sleep(10);
        if (pieces++ > 0) throw new Error("no more");
        controller.enqueue(Buffer.from("half"));
      });
      return new Response(body);
    });
    const answer = await connect(server).send(get()).closed();
    expect(answer).toMatch(/\r\n\r\n4\r\nhalf\r\n$/);
    expect(errors).toMatchObject([{ message: "no more" }]);
  });

  it("that breaks off is reset, where a close would tell its end: HTTP/1.0", async () => {
    let pieces = 0;
    const server = await start(() => {
      const body = streamOf(async (controller) => {
        if (pieces++ > 0) throw new Error("no more");
        controller.enqueue(Buffer.from("half"));
      });
      return new Response(body);
    });
    const peer = connect(server).send("GET / HTTP/1.0\r\n\r\n");
    expect(await peer.closed()).toMatch(/\r\n\r\nhalf$/);
    expect(peer.error).toBe("ECONNRESET");
  });
});

describe("a request's body over HTTP", () => {
  const echo: Handler = async (request) => new Response(await request.text());

  it("is read by its length, as it comes", async () => {
    const server = await start(echo);
    const peer = connect(server).send(post("hello", 10));
    await sleep(20);
    peer.send("world");
    expect(await peer.has("helloworld")).toMatch(/^HTTP\/1\.1 200/);
  });

  it("is read in chunks", async () => {
    const server = await start((request, { variables }) => {
      expect(variables.has("CONTENT_LENGTH")).toBe(false);
      return echo(request, undefined as unknown as Context);
    });
    const head =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    const answer = await connect(server).send(`${head}5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n`).closed();
    expect(bodyOf(answer)).toBe("hello!");
  });

  it("is null where there is none", async () => {
    const server = await start((request) => new Response(`${request.body}`));
    const answer = await connect(server)
      .send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      .closed();
    expect(bodyOf(answer)).toBe("null");
  });

  it("is asked for with 100 Continue", async () => {
    const server = await start(echo);
    const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
    const peer = connect(server).send(head);
    expect(await peer.has("\r\n\r\n")).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    peer.send("hello");
    await peer.has(/200 OK.*\r\n\r\nhello$/s);
  });

  it("of 20 MB goes there and back, without being kept whole", async () => {
    const server = await start((request) => new Response(request.body));
    const length = 20_000_000;
    const peer = connect(server).send(post("", length));
    const chunk = Buffer.alloc(50_000, "abcdefg");
    for (let sent = 0; sent < length; sent += chunk.length) {
      if (!peer.socket.write(chunk)) await once(peer.socket, "drain");
    }
    await peer.has(/\r\n0\r\n\r\n$/, 10_000);
    expect(peer.received.length).toBeGreaterThan(length);
  });

  it("that nobody reads makes the client wait, and is dropped with the answer", async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = await start(async () => {
      await gate;
      return new Response("done");
    });
    const length = 50_000_000;
    const peer = connect(server).send(post("", length));
    peer.socket.write(Buffer.alloc(length));
    await sleep(200);
    expect(peer.socket.bytesWritten - peer.socket.writableLength).toBeLessThan(length);
    await until(
      () => peer.socket.writableLength > 0,
      () => "all of it was taken",
    );
    await sleep(100);
    expect(peer.socket.writableLength).toBeGreaterThan(0);
    release();
    await peer.has(/\r\n\r\ndone$/);
    peer.send(get());
    await peer.has(/done.*\r\n\r\ndone$/s);
  });

  it("that stops coming ends in a deadline for whoever reads it", async () => {
    let caught: unknown;
    const server = await start(
      async (request) => {
        await request.text().catch((error: unknown) => {
          caught = error;
        });
        return new Response("gave up");
      },
      { bodyTimeout: 50 },
    );
    await connect(server).send(post("hello", 10)).has("gave up");
    expect(caught).toMatchObject({ code: "deadline" });
  });

  it("whose client leaves half way is an error for whoever reads it", async () => {
    let caught: unknown;
    const server = await start(async (request) => {
      await request.text().catch((error: unknown) => {
        caught = error;
      });
      return new Response("gave up");
    });
    const peer = connect(server).send(post("hello", 10));
    await until(
      () => server.requests === 1,
      () => "no request came",
    );
    peer.socket.end();
    await until(
      () => caught !== undefined,
      () => "the handler still waits",
    );
    expect(caught).toMatchObject({ code: "truncated" });
  });

  it("is read on for a moment behind an answer that is the last, so that it is not lost", async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const server = await start(async () => {
      await gate;
      return new Response("too much", { status: 413 });
    });
    const peer = connect(server).send(post("x", 3_000_000));
    await until(
      () => server.requests === 1,
      () => "no request came",
    );
    const closing = server.close();
    release();
    await peer.has("too much");
    await sleep(50);
    peer.socket.write(Buffer.alloc(2_999_999));
    await peer.closed();
    await closing;
    expect(peer.error).toBeUndefined();
    expect(peer.socket.writableLength).toBe(0);
  });
});

describe("a client that leaves", () => {
  it.each(["end", "destroy", "resetAndDestroy"] as const)(
    "aborts the signal: %s",
    async (leave) => {
      let reason: { code?: string } | undefined;
      const server = await start(async (_, { signal }) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        reason = signal.reason;
        return new Response("too late");
      });
      const peer = connect(server).send(get());
      await until(
        () => server.requests === 1,
        () => "no request came",
      );
      peer.socket[leave]();
      await until(
        () => server.requests === 0,
        () => "the request still runs",
      );
      expect(reason).toMatchObject({ code: "aborted" });
      expect(errors).toEqual([]);
    },
  );

  it("that has closed its side alone gets its answer", async () => {
    const server = await start(async () => {
      await sleep(50);
      return new Response("hello");
    });
    const peer = connect(server).send(get());
    peer.socket.end();
    expect(await peer.closed()).toMatch(/\r\n\r\nhello$/);
  });

  it("leaves no body running", async () => {
    let cancelled = false;
    const server = await start(() => {
      const body = new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
        cancel: () => {
          cancelled = true;
        },
      });
      return new Response(body);
    });
    const peer = connect(server).send(get());
    await peer.has("\r\n\r\n");
    peer.socket.destroy();
    await until(
      () => cancelled,
      () => "the body still flows",
    );
  });
});

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

  it("is closed without a word when nothing comes", async () => {
    const server = await start(hello, { headerTimeout: 50 });
    expect(await connect(server).closed()).toBe("");
    expect(errors).toEqual([]);
  });

  it.each([
    ["the first", ""],
    ["a later", get()],
  ])("is closed when half a request has come: %s", async (_, before) => {
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
    ["what is no HTTP", "\x16\x03\x01\x02\x00\x01\x00", 400, "malformed"],
    ["a head that is too long", get("/", `x: ${"a".repeat(3_000)}\r\n`), 431, "limit_exceeded"],
    ["two hosts", get("/", "Host: other\r\n"), 400, "malformed"],
    ["a target that is none", get("a:b"), 400, "malformed"],
    ["a path that climbs out", get("/a/..%2f../b"), 400, "malformed"],
    ["a path with a NUL", get("/a%00b"), 400, "malformed"],
    [
      "a length and chunks",
      get("/", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
      400,
      "malformed",
    ],
    [
      "a host that is none",
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

  it("answers a request that is whole, whatever comes behind it", async () => {
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

describe("a server of HTTP that closes", () => {
  it("lets a request be answered, and says that it is the last", async () => {
    const server = await start(async () => {
      await sleep(100);
      return new Response("hello");
    });
    const peer = connect(server).send(get());
    await until(
      () => server.requests === 1,
      () => "no request came",
    );
    const closing = server.close();
    expect(await peer.closed()).toMatch(/\r\nconnection: close\r\n.*hello$/s);
    await closing;
  });

  it("serves what is on its way on a kept connection", async () => {
    const server = await start(hello);
    const peer = connect(server).send(get());
    await peer.has("hello");
    const closing = server.close();
    peer.send(get());
    expect(await peer.closed()).toMatch(/hello.*\r\nconnection: close\r\n.*hello$/s);
    await closing;
  });

  it("closes a kept connection that carries nothing", async () => {
    const server = await start(hello);
    const peer = connect(server).send(get());
    await peer.has("hello");
    const began = performance.now();
    await server.close();
    expect(performance.now() - began).toBeLessThan(4_000);
    await peer.closed();
  });

  it("cuts what is left at its limit", async () => {
    const server = await start(never);
    const peer = connect(server).send(get());
    await until(
      () => server.requests === 1,
      () => "no request came",
    );
    await server.close(50);
    expect(await peer.closed()).toBe("");
  });
});
