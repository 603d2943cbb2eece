import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { gatewayFetch } from "../../src/client/fetch.js";
import { allowedPeers, isAllowed, listensOnTcp } from "../../src/server/allowed-peers.js";
import type { Context } from "../../src/server/handler.js";
import type { ServeOptions } from "../../src/server/options.js";
import { serve } from "../../src/server/serve.js";
import { freePort } from "../harness/ports.js";
import { childrenOf } from "../harness/processes.js";
import { makeFolder, until } from "../harness/server-process.js";
import { startMaster } from "../pool/master.js";
import { protocols, requestOf, type ServedProtocol, sendAndReset } from "./requests-of.js";

const TIMES = 10;
const times = Array.from({ length: TIMES }, (_, index) => index);

/** Counts the requests that run for clients that send a complete one and reset at once. */
async function runAfterResets(protocol: ServedProtocol, options: Partial<ServeOptions> = {}) {
  const peers: (string | undefined)[] = [];
  const handler = (_: Request, { variables }: Context): Response => {
    peers.push(variables.get("REMOTE_ADDR"));
    return new Response("never read");
  };
  await using server = await serve(handler, {
    listen: `${protocol}://127.0.0.1:0`,
    onError: () => {},
    ...options,
  });
  const port = Number(server.address.split(":").at(-1));
  await Promise.all(times.map(() => sendAndReset(port, requestOf(protocol, "/"))));
  const seen = () => peers.length + server.counts.denied;
  await until(
    () => seen() >= TIMES,
    () => `${seen()} of ${TIMES} clients were served or denied`,
  );
  // Time for further requests to run, which must not.
  await sleep(50);
  return { run: peers.length, peers, ...server.counts };
}

describe("a client that sends a whole request and resets at once", () => {
  it.each(protocols)("passes no list of peers: %s", async (protocol) => {
    const allowedPeers = new Set(["192.0.2.1"]);
    expect(await runAfterResets(protocol, { allowedPeers })).toMatchObject({
      run: 0,
      denied: TIMES,
      requests: 0,
    });
  });

  it("is refused by a list that has its address, which can no longer be known", async () => {
    const allowedPeers = new Set(["127.0.0.1"]);
    const { run, denied } = await runAfterResets("fcgi", { allowedPeers });
    // One may be accepted before its reset arrives.
    expect(run + denied).toBe(TIMES);
    expect(denied).toBeGreaterThan(TIMES / 2);
  });

  it("is served where no list is set, as php-fpm does", async () => {
    expect(await runAfterResets("scgi")).toMatchObject({ run: TIMES, denied: 0 });
  });

  it("is never taken for a unix socket's over HTTP, where REMOTE_ADDR distinguishes the two", async () => {
    const { peers, denied } = await runAfterResets("http");
    expect(peers.every((peer) => peer === "127.0.0.1")).toBe(true);
    expect(denied).toBeGreaterThan(TIMES / 2);
  });

  it("reaches no application of connections", async () => {
    let run = 0;
    const connection = (): void => {
      run += 1;
    };
    const allowedPeers = new Set(["192.0.2.1"]);
    await using server = await serve({ connection }, { listen: "127.0.0.1:0", allowedPeers });
    await sendAndReset(Number(server.address.split(":").at(-1)), Buffer.from("x"));
    await sleep(50);
    expect([run, server.counts.denied]).toEqual([0, 1]);
  });

  const pools = protocols.flatMap((protocol) =>
    ["shared", "delegate"].map((mode) => [protocol, mode] as const),
  );
  it.each(pools)("runs nothing in a pool: %s, %s", async (protocol, mode) => {
    const port = await freePort();
    const args = ["--workers", "1", "--mode", mode];
    const listen = `${protocol}://127.0.0.1:${port}`;
    const env = { FCGI_WEB_SERVER_ADDRS: "192.0.2.1" };
    await using master = await startMaster(args, { listen, env });
    // The accepting process is stopped, so that every connection is reset before it is accepted.
    const accepting = mode === "shared" ? master.workers : [master.pid];
    for (const pid of accepting) process.kill(pid, "SIGSTOP");
    await Promise.all(times.map(() => sendAndReset(port, requestOf(protocol, "/say"))));
    for (const pid of accepting) process.kill(pid, "SIGCONT");
    await sleep(300);
    expect(master.log).not.toContain("said aloud");
    expect(childrenOf(master.pid).length).toBeGreaterThan(0);
  });
});

/** A unix socket that is bound, as systemd hands one over: this process does not accept from it. */
function boundTo(path: string): { fd: number; close(): void } {
  type Bind = (path: string, port: number, family: number) => { fd: number; close(): void };
  return (net as unknown as { _createServerHandle: Bind })._createServerHandle(path, -1, -1);
}

describe("peers that have no address", () => {
  it("are those of unix sockets, which a list does not concern", async () => {
    const folder = makeFolder();
    const listen = `unix:${join(folder, "app.sock")}`;
    const allowedPeers = new Set(["192.0.2.1"]);
    const server = await serve(() => new Response("served"), { listen, allowedPeers });
    const answer = await gatewayFetch(listen, new Request("http://app/"));
    expect(await answer.text()).toBe("served");
    await server.close(0);
    rmSync(folder, { recursive: true });
  });

  it("are refused over TCP, and where the kind of socket is unknown by any list", () => {
    const unknown = new net.Socket();
    const list = new Set(["127.0.0.1"]);
    expect(isAllowed(unknown, undefined, true)).toBe(false);
    expect(isAllowed(unknown, list, true)).toBe(false);
    expect(isAllowed(unknown, list, false)).toBe(true);
    expect(isAllowed(unknown, list, undefined)).toBe(false);
    expect(isAllowed(unknown, undefined, undefined)).toBe(true);
    expect(listensOnTcp(net.createServer())).toBeUndefined();
  });

  it.each([
    ["serve", ""],
    ["startPool", "pool"],
  ])("have connected to an inherited unix socket: %s", async (_name, kind) => {
    const folder = makeFolder();
    const path = join(folder, "app.sock");
    const parent = boundTo(path);
    const door = new URL("../../dist/server.js", import.meta.url).href;
    const application = new URL("../pool/app.mjs", import.meta.url).href;
    const pool = `startPool({ application: ${JSON.stringify(application)}, listen: { fd: 0 },
        mode: "delegate", maxChildren: 1, env: process.env })`;
    const single = `serve(() => new Response("hello"), { listen: { fd: 0 } })`;
    const program = `
        const { serve, startPool } = await import(${JSON.stringify(door)});
        const server = await ${kind === "pool" ? pool : single};
        console.log(server.address);
        process.once("SIGTERM", async () => {
          await (server.close?.(0) ?? server.stop());
          console.log("closed");
          process.exit();
        });`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: [parent.fd, "pipe", "inherit"],
      env: { ...process.env, FCGI_WEB_SERVER_ADDRS: "192.0.2.1" },
    });
    let said = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    try {
      await once(child.stdout as NonNullable<typeof child.stdout>, "data");
      const answer = await gatewayFetch(`unix:${path}`, new Request("http://app/"));
      expect(await answer.text()).toMatch(/hello$/);
    } finally {
      const exited = once(child, "exit");
      child.kill();
      await exited;
      parent.close();
      rmSync(folder, { recursive: true, force: true });
    }
    expect(said).toBe("descriptor 0\nclosed\n");
  });
});

describe("FCGI_WEB_SERVER_ADDRS", () => {
  it("lists who may connect", () => {
    expect(allowedPeers("127.0.0.1,192.0.2.7")).toEqual(new Set(["127.0.0.1", "192.0.2.7"]));
  });

  it("allows every peer if it is missing or empty", () => {
    expect([allowedPeers(undefined), allowedPeers("")]).toEqual([undefined, undefined]);
  });
});
