import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { GatewayError } from "../../src/errors.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import type { Context, Handler } from "../../src/server/handler.js";
import { type GatewayServer, type ServeOptions, serve } from "../../src/server/serve.js";
import { begin, endStdin, join as joinBytes, params, record, told } from "../fastcgi/records-of.js";
import { until } from "../harness/server-process.js";

let folder: string;
let path: string;
const servers: GatewayServer[] = [];
const sockets: net.Socket[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fcgi-probe-"));
  path = join(folder, "app.sock");
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
  rmSync(folder, { recursive: true, force: true });
});

const errors: unknown[] = [];
async function start(handler: Handler, options: Partial<ServeOptions> = {}) {
  errors.length = 0;
  const onError = (error: unknown) => void errors.push(error);
  const server = await serve(handler, { listen: `unix:${path}`, onError, ...options });
  servers.push(server);
  return server;
}

/** A front end that is driven by hand. */
class Peer {
  readonly socket: net.Socket;
  #chunks: Buffer[] = [];
  #length = 0;
  ended = false;

  constructor(options: net.NetConnectOpts = { path }) {
    this.socket = net.connect({ allowHalfOpen: true, ...options });
    sockets.push(this.socket);
    this.socket.on("data", (bytes: Buffer) => {
      this.#chunks.push(bytes);
      this.#length += bytes.length;
    });
    this.socket.on("end", () => {
      this.ended = true;
    });
    this.socket.on("error", () => {
      this.ended = true;
    });
  }

  send(...parts: Uint8Array[]): this {
    this.socket.write(joinBytes(...parts));
    return this;
  }

  get received(): Buffer {
    this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!;
  }

  /** Waits until a request has ended, and tells all that came. */
  async answer(id = 1): Promise<string[]> {
    const isEnd = (line: string) => line.startsWith(`${id} end`);
    let looked = -1;
    let lines: string[] = [];
    await until(
      () => {
        if (looked === this.#length) return false;
        looked = this.#length;
        // A long answer is looked at when its last record is an END_REQUEST.
        if (looked > 1_000_000 && this.#chunks.at(-1)?.at(-15) !== 3) return false;
        lines = this.#lines();
        return lines.some(isEnd);
      },
      () => `no END_REQUEST came, but ${this.received.toString("latin1").slice(0, 500)}`,
      10_000,
    );
    this.#chunks = [];
    this.#length = 0;
    return lines;
  }

  /** Waits until the server has closed the connection. What ends it otherwise is a line `cut`. */
  async closed(milliseconds = 5_000): Promise<string[]> {
    await until(
      () => this.ended,
      () => "the connection is still open",
      milliseconds,
    );
    const { received } = this;
    try {
      return told(received);
    } catch (error) {
      if (received.subarray(-8).some((byte) => byte !== 0)) throw error;
      return [...told(received.subarray(0, -8)), "cut"];
    }
  }

  #lines(): string[] {
    try {
      return told(this.received);
    } catch {
      // More is to come.
      return [];
    }
  }
}

const variables = (more: Record<string, string> = {}) => ({
  REQUEST_METHOD: "GET",
  REQUEST_URI: "/",
  HTTP_HOST: "app.test",
  ...more,
});
const get = (more: Record<string, string> = {}, id = 1) =>
  joinBytes(begin(id), params(id, variables(more)), endStdin(id));
const post = (length: number | string, more: Record<string, string> = {}) =>
  joinBytes(
    begin(1),
    params(1, variables({ REQUEST_METHOD: "POST", CONTENT_LENGTH: `${length}`, ...more })),
  );
const text = (lines: string[]) =>
  lines
    .filter((line) => line.startsWith("1 stdout "))
    .map((line) => line.slice("1 stdout ".length))
    .join("");
const hello: Handler = () => new Response("hello");
const never = () => new Promise<never>(() => {});

describe("a handler", () => {
  it("gets a Request, and answers with a Response", async () => {
    await start((request) => {
      expect(request.headers.get("x-test")).toBe("yes");
      return new Response(`${request.method} ${request.url}`, {
        status: 201,
        headers: { "x-answer": "42" },
      });
    });
    const lines = await new Peer()
      .send(get({ REQUEST_URI: "/a%20b?c=d", HTTP_X_TEST: "yes" }))
      .answer();
    expect(text(lines)).toBe(
      "Status: 201 Created\r\ncontent-type: text/plain;charset=UTF-8\r\nx-answer: 42\r\ncontent-length: 29\r\n\r\nGET http://app.test/a%20b?c=d",
    );
    expect(lines.slice(-2)).toEqual(["1 stdout", "1 end 0 0"]);
    expect(errors).toEqual([]);
  });

  it("may be an object with fetch", async () => {
    const application = { greeting: "hi", fetch: () => new Response("hi") };
    const server = await serve(application, { listen: `unix:${path}` });
    servers.push(server);
    expect(text(await new Peer().send(get()).answer())).toMatch(/hi$/);
  });

  it("has the variables, the protocol and the role in its context", async () => {
    let seen: Context | undefined;
    await start((_, context) => {
      seen = context;
      return new Response();
    });
    await new Peer().send(get({ REMOTE_USER: "ann" })).answer();
    expect(seen?.variables.get("REMOTE_USER")).toBe("ann");
    expect([seen?.protocol, seen?.role, seen?.data]).toEqual(["fcgi", "responder", null]);
  });

  it("writes to the error stream", async () => {
    await start((_, { errors: stream }) => {
      stream.write("careful\n");
      return new Response("fine");
    });
    const lines = await new Peer().send(get()).answer();
    expect(lines[0]).toBe("1 stderr careful\n");
    expect(lines.slice(-3)).toEqual(["1 stdout", "1 stderr", "1 end 0 0"]);
  });

  it("serves authorizers and filters", async () => {
    await start(async (request, { role, data }) => {
      const file = data === null ? "no file" : await new Response(data).text();
      return new Response(`${role} ${await request.text()} ${file}`);
    });
    const authorizer = joinBytes(begin(1, { role: 2 }), params(1, variables()));
    expect(text(await new Peer().send(authorizer).answer())).toMatch(/authorizer {2}no file$/);
    const filter = joinBytes(
      begin(1, { role: 3 }),
      params(1, variables({ REQUEST_METHOD: "POST", CONTENT_LENGTH: "4" })),
      record(RecordType.Stdin, 1, "body"),
      endStdin(),
      record(RecordType.Data, 1, "file"),
      record(RecordType.Data, 1),
    );
    expect(text(await new Peer().send(filter).answer())).toMatch(/filter body file$/);
  });

  it("sends no body for HEAD, 204 and 304", async () => {
    await start((request) => {
      const status = Number(new URL(request.url).pathname.slice(1));
      return status === 200 ? new Response("body") : new Response(null, { status });
    });
    for (const status of [204, 304]) {
      const lines = await new Peer().send(get({ REQUEST_URI: `/${status}` })).answer();
      expect(text(lines)).toMatch(/\r\n\r\n$/);
    }
    const head = get({ REQUEST_METHOD: "HEAD", REQUEST_URI: "/200" });
    expect(text(await new Peer().send(head).answer())).toMatch(/^Status: 200 OK[\s\S]*\r\n\r\n$/);
  });

  it("has its response's length told, where it is known", async () => {
    await start((request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/body") return new Response("body");
      if (pathname === "/nothing") return new Response(null);
      const stream = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (pathname === "/late") await turn();
          controller.enqueue(new TextEncoder().encode("body"));
          controller.close();
        },
      });
      return new Response(stream);
    });
    const lengthOf = async (variables: Record<string, string>): Promise<string | undefined> =>
      /content-length: (\d+)/.exec(text(await new Peer().send(get(variables)).answer()))?.[1];
    expect(await lengthOf({ REQUEST_URI: "/body" })).toBe("4");
    expect(await lengthOf({ REQUEST_URI: "/nothing" })).toBe("0");
    expect(await lengthOf({ REQUEST_URI: "/stream" })).toBe("4");
    expect(await lengthOf({ REQUEST_URI: "/late" })).toBeUndefined();
    // What HEAD is answered with is what GET would be.
    const REQUEST_METHOD = "HEAD";
    expect(await lengthOf({ REQUEST_METHOD, REQUEST_URI: "/body" })).toBe("4");
    expect(await lengthOf({ REQUEST_METHOD, REQUEST_URI: "/nothing" })).toBeUndefined();
    expect(await lengthOf({ REQUEST_METHOD, REQUEST_URI: "/late" })).toBeUndefined();
  });

  it("knows when its response has been handed over", async () => {
    let finished = false;
    await start((_, context) => {
      void context.finished.then(() => {
        finished = true;
      });
      return new Response("x");
    });
    await new Peer().send(get()).answer();
    await until(
      () => finished,
      () => "finished did not settle",
      1_000,
    );
  });
});

describe("a request's body", () => {
  it("is read as it comes", async () => {
    await start(async (request) => new Response(await request.text()));
    const peer = new Peer().send(post(10), record(RecordType.Stdin, 1, "hello"));
    await sleep(20);
    peer.send(record(RecordType.Stdin, 1, "world"), endStdin());
    expect(text(await peer.answer())).toMatch(/helloworld$/);
  });

  it("of unknown length ends with its stream", async () => {
    await start(async (request) => new Response(await request.text()));
    const sent = joinBytes(post(""), record(RecordType.Stdin, 1, "chunked"), endStdin());
    expect(text(await new Peer().send(sent).answer())).toMatch(/chunked$/);
  });

  it("shorter than CONTENT_LENGTH is an error for the handler that reads it", async () => {
    let caught: unknown;
    await start(async (request) => {
      await request.text().catch((error: unknown) => {
        caught = error;
      });
      return new Response("survived");
    });
    const sent = joinBytes(post(10), record(RecordType.Stdin, 1, "short"), endStdin());
    expect(text(await new Peer().send(sent).answer())).toMatch(/survived$/);
    expect(caught).toMatchObject({ code: "truncated" });
  });

  it("shorter than CONTENT_LENGTH is nothing to a handler that does not read it", async () => {
    await start(hello);
    const sent = joinBytes(post(10), record(RecordType.Stdin, 1, "short"), endStdin());
    expect(text(await new Peer().send(sent).answer())).toMatch(/hello$/);
  });

  it("longer than CONTENT_LENGTH is cut", async () => {
    await start(async (request) => new Response(await request.text()));
    const sent = joinBytes(post(5), record(RecordType.Stdin, 1, "hello world"), endStdin());
    expect(text(await new Peer().send(sent).answer())).toMatch(/\r\n\r\nhello$/);
  });

  it("that nobody reads makes the front end wait, and is dropped with the answer", async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await start(async () => {
      await gate;
      return new Response("done");
    });
    const peer = new Peer().send(post(50_000_000));
    const piece = record(RecordType.Stdin, 1, "x".repeat(65_528));
    let sent = 0;
    while (peer.socket.write(piece) && sent < 50_000_000) sent += piece.length;
    await sleep(100);
    const written = peer.socket.bytesWritten - peer.socket.writableLength;
    expect(written).toBeLessThan(5_000_000);
    release();
    expect(text(await peer.answer())).toMatch(/done$/);
    await until(
      () => peer.socket.writableLength === 0,
      () => "the body is still unread",
    );
    peer.send(record(RecordType.Stdin, 1), get());
    expect(text(await peer.answer())).toMatch(/done$/);
  });

  it("that stops coming ends in a deadline for whoever reads it", async () => {
    let caught: unknown;
    await start(
      async (request) => {
        await request.text().catch((error: unknown) => {
          caught = error;
        });
        return new Response("gave up");
      },
      { bodyTimeout: 50 },
    );
    const peer = new Peer().send(post(10), record(RecordType.Stdin, 1, "hello"));
    expect(text(await peer.answer())).toMatch(/gave up$/);
    expect(caught).toMatchObject({ code: "deadline" });
  });

  it("of 20 MB goes there and back, without being kept whole", async () => {
    await start((request) => new Response(request.body));
    const length = 20_000_000;
    const peer = new Peer().send(post(length));
    const chunk = Buffer.alloc(50_000, "abcdefg");
    for (let sent = 0; sent < length; sent += chunk.length) {
      if (!peer.socket.write(record(RecordType.Stdin, 1, chunk.toString("latin1")))) {
        await once(peer.socket, "drain");
      }
    }
    peer.send(endStdin());
    const lines = await peer.answer();
    expect(text(lines).length).toBe("Status: 200 OK\r\n\r\n".length + length);
  });
});

describe("a response", () => {
  it("is sent as it comes, its head at once", async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await start(() => {
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          await gate;
          controller.enqueue(new TextEncoder().encode("late"));
          controller.close();
        },
      });
      return new Response(body);
    });
    const peer = new Peer().send(get());
    await until(
      () => peer.received.length > 0,
      () => "no head came",
      2_000,
    );
    expect(text(told(peer.received))).toBe("Status: 200 OK\r\n\r\n");
    release();
    expect(text(await peer.answer())).toMatch(/late$/);
  });

  it("waits for a front end that reads slowly", async () => {
    let produced = 0;
    await start(() => {
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          produced += 65_536;
          controller.enqueue(new Uint8Array(65_536));
          if (produced >= 30_000_000) controller.close();
        },
      });
      return new Response(body);
    });
    const peer = new Peer().send(get());
    peer.socket.pause();
    await sleep(150);
    expect(produced).toBeLessThan(5_000_000);
    peer.socket.resume();
    await peer.answer();
    expect(produced).toBeGreaterThanOrEqual(30_000_000);
  });

  it("is given up when the front end takes nothing of it", async () => {
    let cancelled = false;
    const server = await start(
      () =>
        new Response(
          new ReadableStream<Uint8Array>({
            pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
            cancel: () => {
              cancelled = true;
            },
          }),
        ),
      { writeTimeout: 80 },
    );
    new Peer().send(get()).socket.pause();
    await until(
      () => cancelled,
      () => "the response is still being made",
      3_000,
    );
    await until(
      () => server.connections === 0,
      () => "the connection is open",
      2_000,
    );
    expect(errors).toMatchObject([{ code: "deadline" }]);
  });
});

describe("a handler that fails", () => {
  it.each<readonly [string, Handler]>([
    [
      "throws",
      () => {
        throw new Error("secret");
      },
    ],
    ["rejects", () => Promise.reject(new Error("secret"))],
    ["throws what is no error", () => Promise.reject("secret")],
    ["returns nothing", () => undefined as unknown as Response],
    ["returns something else", () => "secret" as unknown as Response],
    [
      "returns a Response that cannot be told",
      () => new Response(null, { headers: { a: "secret€" } }),
    ],
    [
      "returns a Response that is used up",
      async () => {
        const response = new Response("secret");
        await response.text();
        return response;
      },
    ],
  ])("because it %s: 500, nothing leaked, and logged", async (_, handler) => {
    await start(handler);
    const lines = await new Peer().send(get()).answer();
    expect(text(lines)).toBe(
      "Status: 500 Internal Server Error\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 22\r\n\r\nInternal Server Error\n",
    );
    expect(lines.find((line) => line.startsWith("1 stderr "))).toBeDefined();
    expect(lines.at(-1)).toBe("1 end 0 0");
    expect(errors.length).toBe(1);
  });

  it("because it is late: 500, its signal aborted, and what it returns then is cancelled", async () => {
    let cancelled = false;
    let context: Context | undefined;
    await start(
      async (_, given) => {
        context = given;
        await sleep(120);
        return new Response(
          new ReadableStream({
            cancel: () => {
              cancelled = true;
            },
          }),
        );
      },
      { responseTimeout: 40 },
    );
    const lines = await new Peer().send(get()).answer();
    expect(text(lines)).toMatch(/^Status: 500 /);
    expect(context?.signal.aborted).toBe(true);
    expect(context?.signal.reason).toMatchObject({ code: "deadline" });
    await until(
      () => cancelled,
      () => "the late response was not cancelled",
      2_000,
    );
  });

  it("behind its head: the connection ends in what is no record", async () => {
    await start(() => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode("half")),
        pull: async (controller) => {
          await sleep(10);
          controller.error(new Error("secret"));
        },
      });
      return new Response(body);
    });
    const lines = await new Peer().send(get()).closed();
    expect(lines).toEqual([
      "1 stdout Status: 200 OK\r\n\r\n",
      "1 stdout half",
      expect.stringContaining("1 stderr Error: secret"),
      "cut",
    ]);
  });

  it.each([
    ["shorter", "8"],
    ["longer", "5"],
  ])("with a body in pieces that is %s than its Content-Length", async (_, length) => {
    const pieces = (): Response => {
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          controller.enqueue(new TextEncoder().encode("abc"));
          await sleep(10);
          controller.enqueue(new TextEncoder().encode("def"));
          controller.close();
        },
      });
      return new Response(body, { headers: { "content-length": length } });
    };
    await start(pieces);
    const lines = await new Peer().send(get()).closed();
    expect(lines.at(-1)).toBe("cut");
    expect(errors).toEqual([expect.objectContaining({ code: "bad_input" })]);
  });

  it("with a chunk that is no bytes: the connection is cut", async () => {
    await start(
      () => new Response(new ReadableStream({ start: (to) => to.enqueue("text" as never) })),
    );
    const lines = await new Peer().send(get()).closed();
    expect(lines.at(-1)).toBe("cut");
  });

  it("does not harm the next request on the connection", async () => {
    await start((request) => {
      if (request.url.endsWith("/bad")) throw new Error("bad");
      return new Response("good");
    });
    const peer = new Peer().send(get({ REQUEST_URI: "/bad" }));
    expect(text(await peer.answer())).toMatch(/^Status: 500/);
    peer.send(get({ REQUEST_URI: "/good" }));
    expect(text(await peer.answer())).toMatch(/good$/);
  });
});

describe("a request that is none", () => {
  it.each([
    ["a method that is none", { REQUEST_METHOD: "G E T" }, "400 Bad Request"],
    ["a length that is none", { CONTENT_LENGTH: "-1" }, "400 Bad Request"],
    ["a host that is none", { HTTP_HOST: "a/b@c" }, "400 Bad Request"],
    ["CONNECT", { REQUEST_METHOD: "CONNECT" }, "501 Not Implemented"],
  ])("%s never reaches the handler", async (_, more, status) => {
    let called = false;
    await start(() => {
      called = true;
      return new Response();
    });
    const lines = await new Peer().send(get(more as unknown as Record<string, string>)).answer();
    expect(text(lines)).toMatch(new RegExp(`^Status: ${status}\r\n`));
    expect(called).toBe(false);
  });
});

describe("a front end that gives up", () => {
  it("with ABORT_REQUEST: the signal aborts, and END_REQUEST comes", async () => {
    let signal: AbortSignal | undefined;
    const server = await start((request) => {
      signal = request.signal;
      return never();
    });
    const peer = new Peer().send(get());
    await until(
      () => signal !== undefined,
      () => "no request came",
      1_000,
    );
    peer.send(record(RecordType.AbortRequest, 1));
    expect((await peer.answer()).at(-1)).toBe("1 end 1 0");
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toMatchObject({ code: "aborted" });
    expect(server.connections).toBe(1);
  });

  it.each(["end", "destroy"] as const)("by %s: the signal aborts", async (how) => {
    let context: Context | undefined;
    await start((_, given) => {
      context = given;
      return never();
    });
    const peer = new Peer().send(get());
    await until(
      () => context !== undefined,
      () => "no request came",
      1_000,
    );
    peer.socket[how]();
    await until(
      () => context?.signal.aborted === true,
      () => "the signal did not abort",
      1_000,
    );
    expect(errors).toEqual([]);
  });

  it("while the response is sent: its stream is cancelled", async () => {
    let cancelled = false;
    const server = await start(
      () =>
        new Response(
          new ReadableStream<Uint8Array>({
            async pull(controller) {
              await sleep(1);
              controller.enqueue(new Uint8Array(1_000));
            },
            cancel: () => {
              cancelled = true;
            },
          }),
        ),
    );
    const peer = new Peer().send(get());
    await until(
      () => peer.received.length > 5_000,
      () => "nothing came",
      2_000,
    );
    peer.socket.destroy();
    await until(
      () => cancelled,
      () => "the stream was not cancelled",
      2_000,
    );
    await until(
      () => server.requests === 0,
      () => "the request still runs",
      2_000,
    );
    expect(server.connections).toBe(0);
  });

  it("half way through the body: an error for the handler that reads it", async () => {
    let caught: unknown;
    await start(async (request) => {
      await request.text().catch((error: unknown) => {
        caught = error;
      });
      return new Response();
    });
    const peer = new Peer().send(post(10), record(RecordType.Stdin, 1, "hello"));
    await sleep(20);
    peer.socket.end();
    await until(
      () => caught !== undefined,
      () => "the body did not end",
      2_000,
    );
    expect(caught).toMatchObject({ code: "truncated" });
  });

  it("but only closes its side: is still answered", async () => {
    await start(async () => {
      await sleep(30);
      return new Response("here you are");
    });
    const peer = new Peer().send(get());
    peer.socket.end();
    expect(text(await peer.answer())).toMatch(/here you are$/);
    await peer.closed();
  });
});

describe("connections", () => {
  it("are closed behind the answer without KEEP_CONN", async () => {
    const server = await start(hello);
    const peer = new Peer().send(begin(1, { keep: false }), params(1, variables()), endStdin());
    expect(text(await peer.closed())).toMatch(/hello$/);
    peer.socket.end();
    await until(
      () => server.connections === 0,
      () => "the connection is open",
      1_000,
    );
  });

  it("that are closed with a body unread do not lose the answer", async () => {
    await start(hello);
    const peer = new Peer({ path });
    const piece = record(RecordType.Stdin, 1, "x".repeat(60_000));
    peer.send(
      begin(1, { keep: false }),
      params(1, variables({ REQUEST_METHOD: "POST", CONTENT_LENGTH: "6000000" })),
    );
    for (let at = 0; at < 100; at++) peer.send(piece);
    expect(text(await peer.closed())).toMatch(/hello$/);
  });

  it("are kept with it, over TCP too", async () => {
    const server = await start(hello, { listen: "127.0.0.1:0" });
    const port = Number(/^127\.0\.0\.1:(\d+)$/.exec(server.address)?.[1]);
    const peer = new Peer({ host: "127.0.0.1", port });
    for (let at = 0; at < 3; at++) expect(text(await peer.send(get()).answer())).toMatch(/hello$/);
    expect(server.counts).toMatchObject({ connections: 1, requests: 3 });
  });

  it("carry one request at a time", async () => {
    await start(never);
    const lines = await new Peer().send(begin(1), params(1, variables()), get({}, 2)).answer(2);
    expect(lines).toEqual(["2 end 0 1"]);
  });

  it("of HAProxy carry the next request beside one that has come and is not answered", async () => {
    await start(({ url }) => (new URL(url).pathname === "/" ? never() : new Response("hello")));
    const haproxy = { SERVER_SOFTWARE: "HAProxy 2.6.12" };
    const first = get({ ...haproxy, REQUEST_URI: "/" });
    const next = get({ ...haproxy, REQUEST_URI: "/next" }, 2);
    const lines = await new Peer().send(first, next).answer(2);
    expect(lines.at(-1)).toBe("2 end 0 0");
  });

  it("carry several by option", async () => {
    await start(
      async (request) => {
        const name = new URL(request.url).pathname;
        await sleep(name === "/slow" ? 60 : 1);
        return new Response(name);
      },
      { multiplex: true },
    );
    const slow = get({ REQUEST_URI: "/slow" }, 1);
    const lines = await new Peer().send(slow, get({ REQUEST_URI: "/fast" }, 2)).answer(1);
    const ends = lines.filter((line) => line.includes(" end "));
    expect(ends).toEqual(["2 end 0 0", "1 end 0 0"]);
  });

  it("that carry several give up a body that nobody reads, and spare the others", async () => {
    await start(async (request) => (request.method === "POST" ? never() : new Response("fast")), {
      multiplex: true,
      bodyBuffer: 100_000,
    });
    const peer = new Peer().send(post(10_000_000), begin(2));
    for (let at = 0; at < 5; at++) peer.send(record(RecordType.Stdin, 1, "x".repeat(60_000)));
    const lines = await peer.answer(1);
    expect(lines.at(-1)).toBe("1 end 0 2");
    peer.send(params(2, variables()), endStdin(2));
    expect((await peer.answer(2)).at(-1)).toBe("2 end 0 0");
  });

  it("are told FCGI_MPXS_CONNS and the limits", async () => {
    await start(hello, { maxConnections: 7, maxRequests: 9 });
    const peer = new Peer().send(
      record(9, 0, "\x0f\0FCGI_MPXS_CONNS\x0e\0FCGI_MAX_CONNS\x0d\0FCGI_MAX_REQS"),
    );
    await until(
      () => peer.received.length > 0,
      () => "no values came",
      1_000,
    );
    expect(told(peer.received)).toEqual([
      "0 values FCGI_MPXS_CONNS=0 FCGI_MAX_CONNS=7 FCGI_MAX_REQS=9",
    ]);
  });

  it("are refused as overload when too many requests run", async () => {
    const server = await start(never, { maxRequests: 1 });
    new Peer().send(get());
    await until(
      () => server.requests === 1,
      () => "no request came",
      1_000,
    );
    expect(await new Peer().send(get()).answer()).toEqual(["1 end 0 2"]);
    expect(server.counts.refused).toBe(1);
  });

  it("are closed when there are too many", async () => {
    const server = await start(never, { maxConnections: 1 });
    new Peer().send(get());
    await until(
      () => server.connections === 1,
      () => "no connection came",
      1_000,
    );
    await new Peer().closed();
    expect(server.connections).toBe(1);
  });

  it("from peers that are not allowed are closed", async () => {
    const server = await start(hello, {
      listen: "127.0.0.1:0",
      allowedPeers: new Set(["192.0.2.1"]),
    });
    const port = Number(server.address.split(":")[1]);
    await new Peer({ host: "127.0.0.1", port }).send(get()).closed();
    expect(server.counts).toMatchObject({ denied: 1, requests: 0 });
  });
});

/** All that GET_VALUES knows, and how long the answer to it is. */
const askForValues = record(9, 0, "\x0f\0FCGI_MPXS_CONNS\x0e\0FCGI_MAX_CONNS\x0d\0FCGI_MAX_REQS");
const VALUES_LENGTH = 72;

describe("front ends that ask for values", () => {
  it("may do so for ever, as long as they read the answers", async () => {
    await start(hello);
    const peer = new Peer();
    let answered = 0;
    for (let round = 0; round < 3_000; round++) {
      peer.send(askForValues);
      const [bytes] = (await once(peer.socket, "data")) as [Buffer];
      answered += bytes.length;
    }
    expect(answered).toBe(3_000 * VALUES_LENGTH);
  });
});

describe("hostile front ends", () => {
  const cases: readonly (readonly [string, Uint8Array[], GatewayError["code"]])[] = [
    ["HTTP", [Buffer.from("GET / HTTP/1.1\r\n\r\n")], "wrong_protocol"],
    ["a malformed record", [get(), Buffer.from([9, 9, 9, 9, 9, 9, 9, 9])], "malformed"],
    [
      "an endless PARAMS stream",
      [
        begin(1),
        ...Array.from({ length: 20 }, () =>
          record(4, 1, `\x04\x80\0\xf0\0NAME${"x".repeat(0xf000)}`),
        ),
      ],
      "limit_exceeded",
    ],
    [
      "a flood of BEGIN_REQUEST",
      Array.from({ length: 2_000 }, (_, id) => begin(id + 1)),
      "limit_exceeded",
    ],
  ];

  it.each(cases)("with %s are closed and counted", async (_, sent, code) => {
    const server = await start(never);
    await new Peer().send(...sent).closed();
    await until(
      () => server.connections === 0,
      () => "the connection is open",
      1_000,
    );
    expect(errors).toMatchObject([{ code }]);
    expect(server.counts.errors).toBe(1);
    await until(
      () => server.requests <= 1,
      () => "requests are left",
      1_000,
    );
  });

  it.each([
    ["nothing", []],
    ["half a header", [Uint8Array.of(1, 1, 0)]],
    ["half a record", [record(4, 1, "x".repeat(100)).subarray(0, 50)]],
    ["a BEGIN_REQUEST", [begin(1)]],
    ["half the variables", [begin(1), record(4, 1, "\x01\x01A1")]],
  ])("that send %s and fall silent are closed", async (_, sent) => {
    const server = await start(hello, { headerTimeout: 60 });
    const peer = new Peer().send(...sent);
    await peer.closed(2_000);
    expect(server.connections).toBe(0);
    expect(errors).toMatchObject([{ code: "deadline" }]);
  });

  it("that trickle are closed on time all the same", async () => {
    await start(hello, { headerTimeout: 100 });
    const peer = new Peer().send(begin(1));
    const timer = setInterval(() => {
      if (!peer.ended) peer.send(record(4, 1, "\x01\x01A1"));
    }, 10);
    const began = Date.now();
    await peer.closed(2_000);
    clearInterval(timer);
    expect(Date.now() - began).toBeLessThan(1_000);
  });

  it("that begin a request between others and never finish it are closed", async () => {
    await start(hello, { headerTimeout: 100, multiplex: true });
    const peer = new Peer().send(begin(9));
    const timer = setInterval(() => {
      if (!peer.ended) peer.send(get({}, 1));
    }, 10);
    await peer.closed(2_000);
    clearInterval(timer);
    expect(errors).toMatchObject([{ code: "deadline" }]);
  });

  it("that keep a connection and do nothing are closed after a while", async () => {
    await start(hello, { idleTimeout: 60 });
    const peer = new Peer().send(get());
    await peer.answer();
    await peer.closed(2_000);
    expect(errors).toEqual([]);
  });

  it("that ask for values and never read are made to wait", async () => {
    const server = await start(hello, { headerTimeout: 0 });
    const peer = new Peer();
    peer.socket.pause();
    const flood = joinBytes(...Array.from({ length: 1_000 }, () => askForValues));
    let sent = 0;
    for (let quiet = 0; quiet < 20 && sent < 400; quiet++) {
      while (sent < 400 && peer.socket.writableLength === 0) {
        peer.socket.write(flood);
        sent += 1;
        quiet = 0;
      }
      await sleep(5);
    }
    expect(sent * flood.length).toBeLessThan(10_000_000);
    expect(server.connections).toBe(1);

    peer.socket.resume();
    await until(
      () => peer.received.length === sent * 1_000 * VALUES_LENGTH,
      () => `${peer.received.length} bytes came of ${sent * 1_000} answers`,
    );
  });
});

describe("close", () => {
  it("stops listening, and removes the socket", async () => {
    const server = await start(hello);
    expect(server.address).toBe(`unix:${path}`);
    await server.close();
    const [error] = (await once(new Peer().socket, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ENOENT");
    await server.close();
  });

  it("waits for requests that run, and closes kept connections at once", async () => {
    let answered = false;
    const server = await start(async (request) => {
      if (request.url.endsWith("/slow")) await sleep(80);
      answered = true;
      return new Response("done");
    });
    const idle = new Peer().send(get());
    await idle.answer();
    answered = false;
    const busy = new Peer().send(get({ REQUEST_URI: "/slow" }));
    await until(
      () => server.requests === 1,
      () => "no request came",
      1_000,
    );
    const closing = server.close();
    await idle.closed(500);
    expect(answered).toBe(false);
    idle.socket.end();
    expect(text(await busy.answer())).toMatch(/done$/);
    busy.socket.end();
    await closing;
    expect(server.connections).toBe(0);
  });

  it("cuts what is left when its time is over", async () => {
    let signal: AbortSignal | undefined;
    const server = await start((request) => {
      signal = request.signal;
      return never();
    });
    const peer = new Peer().send(get());
    await until(
      () => signal !== undefined,
      () => "no request came",
      1_000,
    );
    await server.close(30);
    await until(
      () => signal?.aborted === true,
      () => "the signal did not abort",
      1_000,
    );
    await peer.closed();
  });
});

describe("listening", () => {
  it("on a socket that an earlier process left behind", async () => {
    const left = net.createServer().listen(path);
    await once(left, "listening");
    // As a process does that is killed: the socket stays.
    (left as unknown as { _handle: { close(): void } })._handle.close();
    const server = await start(hello);
    expect(text(await new Peer().send(get()).answer())).toMatch(/hello$/);
    await server.close(0);
  });

  it("on an address that is taken is refused", async () => {
    await start(hello);
    await expect(serve(hello, { listen: `unix:${path}` })).rejects.toMatchObject({
      code: "bad_address",
      hint: expect.stringContaining("another server listens there"),
    });
  });

  it.each(["nonsense", "unix:/missing/folder/x.sock", "127.0.0.1:99999"])(
    "on %s is refused",
    async (listen) => {
      await expect(serve(hello, { listen })).rejects.toMatchObject({ name: "GatewayError" });
    },
  );

  it("with a server of Node's own", async () => {
    const own = net.createServer().listen(path);
    await once(own, "listening");
    const server = await start(hello, { listen: own });
    expect(text(await new Peer().send(get()).answer())).toMatch(/hello$/);
    await server.close(0);
    expect(own.listening).toBe(false);
  });
});
