import { once } from "node:events";
import { rmSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { fromWsgi } from "../../src/server/adapters/wsgi.js";
import type { StreamsHandler } from "../../src/server/handler.js";
import {
  type Application,
  type GatewayServer,
  type ServeOptions,
  serve,
} from "../../src/server/serve.js";
import { showVariables } from "../../src/server/show-variables.js";
import { bytes, hex } from "../bytes.js";
import { makeFolder, until } from "../harness/server-process.js";

const servers: GatewayServer[] = [];
const folders: string[] = [];
const errors: unknown[] = [];
let logged = "";

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  errors.length = 0;
  logged = "";
});

async function start(
  application: Application,
  listen = "scgi://127.0.0.1:0",
  options: Partial<ServeOptions> = {},
): Promise<GatewayServer> {
  const server = await serve(application, {
    listen,
    onError: (error) => void errors.push(error),
    onErrorOutput: (output) => {
      logged += Buffer.from(output).toString();
    },
    ...options,
  });
  servers.push(server);
  return server;
}

const root = () => new Request("http://example.com/");
const portOf = ({ address }: GatewayServer) => Number(/:(\d+)$/.exec(address)?.[1]);

/** Sends bytes, and reads until the server closes. */
async function talk(
  server: GatewayServer,
  sent: Uint8Array | string,
  { half = false } = {},
): Promise<{ answer: string; reset: boolean }> {
  const socket = net.connect({ port: portOf(server), host: "127.0.0.1", allowHalfOpen: true });
  let answer = "";
  let reset = false;
  socket.on("data", (chunk: Buffer) => {
    answer += chunk.toString("latin1");
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    reset = error.code === "ECONNRESET";
  });
  socket.on("end", () => socket.end());
  if (half) socket.end(sent);
  else socket.write(sent);
  await once(socket, "close").catch(() => {});
  return { answer, reset };
}

const scgi = (body: string, length = body.length) => {
  const headers = `CONTENT_LENGTH\0${length}\0SCGI\x001\0REQUEST_METHOD\0POST\0`;
  return bytes(`${headers.length}:${headers},${body}`);
};

describe.each(["scgi", "uwsgi", "fcgi"])("a handler behind %s", (protocol) => {
  it("S2.10 takes a Request and returns a Response", async () => {
    const server = await start(async (request, context) => {
      const body = await request.text();
      return new Response(
        `${context.protocol} ${request.method} ${new URL(request.url).pathname} ${body}`,
      );
    }, `${protocol}://127.0.0.1:0`);
    const address = `${protocol}://127.0.0.1:${portOf(server)}`;
    const request = new Request("http://example.com/a%20b", { method: "POST", body: "hello" });
    const response = await gatewayFetch(address, request);
    expect(await response.text()).toBe(`${protocol} POST /a%20b hello`);
  });

  it("S2.13 that throws is answered with 500, and the next is served", async () => {
    let requests = 0;
    const server = await start(() => {
      requests += 1;
      if (requests === 1) throw new Error("the secret");
      return new Response("served");
    }, `${protocol}://127.0.0.1:0`);
    const address = `${protocol}://127.0.0.1:${portOf(server)}`;
    const [first, second] = [
      await gatewayFetch(address, root()),
      await gatewayFetch(address, root()),
    ];
    expect([first.status, await first.text()]).toEqual([500, "Internal Server Error\n"]);
    expect([second.status, await second.text()]).toEqual([200, "served"]);
    expect(errors).toMatchObject([{ message: "the secret" }]);
    if (protocol !== "fcgi") expect(logged).toMatch(/^Error: the secret\n/);
  });

  it("that breaks off tells so, and is no success", async () => {
    const server = await start(
      () =>
        new Response(
          new ReadableStream({
            async start(controller) {
              controller.enqueue(bytes("half"));
              await sleep(20);
              controller.error(new Error("the other half"));
            },
          }),
        ),
      `${protocol}://127.0.0.1:0`,
    );
    const response = await gatewayFetch(`${protocol}://127.0.0.1:${portOf(server)}`, root());
    response.ended.catch(() => {});
    const code = protocol === "fcgi" ? "malformed" : "truncated";
    await expect(response.text()).rejects.toMatchObject({ code });
  });

  it("S3.12 an application of WSGI that never begins a response is answered with 500", async () => {
    const server = await start(
      fromWsgi(() => ["hello"]),
      `${protocol}://127.0.0.1:0`,
    );
    const response = await gatewayFetch(`${protocol}://127.0.0.1:${portOf(server)}`, root());
    expect(response.status).toBe(500);
    expect(errors).toMatchObject([{ message: "the application never called startResponse" }]);
  });

  it("refuses what is too much with an answer of the protocol's own", async () => {
    const server = await start(
      () => sleep(100).then(() => new Response("slow")),
      `${protocol}://127.0.0.1:0`,
      {
        maxRequests: 1,
      },
    );
    const address = `${protocol}://127.0.0.1:${portOf(server)}`;
    const [first, second] = await Promise.allSettled([
      gatewayFetch(address, root()),
      sleep(30).then(() => gatewayFetch(address, root())),
    ]);
    expect(first).toMatchObject({ status: "fulfilled", value: { status: 200 } });
    if (protocol === "fcgi") expect(second).toMatchObject({ reason: { code: "overloaded" } });
    else expect(second).toMatchObject({ value: { status: 503 } });
    expect(server.counts.refused).toBe(1);
  });
});

describe("an SCGI server", () => {
  it("S2.3 answers a malformed head with 400, closes, and serves the next", async () => {
    const server = await start(() => new Response("served"));
    for (const head of ["12345", "abc:", "5:A\0B\0C,", "3:A\0B;"]) {
      const { answer, reset } = await talk(server, bytes(head), { half: true });
      expect(answer).toMatch(/^Status: 400 Bad Request\r\n/);
      expect(reset).toBe(false);
    }
    expect((await talk(server, scgi(""))).answer).toMatch(/\r\n\r\nserved$/);
    expect(errors).toHaveLength(4);
    expect(server.requests).toBe(0);
  });

  it("S2.4 takes no harm from connections that are closed without a byte", async () => {
    const server = await start(() => new Response("served"));
    for (let at = 0; at < 20; at++) await talk(server, "", { half: true });
    await until(
      () => server.connections === 0,
      () => "connections are left",
    );
    expect([errors, server.counts.errors]).toEqual([[], 0]);
    expect((await talk(server, scgi(""))).answer).toMatch(/served$/);
  });

  it("S2.5 closes connections that say nothing, and serves others meanwhile", async () => {
    const server = await start(() => new Response("served"), undefined, { headerTimeout: 100 });
    const started = Date.now();
    const silent = talk(server, "24:CONTENT");
    expect((await talk(server, scgi(""))).answer).toMatch(/served$/);
    expect(Date.now() - started).toBeLessThan(100);
    expect((await silent).answer).toBe("");
    expect(errors).toMatchObject([{ code: "deadline" }]);
  });

  it("S2.6 gives the handler exactly CONTENT_LENGTH bytes, and an error when there are fewer", async () => {
    const bodies: unknown[] = [];
    const server = await start(async (request) => {
      bodies.push(await request.text().catch((error) => error.code));
      return new Response("read");
    });
    await talk(server, scgi("abcdef", 3));
    const { answer } = await talk(server, scgi("abc", 10), { half: true });
    expect(bodies).toEqual(["abc", "truncated"]);
    expect(answer).toMatch(/\r\n\r\nread$/);
  });

  it("S2.12 closes behind the answer, and the client is not reset while it sends", async () => {
    const server = await start(() => new Response("early"));
    const { answer, reset } = await talk(server, scgi("x".repeat(3_000_000)), { half: true });
    expect(answer).toMatch(/\r\n\r\nearly$/);
    expect(reset).toBe(false);
  });

  it("S2.12 does not wait for a client to close whose request has come whole", async () => {
    const server = await start(() => new Response("served"));
    const socket = net.connect({ port: portOf(server), host: "127.0.0.1", allowHalfOpen: true });
    socket.write(scgi("abc"));
    socket.resume();
    await once(socket, "end");
    expect(server.connections).toBe(0);
    socket.end();
  });

  it("waits, when it is closed, for the request of a connection that it has accepted", async () => {
    const server = await start(() => new Response("served"));
    const socket = net.connect({ port: portOf(server), host: "127.0.0.1" });
    await until(
      () => server.connections === 1,
      () => "not accepted",
    );
    const closed = server.close();
    socket.write(scgi(""));
    const [answer] = await once(socket, "data");
    expect(String(answer)).toMatch(/served$/);
    await closed;
  });

  it("over a unix socket, where there is no reset, a promised length tells that a response broke off", async () => {
    const folder = makeFolder();
    folders.push(folder);
    const listen = `scgi://unix:${join(folder, "app.sock")}`;
    const body = () =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(bytes("half"));
          controller.error(new Error("the other half"));
        },
      });
    await start(() => new Response(body(), { headers: { "content-length": "8" } }), listen);
    const response = await gatewayFetch(listen, root());
    response.ended.catch(() => {});
    await expect(response.text()).rejects.toMatchObject({ code: "truncated" });
  });
});

describe("a uwsgi server", () => {
  it("answers pings", async () => {
    const server = await start(() => new Response("served"), "uwsgi://127.0.0.1:0");
    const { answer } = await talk(server, hex("64000000"));
    expect(Buffer.from(answer, "latin1").toString("hex")).toBe("64000001");
    expect(server.counts).toMatchObject({ requests: 0, errors: 0 });
  });

  it("tells a client of HTTP, in HTTP, that its request is none", async () => {
    const server = await start(() => new Response("served"), "uwsgi://127.0.0.1:0");
    const response = await fetch(`http://127.0.0.1:${portOf(server)}/`);
    expect([response.status, await response.text()]).toEqual([400, "Bad Request\n"]);
  });
});

describe("S2.10 an application of streams", () => {
  const streams = async (run: StreamsHandler, init: RequestInit = {}) => {
    const server = await start({ streams: run });
    return gatewayFetch(server.address, new Request("http://example.com/", init));
  };
  const write = async (output: WritableStream<string | Uint8Array>, ...chunks: string[]) => {
    const writer = output.getWriter();
    for (const chunk of chunks) await writer.write(chunk);
    writer.releaseLock();
  };

  it("gets the variables and the body, and writes a CGI response", async () => {
    const response = await streams(
      async (variables, input, output, context) => {
        const body = await new Response(input).text();
        context.errors.write("logged\n");
        const told = `${variables.get("REQUEST_METHOD")} ${variables.get("CONTENT_LENGTH")} ${body}`;
        await write(output, "Status: 201 Made\r\nX-A: 1\r\n", "\r\nyou sent ", told);
      },
      { method: "POST", body: "hello" },
    );
    expect([response.status, response.statusText, response.headers.get("x-a")]).toEqual([
      201,
      "Made",
      "1",
    ]);
    expect(await response.text()).toBe("you sent POST 5 hello");
    expect(logged).toBe("logged\n");
  });

  it("sends what is written at once", async () => {
    let finish = () => {};
    const response = await streams(async (_variables, _input, output) => {
      await write(output, "Content-Type: text/plain\n\nfirst ");
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      await write(output, "second");
    });
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("first ");
    finish();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("second");
  });

  it("may leave its writes alone, and its output open or closed", async () => {
    const response = await streams(async (_variables, _input, output) => {
      const writer = output.getWriter();
      for (const chunk of ["A: 1\n\n", "one ", "two ", "three"]) void writer.write(chunk);
    });
    expect(await response.text()).toBe("one two three");
    const piped = await streams(async (_variables, _input, output) => {
      await new Response("A: 1\n\npiped").body?.pipeTo(output);
    });
    expect(await piped.text()).toBe("piped");
  });

  it.each<[string, StreamsHandler]>([
    ["writes nothing", () => {}],
    ["writes half a head", (_variables, _input, output) => write(output, "Content-Type: te")],
    ["writes no head", (_variables, _input, output) => write(output, "hello\n\n")],
    ["throws", () => Promise.reject(new Error("mine"))],
    ["aborts", (_variables, _input, output) => output.abort(new Error("mine"))],
  ])("that %s is answered with 500", async (_what, run) => {
    const response = await streams(run);
    expect([response.status, await response.text()]).toEqual([500, "Internal Server Error\n"]);
    expect(errors).toHaveLength(1);
  });

  it("that fails behind its head breaks the response off", async () => {
    const response = await streams(async (_variables, _input, output) => {
      await write(output, "A: 1\n\n", "half");
      throw new Error("mine");
    });
    response.ended.catch(() => {});
    await expect(response.text()).rejects.toMatchObject({ code: "truncated" });
    expect(errors).toMatchObject([{ message: "mine" }]);
  });

  it("writes no faster than the client reads, and fails when that has gone", async () => {
    let written = 0;
    let failure: unknown;
    const server = await start({
      async streams(_variables, _input, output) {
        const writer = output.getWriter();
        await writer.write("A: 1\n\n");
        try {
          for (; written < 10_000; written++) await writer.write(new Uint8Array(65_536));
        } catch (error) {
          failure = error;
        }
      },
    });
    const socket = net.connect({ port: portOf(server), host: "127.0.0.1" });
    socket.pause().write(scgi(""));
    await until(
      () => written > 0,
      () => "nothing was written",
    );
    await sleep(200);
    const before = written;
    await sleep(50);
    expect(written).toBe(before);
    expect(written).toBeLessThan(500);
    socket.resetAndDestroy();
    await until(
      () => failure !== undefined,
      () => `the application still writes: ${written}`,
    );
    expect(failure).toMatchObject({ code: "aborted" });
  });

  it("gets an error for a body that nobody takes, and the client of HEAD its head", async () => {
    let failure: unknown;
    const response = await streams(
      async (_variables, _input, output) => {
        await write(output, "A: 1\n\n", "some", "of", "it").catch((error: unknown) => {
          failure = error;
        });
      },
      { method: "HEAD" },
    );
    expect([response.headers.get("a"), await response.text()]).toEqual(["1", ""]);
    expect(failure).toMatchObject({ code: "aborted" });
    expect(errors).toEqual([]);
  });
});

describe("S2.10 an application of connections", () => {
  it("speaks what it likes, and its connection is closed when it settles", async () => {
    const server = await start({
      connection: async (socket) => {
        const [data] = await once(socket, "data");
        socket.write(`you said ${data}`);
      },
    });
    expect(await talk(server, "hello")).toEqual({ answer: "you said hello", reset: false });
    await until(
      () => server.connections === 0,
      () => "the connection is left",
    );
    expect(server.counts).toMatchObject({ connections: 1, requests: 0, errors: 0 });
  });

  it("has precedence over streams, and streams over fetch", async () => {
    const fetch = () => new Response("fetch");
    const streams: StreamsHandler = async (_variables, _input, output) => {
      const writer = output.getWriter();
      await writer.write("A: 1\n\nstreams");
    };
    const connection = (socket: net.Socket) => void socket.write("connection");
    expect((await talk(await start({ fetch }), scgi(""))).answer).toMatch(/fetch$/);
    expect((await talk(await start({ fetch, streams }), scgi(""))).answer).toMatch(/streams$/);
    const lowest = await start({ fetch, streams, connection });
    expect((await talk(lowest, scgi(""))).answer).toBe("connection");
  });

  it("that fails is reported, and its connection broken off", async () => {
    const server = await start({ connection: () => Promise.reject(new Error("mine")) });
    await talk(server, "");
    expect(errors).toMatchObject([{ message: "mine" }]);
    await until(
      () => server.connections === 0,
      () => "the connection is left",
    );
  });

  it("hears that the server closes, and is waited for", async () => {
    const server = await start({
      connection: async (socket, { signal }) => {
        await once(signal, "abort");
        socket.write("goodbye");
      },
    });
    const talked = talk(server, "");
    await until(
      () => server.connections === 1,
      () => "not accepted",
    );
    const closed = server.close();
    expect((await talked).answer).toBe("goodbye");
    await closed;
  });

  it("that never ends is cut when the server has waited long enough", async () => {
    const server = await start({ connection: () => new Promise(() => {}) });
    const talked = talk(server, "");
    await until(
      () => server.connections === 1,
      () => "not accepted",
    );
    await server.close(50);
    expect((await talked).answer).toBe("");
  });
});

describe("S2.11 showVariables", () => {
  it("tells the variables of the request, a line each", async () => {
    const server = await start(showVariables);
    const headers =
      "CONTENT_LENGTH\x000\0SCGI\x001\0A\0it's\0B\0\"it's\"\0C\0\\\t\n\xe9\x7f\0D\0\0";
    const { answer } = await talk(server, bytes(`${headers.length}:${headers},`));
    expect(answer).toBe(
      [
        "Status: 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 79\r\n\r\n",
        "CONTENT_LENGTH: '0'\nSCGI: '1'\nA: \"it's\"\n",
        "B: '\"it\\'s\"'\nC: '\\\\\\t\\n\\xe9\\x7f'\nD: ''\n",
      ].join(""),
    );
  });
});
