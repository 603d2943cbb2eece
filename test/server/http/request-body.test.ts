import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Context, Handler } from "../../../src/server/handler.js";
import { until } from "../../harness/server-process.js";
import { gate, serveHttp } from "../serving.js";
import { bodyOf, get, post } from "./requests.js";

const { connect, errors, start } = serveHttp();

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

  it("is null for a request without one", async () => {
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
    expect(peer.length).toBeGreaterThan(length);
  });

  it("that is not read makes the client wait, and is dropped with the answer", async () => {
    const answering = gate();
    const server = await start(async () => {
      await answering.opened;
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
    answering.open();
    await peer.has(/\r\n\r\ndone$/);
    peer.send(get());
    await peer.has(/done.*\r\n\r\ndone$/s);
  });

  it("that stops coming ends in a deadline for its reader", async () => {
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

  it("whose client leaves half way is an error for its reader", async () => {
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

  it("is read for a moment after the last answer, so that the answer is not lost", async () => {
    const answering = gate();
    const server = await start(async () => {
      await answering.opened;
      return new Response("too much", { status: 413 });
    });
    const peer = connect(server).send(post("x", 3_000_000));
    await until(
      () => server.requests === 1,
      () => "no request came",
    );
    const closing = server.close();
    answering.open();
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
