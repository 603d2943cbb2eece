import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { AcceptQueues } from "../../src/transport/accept-queues.js";
import { listenOnly } from "../harness/listen-only.js";
import { freePort } from "../harness/ports.js";
import type { ServerProcess } from "../harness/server-process.js";

let folder: string;
let server: ServerProcess;
let port: number;
let port6: number;
let anyPort: number;
const name = `fcgi-probe queue ${process.pid}`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "accept queues "));
  mkdirSync(join(folder, "real"));
  symlinkSync(join(folder, "real"), join(folder, "linked"));
  [port, port6, anyPort] = [await freePort(), await freePort(), await freePort()];
  server = await listenOnly([
    `unix ${join(folder, "linked", "bound.sock")}`,
    `unix @${name}`,
    `tcp 127.0.0.1 ${port}`,
    `tcp ::1 ${port6}`,
    `tcp 0.0.0.0 ${anyPort}`,
  ]);
  symlinkSync(join(folder, "real", "bound.sock"), join(folder, "link.sock"));
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Connects so many clients, of which some close at once. They end with the test. */
async function clients(to: NetConnectOpts, count: number, closing: number): Promise<void> {
  const sockets = Array.from({ length: count }, () => connect(to).on("error", () => {}));
  onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
  await Promise.all(sockets.map((socket) => once(socket, "connect")));
  await Promise.all(sockets.slice(0, closing).map(close));
}

async function close(socket: Socket): Promise<void> {
  socket.destroy();
  await once(socket, "close");
}

describe("the accept queue of a socket that accepts nothing", () => {
  it("is that of a unix socket, by any path that leads to it", async () => {
    await clients({ path: join(folder, "link.sock") }, 3, 1);
    const table = await new AcceptQueues().read();
    for (const path of ["linked/bound.sock", "real/bound.sock", "link.sock"]) {
      expect(table.queueOf({ socketPath: join(folder, path) }), path).toEqual({
        waiting: 3,
        abandoned: 1,
      });
    }
  });

  it("is that of an abstract socket", async () => {
    const table = await new AcceptQueues().read();
    expect(table.queueOf({ socketPath: `\0${name}` })).toEqual({ waiting: 0, abandoned: 0 });
  });

  it("is that of a port, in IPv4, IPv6, and for a socket of all addresses", async () => {
    await clients({ host: "127.0.0.1", port }, 4, 3);
    await clients({ host: "::1", port: port6 }, 2, 1);
    await clients({ host: "127.0.0.1", port: anyPort }, 3, 1);
    const table = await new AcceptQueues().read();
    const queue = (host: string, of: number) => table.queueOf({ host, port: of });
    expect(queue("127.0.0.1", port)).toEqual({ waiting: 4, abandoned: 3 });
    expect(queue("localhost", port)).toEqual({ waiting: 4, abandoned: 3 });
    expect(queue("[::1]", port6)).toEqual({ waiting: 2, abandoned: 1 });
    expect(queue("127.0.0.1", anyPort)).toEqual({ waiting: 3, abandoned: 1 });
  });

  it("is empty, not unknown, while no client waits", async () => {
    const other = await freePort();
    const idle = await listenOnly([`tcp 127.0.0.1 ${other}`]);
    onTestFinished(() => idle.stop());
    const table = await new AcceptQueues().read();
    expect(table.queueOf({ host: "127.0.0.1", port: other })).toEqual({ waiting: 0, abandoned: 0 });
  });
});

describe("an unknown accept queue", () => {
  it.each([
    ["a socket that does not listen", { socketPath: "/nowhere/x.sock" }],
    ["an abstract name that nothing has", { socketPath: "\0nothing has this name" }],
    ["a port on which nothing listens", { host: "127.0.0.1", port: 1 }],
    ["another machine", { host: "192.0.2.1", port: 9000 }],
    ["a host name", { host: "pool.example", port: 9000 }],
  ])("is undefined: %s", async (_what, endpoint) => {
    expect((await new AcceptQueues().read()).queueOf(endpoint)).toBeUndefined();
  });
});

it("knows the longest queue of the system", async () => {
  const limit = readFileSync("/proc/sys/net/core/somaxconn", "utf8").trim();
  expect(`${(await new AcceptQueues().read()).longest}`).toBe(limit);
});

it("reads the tables once for all that ask within a second", async () => {
  const queues = new AcceptQueues();
  expect(await queues.read()).toBe(await queues.read());
});

it("reads only the tables of the sockets that are asked for, and later the others", async () => {
  const queues = new AcceptQueues();
  const endpoint = { host: "127.0.0.1", port };
  const unixOnly = await queues.read({ unix: true, tcp: false });
  expect(unixOnly.queueOf(endpoint)).toBeUndefined();
  expect(unixOnly.queueOf({ socketPath: join(folder, "link.sock") })).toBeDefined();
  expect((await queues.read()).queueOf(endpoint)).toBeDefined();
});
