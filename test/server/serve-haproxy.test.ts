import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Handler } from "../../src/server/handler.js";
import { type GatewayServer, serve } from "../../src/server/serve.js";
import { describeWith } from "../harness/describe-with.js";
import type { FrontEnd } from "../harness/front-ends/front-end.js";
import { startHaproxyFront } from "../harness/front-ends/haproxy.js";
import { freePort } from "../harness/ports.js";
import { until } from "../harness/server-process.js";
import { ask } from "../matrix/client.js";

const MEGABYTE = 1_048_576;

/** The results of requests that wait, and the functions that let them continue. */
const waiting = new Map<string, () => void>();
const aborted: string[] = [];
/** The answers that clients have read so far. */
const received = new WeakMap<Socket, string>();

function gate(path: string): Promise<void> {
  return new Promise((resolve) => waiting.set(path, resolve));
}

const application: Handler = async (request, { signal }) => {
  const { pathname } = new URL(request.url);
  signal.addEventListener("abort", () => aborted.push(pathname));
  switch (pathname) {
    case "/silent":
      await gate(pathname);
      return new Response(new Uint8Array(MEGABYTE).fill(0x61));
    case "/flow":
      return new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(new Uint8Array(10).fill(0x62));
            await gate(pathname);
            controller.enqueue(new Uint8Array(MEGABYTE).fill(0x62));
            controller.close();
          },
        }),
      );
    case "/upload":
      waiting.set(pathname, () => {});
      return new Response(`${(await request.arrayBuffer()).byteLength}`);
    case "/echo":
      return new Response(await request.arrayBuffer());
    default:
      return new Response(pathname);
  }
};

/** Connects a client that sends `request`. It stays until its socket is destroyed. */
async function visit(url: string, request: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  socket.on("data", (bytes) => received.set(socket, (received.get(socket) ?? "") + bytes));
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(request);
  return socket;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

describeWith(["haproxy"], "clients that leave HAProxy", () => {
  const servers = new Map<string, GatewayServer>();
  let frontEnd: FrontEnd;

  beforeAll(async () => {
    for (const [name, multiplex] of Object.entries({ "keep-conn": false, "mpxs-conns": true })) {
      servers.set(name, await serve(application, { listen: "127.0.0.1:0", multiplex }));
    }
    const routes = [];
    for (const [name, { address }] of servers) {
      routes.push({ name, backend: address, port: await freePort() });
    }
    frontEnd = await startHaproxyFront(routes);
  });
  afterAll(async () => {
    await frontEnd?.stop();
    await Promise.all([...servers.values()].map((server) => server.close(0)));
  });

  for (const way of ["keep-conn", "mpxs-conns"]) {
    const server = () => servers.get(way) as GatewayServer;
    const url = () => frontEnd.urls.get(way) as string;

    const idle = () =>
      until(
        () => server().requests === 0,
        () => "a handler still runs",
      );

    /** Waits until a handler waits, disconnects the client, and waits until HAProxy has noticed. */
    async function leave(path: string, client: Socket): Promise<() => void> {
      await until(
        () => waiting.has(path),
        () => `nothing came for ${path}`,
      );
      // A client that leaves just before its answer begins is closed only at HAProxy's timeout.
      if (path === "/flow") {
        await until(
          () => received.get(client)?.includes("bbb") === true,
          () => "the answer has not begun",
        );
      }
      const release = waiting.get(path) as () => void;
      waiting.delete(path);
      // HAProxy closes its side after it has seen the client's end and abandoned the request.
      const closed = new Promise((resolve) => client.once("close", resolve));
      client.end();
      await closed;
      return release;
    }

    it.each([
      ["before the answer", "/silent"],
      ["in the middle of the answer", "/flow"],
    ])(`${way}: %s, in silence: the next request is answered beside theirs`, async (_, path) => {
      await ask(`${url()}/first`);
      const { connections } = server().counts;
      const release = await leave(path, await visit(url(), get(path)));
      expect(await ask(`${url()}/next`)).toMatchObject({ status: 200, body: "/next" });
      expect(server()).toMatchObject({ requests: 1, counts: { connections } });

      const body = new Uint8Array(MEGABYTE).fill(0x63);
      const echoed = ask(`${url()}/echo`, { method: "POST", body });
      release();
      expect((await echoed).body).toBe("c".repeat(MEGABYTE));
      await idle();
      expect(await ask(`${url()}/last`)).toMatchObject({ status: 200, body: "/last" });
      expect(server().counts).toMatchObject({ errors: 0, refused: 0 });
    });

    it(`${way}: half way through an upload: their handler's signal aborts, and the next is answered`, async () => {
      const head = "POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n";
      const client = await visit(url(), head + "x".repeat(40_000));
      await leave("/upload", client);
      expect(await ask(`${url()}/next`)).toMatchObject({ status: 200, body: "/next" });
      await until(
        () => aborted.includes("/upload"),
        () => "the handler's signal did not abort",
      );
      aborted.length = 0;
      await idle();
    });

    it(`${way}: many, one after the other`, async () => {
      const released = [];
      for (let count = 0; count < 20; count++) {
        released.push(await leave("/silent", await visit(url(), get("/silent"))));
        expect((await ask(`${url()}/next`)).body).toBe("/next");
      }
      expect(server().requests).toBe(20);
      for (const release of released) release();
      await idle();
      expect((await ask(`${url()}/last`)).body).toBe("/last");
    });
  }
});
