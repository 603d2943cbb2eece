import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach } from "vitest";
import type { Application } from "../../src/server/application.js";
import type { Handler } from "../../src/server/handler.js";
import type { ServeOptions } from "../../src/server/options.js";
import { type GatewayServer, serve } from "../../src/server/serve.js";
import { Peer, type PeerTarget } from "../harness/peer.js";
import { makeFolder } from "../harness/server-process.js";
import { FastCgiFrontEnd } from "./fastcgi-front-end.js";

export const hello: Handler = () => new Response("hello");
export const never = () => new Promise<never>(() => {});

/** A body that makes one piece for each pull. */
export const streamOf = (
  pull: (controller: ReadableStreamDefaultController<Uint8Array>) => unknown,
) => new ReadableStream<Uint8Array>({ pull: async (controller) => void (await pull(controller)) });

/** A promise, and the function that fulfils it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** Servers and peers of a test file. Each test's are closed after it. */
function useServers<P extends Peer>(listen: string, createPeer: (target: PeerTarget) => P) {
  const servers: GatewayServer[] = [];
  const peers: P[] = [];
  const errors: { code?: string; message?: string }[] = [];
  let output = "";
  afterEach(async () => {
    for (const { socket } of peers.splice(0)) socket.destroy();
    await Promise.all(servers.splice(0).map((server) => server.close(0)));
    errors.length = 0;
    output = "";
  });
  return {
    /** What the servers passed to `onError`. */
    errors,
    /** What the servers passed to `onErrorOutput`. */
    output: () => output,
    async start(application: Application, options: Partial<ServeOptions> = {}) {
      const server = await serve(application, {
        listen,
        onError: (error) => void errors.push(error as Error),
        onErrorOutput: (bytes) => {
          output += Buffer.from(bytes).toString();
        },
        ...options,
      });
      servers.push(server);
      return server;
    },
    connect(target: PeerTarget): P {
      const peer = createPeer(target);
      peers.push(peer);
      return peer;
    },
  };
}

/** Servers on free ports, over HTTP by default, and their clients. */
export function serveHttp(listen = "http://127.0.0.1:0") {
  const { connect, ...servers } = useServers(listen, (target) => new Peer(target));
  return { ...servers, connect: ({ address }: GatewayServer) => connect(address) };
}

/** The same, over SCGI. */
export const serveScgi = () => serveHttp("scgi://127.0.0.1:0");

/** FastCGI servers on one unix socket, and their front ends. */
export function serveFastCgi() {
  const folder = makeFolder();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "app.sock");
  const { connect, ...servers } = useServers(
    `unix:${path}`,
    (target) => new FastCgiFrontEnd(target),
  );
  return { ...servers, path, connect: (target: PeerTarget = { path }) => connect(target) };
}
