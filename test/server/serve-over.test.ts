import { afterEach, describe, expect, it } from "vitest";
import { type ClientProtocol, Protocol } from "../../src/address.js";
import { gatewayFetchOver } from "../../src/client/fetch-over.js";
import type { Handler, HandlerLike } from "../../src/server/handler.js";
import { type ServeOverOptions, serveOver } from "../../src/server/serve-over.js";
import type { DuplexStreams } from "../../src/transport/web-streams.js";
import { summaryOf } from "../fastcgi/records-of.js";
import { get, post } from "./fastcgi-front-end.js";
import { gate, hello, never, streamOf } from "./serving.js";
import { scgi } from "./talk.js";

/** Both ends of a connection in memory, on which a chunk waits until it is read. */
function connection(): { client: DuplexStreams; server: DuplexStreams } {
  const up = new TransformStream<Uint8Array, Uint8Array>();
  const down = new TransformStream<Uint8Array, Uint8Array>();
  return {
    client: { readable: down.readable, writable: up.writable },
    server: { readable: up.readable, writable: down.writable },
  };
}

const errors: { code?: string; message?: string }[] = [];
afterEach(() => void errors.splice(0));
const codes = () => errors.map(({ code, message }) => code ?? message);

/** A handler behind a connection in memory, and its front end, which writes and reads bytes. */
function served(handler: HandlerLike, options: ServeOverOptions = {}) {
  const { client, server } = connection();
  const done = serveOver(server, handler, {
    onError: (error) => void errors.push(error as Error),
    ...options,
  });
  const writer = client.writable.getWriter();
  const reader = client.readable.getReader();
  writer.closed.catch(() => {});
  const leave = async () => {
    await Promise.allSettled([writer.close(), reader.cancel()]);
  };
  return {
    done,
    writer,
    reader,
    send: (bytes: Uint8Array) => writer.write(bytes),
    leave,
    /** Reads until the records match, or to the end, and then leaves. */
    async records(isEnough: (lines: string[]) => boolean = () => false): Promise<string[]> {
      let bytes = Buffer.alloc(0);
      for (;;) {
        const { done: isOver, value } = await reader.read();
        if (isOver) {
          await leave();
          return summaryOf(bytes);
        }
        bytes = Buffer.concat([bytes, value]);
        const whole = recordsIn(bytes);
        if (whole !== undefined && isEnough(whole)) return whole;
      }
    },
    /** Reads to the end, and leaves. */
    async text(): Promise<string> {
      let text = "";
      for (;;) {
        const { done: isOver, value } = await reader.read();
        if (isOver) {
          await leave();
          return text;
        }
        text += Buffer.from(value).toString("latin1");
      }
    },
  };
}

function recordsIn(bytes: Uint8Array): string[] | undefined {
  try {
    return summaryOf(bytes);
  } catch {
    return undefined;
  }
}
const hasEnded = (lines: string[]) => lines.some((line) => line.startsWith("1 end"));

const echo: Handler = async (request, { protocol, variables }) =>
  new Response(await request.arrayBuffer(), {
    status: 201,
    headers: { "x-protocol": protocol, "x-query": variables.get("QUERY_STRING") ?? "" },
  });

describe("serveOver and gatewayFetchOver", () => {
  it.each([Protocol.FastCgi, Protocol.Scgi, Protocol.Uwsgi])("speak %s", async (protocol) => {
    const { client, server } = connection();
    const done = serveOver(server, echo, { protocol });
    const body = new Uint8Array(300_000).map((_, at) => at);
    const request = new Request("http://app.test/a?b=c", { method: "POST", body });
    const response = await gatewayFetchOver(client, request, { protocol });
    expect([response.status, response.headers.get("x-protocol")]).toEqual([201, protocol]);
    expect(response.headers.get("x-query")).toBe("b=c");
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true);
    await done;
  });
});

describe("a connection over Web Streams", () => {
  it("is kept for further requests, until its signal aborts", async () => {
    const controller = new AbortController();
    const end = served(hello, { signal: controller.signal });
    for (let count = 0; count < 2; count++) {
      void end.send(get());
      expect((await end.records(hasEnded)).join()).toContain("hello");
    }
    controller.abort();
    expect(await end.records()).toEqual([]);
    await end.done;
    expect(errors).toEqual([]);
  });

  it("answers the request that runs when its signal aborts", async () => {
    const controller = new AbortController();
    const running = gate();
    const end = served(() => running.opened.then(() => new Response("whole")), {
      signal: controller.signal,
    });
    await end.send(get());
    controller.abort();
    running.open();
    expect((await end.records()).join()).toContain("whole");
    await end.done;
  });

  it("is not read while the handler does not read", async () => {
    const read = gate();
    const handler: Handler = async (request) => {
      await read.opened;
      return new Response(`${(await request.text()).length} bytes`);
    };
    const request = scgi("x".repeat(2_000_000));
    const end = served(handler, { protocol: Protocol.Scgi, bodyBuffer: 100_000 });
    let taken = 0;
    const sent = (async () => {
      for (; taken < request.length; taken += 10_000) {
        await end.send(request.subarray(taken, taken + 10_000));
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(taken).toBeLessThan(200_000);
    read.open();
    await sent;
    expect(await end.text()).toContain("2000000 bytes");
    await end.done;
  });

  it("makes a response wait for its reader", async () => {
    let pulled = 0;
    const endless = streamOf((controller) => {
      pulled += 1;
      controller.enqueue(new Uint8Array(65_536));
    });
    const end = served(() => new Response(endless));
    await end.send(get());
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(pulled).toBeLessThan(8);
    await end.leave();
    await end.done;
  });

  it("does not change the bytes that it is given", async () => {
    const request = post(3, { CONTENT_LENGTH: "0" });
    const before = request.slice();
    const end = served(hello);
    await end.send(request);
    void end.writer.close();
    await end.done;
    expect(request).toEqual(before);
  });
});

describe("a front end that leaves", () => {
  it("aborts the request's signal, and the handler is waited for", async () => {
    const returned = gate();
    const aborted = gate();
    const handler: Handler = async ({ signal }) => {
      signal.addEventListener("abort", () => aborted.open());
      await returned.opened;
      return new Response("nobody reads this");
    };
    const end = served(handler);
    await end.send(get());
    await Promise.all([end.writer.abort(), end.reader.cancel()]);
    await aborted.opened;
    let isDone = false;
    void end.done.then(() => {
      isDone = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isDone).toBe(false);
    returned.open();
    await end.done;
    expect(errors).toEqual([]);
  });

  it("cancels the response's body", async () => {
    const cancelled = gate();
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
      cancel: () => cancelled.open(),
    });
    const end = served(() => new Response(body));
    await end.send(get());
    await end.reader.read();
    await end.reader.cancel();
    await cancelled.opened;
    await end.done;
  });
});

describe("errors", () => {
  it("of a handler are answered with 500, and reported", async () => {
    const end = served(() => {
      throw new Error("the secret");
    });
    await end.send(get());
    const lines = await end.records(hasEnded);
    expect(lines.join()).toContain("Status: 500 Internal Server Error");
    expect(codes()).toEqual(["the secret"]);
    await end.leave();
    await end.done;
  });

  it("of a client are answered, and reported", async () => {
    const end = served(hello, { protocol: Protocol.Scgi, limits: { variables: 10 } });
    void end.send(scgi("")).catch(() => {});
    expect(await end.text()).toContain("Status: 431");
    await end.done;
    expect(codes()).toEqual(["limit_exceeded"]);
  });

  it("of the application's own streams are reported", async () => {
    const texts = new ReadableStream({
      start: (controller) => controller.enqueue("no bytes"),
    });
    const onError = (error: unknown) => void errors.push(error as Error);
    await serveOver({ readable: texts, writable: new WritableStream() }, hello, { onError });
    expect(codes()).toEqual(["the readable stream has a chunk that is not a Uint8Array"]);
  });

  it.each<[string, Record<string, unknown>]>([
    ["protocol", { protocol: "cgi" satisfies ClientProtocol }],
    ["protocol", { protocol: "http" }],
    ["bodyTimeout", { bodyTimeout: -1 }],
  ])("name a wrong %s: %j", async (name, options) => {
    const failure = serveOver(connection().server, hello, options);
    await expect(failure).rejects.toMatchObject({
      code: "bad_input",
      message: expect.stringContaining(name),
    });
  });

  it("name a signal that is none, before the streams are in use", async () => {
    const { server } = connection();
    const failure = serveOver(server, hello, { signal: {} as AbortSignal });
    await expect(failure).rejects.toThrow("signal: [object Object] is not an AbortSignal");
    expect([server.readable.locked, server.writable.locked]).toEqual([false, false]);
  });

  it("name streams that are in use", async () => {
    const { server } = connection();
    server.readable.getReader();
    await expect(serveOver(server, hello)).rejects.toThrow(TypeError);
  });
});

describe("a deadline", () => {
  const half = get().subarray(0, 20);
  const stuck = streamOf((controller) => controller.enqueue(new Uint8Array(65_536)));
  it.each<[string, Uint8Array, Handler, ServeOverOptions]>([
    ["header", half, hello, { headerTimeout: 30 }],
    ["response", get(), never, { responseTimeout: 30 }],
    ["body", post(10), (request) => request.text().then(() => new Response()), { bodyTimeout: 30 }],
    ["write", get(), () => new Response(stuck), { writeTimeout: 30 }],
  ])("of the %s ends the request", async (_, bytes, handler, options) => {
    const end = served(handler, options);
    await end.send(bytes);
    await expect.poll(codes).toEqual(["deadline"]);
    await end.leave();
    await end.done;
  });

  it("of an idle connection closes it", async () => {
    const end = served(hello, { idleTimeout: 30 });
    void end.send(get());
    expect((await end.records()).at(-1)).toBe("1 end 0 0");
    await end.done;
    expect(errors).toEqual([]);
  });
});
