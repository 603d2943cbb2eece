import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { until } from "../../harness/server-process.js";
import { hello, never, serveHttp } from "../serving.js";
import { get } from "./requests.js";

const { connect, start } = serveHttp();

describe("a server of HTTP that closes", () => {
  it("answers the request in progress, and says that it is the last", async () => {
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

  it("serves a request that is on its way on a kept connection", async () => {
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

  it("cuts the remaining connections at the timeout", async () => {
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
