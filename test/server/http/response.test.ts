import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { until } from "../../harness/server-process.js";
import { gate, serveHttp, streamOf } from "../serving.js";
import { get, last } from "./requests.js";

const { connect, errors, start } = serveHttp();

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

  it("keeps its cookies apart, and leaves out the fields about the connection", async () => {
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
    const answering = gate();
    const server = await start(() => {
      const body = streamOf(async (controller) => {
        await answering.opened;
        controller.enqueue(Buffer.from("late"));
        controller.close();
      });
      return new Response(body);
    });
    const peer = connect(server).send(get());
    expect(await peer.has("\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 200 OK\r\n.*\r\nTransfer-Encoding: chunked\r\n/s,
    );
    answering.open();
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
    expect(peer.length).toBeGreaterThan(65_536_000);
  });

  it("that is not read is abandoned", async () => {
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

  it("that breaks off is reset, where closing would mean its end: HTTP/1.0", async () => {
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
