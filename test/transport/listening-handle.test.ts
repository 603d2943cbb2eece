import { once } from "node:events";
import net from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import {
  createHandle,
  handleOf,
  type ListeningHandle,
  listenOnly,
  pauseAccepting,
  resumeAccepting,
} from "../../src/transport/listening-handle.js";
import { makeFolder } from "../harness/server-process.js";

const handles: ListeningHandle[] = [];
const sockets: net.Socket[] = [];
afterEach(() => {
  for (const handle of handles.splice(0)) handle.close();
  for (const socket of sockets.splice(0)) socket.destroy();
});

function create(...args: Parameters<typeof createHandle>): ListeningHandle {
  const handle = createHandle(...args);
  if (handle === undefined || typeof handle === "number") throw new Error(`no handle: ${handle}`);
  handles.push(handle);
  return handle;
}

async function connect(target: net.NetConnectOpts): Promise<void> {
  const socket = net.connect(target);
  sockets.push(socket);
  await once(socket, "connect");
}

function bound(kind: string): { handle: ListeningHandle; target: net.NetConnectOpts } {
  if (kind === "unix") {
    const path = join(makeFolder(), "app.sock");
    return { handle: create(path, -1, -1), target: { path } };
  }
  const handle = create("127.0.0.1", 0, 4);
  const name: { port?: number } = {};
  handle.getsockname?.(name);
  return { handle, target: { host: "127.0.0.1", port: name.port as number } };
}

describe.each(["unix", "tcp"])("a socket that only listens: %s", (kind) => {
  it("lets connections wait, and accepts none", async () => {
    const { handle, target } = bound(kind);
    let accepted = 0;
    Object.assign(handle, { onconnection: () => (accepted += 1) });
    expect(listenOnly(handle, 511)).toBe(0);
    for (let count = 0; count < 3; count++) await connect(target);
    await sleep(50);
    expect(accepted).toBe(0);
  });
});

describe.each(["unix", "tcp"])("a server that pauses: %s", (kind) => {
  it("accepts one connection at a time, also when more wait", async () => {
    const { handle: first, target } = bound(kind);
    listenOnly(first, 511);
    for (let count = 0; count < 3; count++) await connect(target);
    // A process that shares the socket has a descriptor of its own; here it is the same one.
    handles.splice(0);
    const server = net.createServer();
    server.listen({ fd: first.fd });
    const handle = handleOf(server) as ListeningHandle;
    expect(pauseAccepting(handle)).toBe(0);
    let accepted = 0;
    server.on("connection", (socket) => {
      sockets.push(socket);
      accepted += 1;
      pauseAccepting(handle);
    });
    await sleep(50);
    expect(accepted).toBe(0);
    for (let count = 1; count <= 3; count++) {
      resumeAccepting(handle);
      await sleep(50);
      expect(accepted).toBe(count);
    }
    server.close();
  });
});

it("finds that a port is taken when it listens", async () => {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  const handle = createHandle("127.0.0.1", port, 4);
  const error = typeof handle === "number" ? handle : listenOnly(handle as ListeningHandle, 511);
  expect(error).toBeLessThan(0);
  if (typeof handle === "object") handle.close();
  server.close();
});
