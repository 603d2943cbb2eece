import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { ServeOptions } from "../../src/server/options.js";
import { serve } from "../../src/server/serve.js";
import { until } from "../harness/server-process.js";
import { get, text } from "./fastcgi-front-end.js";
import { hello, never, serveFastCgi } from "./serving.js";

const { connect, path, start } = serveFastCgi();

describe("listening", () => {
  it("on a socket that an earlier process left behind", async () => {
    const left = net.createServer().listen(path);
    await once(left, "listening");
    // Like a process that is killed: the socket file stays.
    (left as unknown as { _handle: { close(): void } })._handle.close();
    const server = await start(hello);
    expect(text(await connect().send(get()).answer())).toMatch(/hello$/);
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

  it.each([undefined, null, 9_000])("on %s is refused by name", async (listen) => {
    const options = { listen } as unknown as ServeOptions;
    await expect(serve(hello, options)).rejects.toMatchObject({
      code: "bad_input",
      message: expect.stringContaining("listen"),
    });
  });

  it.each([
    ["maxConnections", -1],
    ["maxRequests", 1.5],
    ["bodyBuffer", -5],
    ["headerTimeout", Number.NaN],
    ["idleTimeout", 2 ** 31],
    ["writeTimeout", -1],
  ])("with %s %d is refused", async (name, value) => {
    await expect(serve(hello, { listen: `unix:${path}`, [name]: value })).rejects.toMatchObject({
      code: "bad_input",
      message: expect.stringContaining(`${name} is ${value}`),
    });
  });

  it("with a server of Node's own", async () => {
    const own = net.createServer().listen(path);
    await once(own, "listening");
    const server = await start(hello, { listen: own });
    expect(text(await connect().send(get()).answer())).toMatch(/hello$/);
    await server.close(0);
    expect(own.listening).toBe(false);
  });
});

describe("close", () => {
  it.each([-1, Number.NaN, "5s" as unknown as number])(
    "within %s is refused by rejecting, and the server goes on",
    async (timeout) => {
      const server = await start(hello);
      const closing = server.close(timeout);
      await expect(closing).rejects.toMatchObject({
        code: "bad_input",
        message: `timeout is ${timeout}, not milliseconds from 0 to Infinity`,
      });
      expect(text(await connect().send(get()).answer())).toMatch(/hello$/);
      await server.close(Number.POSITIVE_INFINITY);
    },
  );

  it("stops listening, and removes the socket", async () => {
    const server = await start(hello);
    expect(server.address).toBe(`unix:${path}`);
    await server.close();
    const [error] = (await once(connect().socket, "error")) as [NodeJS.ErrnoException];
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
    const idle = connect().send(get());
    await idle.answer();
    answered = false;
    const busy = connect().send(get({ REQUEST_URI: "/slow" }));
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

  it("cuts the remaining connections at the timeout", async () => {
    let signal: AbortSignal | undefined;
    const server = await start((request) => {
      signal = request.signal;
      return never();
    });
    const peer = connect().send(get());
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
