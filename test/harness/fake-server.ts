import { once } from "node:events";
import { rmSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Endpoint } from "./php-fpm.js";
import { makeFolder, until } from "./server-process.js";

/** One accepted connection in the hands of a {@link Script}. */
export interface FakePeer {
  readonly socket: Socket;
  readonly isDeaf: boolean;
  /** Everything that has arrived so far. */
  received(): Buffer;
  /** Waits until at least so many bytes have arrived in all. */
  receive(bytes: number): Promise<Buffer>;
  /** Writes bytes in pieces of `chunkSize`, each in a turn of its own. */
  send(bytes: Uint8Array | string, chunkSize?: number): Promise<void>;
  /** Ends our side in good order. */
  end(): void;
  /** Breaks the connection off: the peer sees ECONNRESET on TCP, or if it left bytes unread. */
  reset(): void;
}

/** What a fake server does on each connection. What it throws is kept for {@link FakeServer.errors}. */
export type Script = (peer: FakePeer) => void | Promise<void>;

export interface FakeServer {
  /** `unix:/…/x.sock` or `127.0.0.1:9000`. */
  readonly address: string;
  /** The socket's path, or `127.0.0.1:9000`. */
  readonly bareAddress: string;
  readonly endpoint: Endpoint;
  readonly peers: readonly FakePeer[];
  readonly errors: readonly unknown[];
  /** How many connections were accepted, and how many of them are open. */
  readonly accepted: number;
  readonly open: number;
  /** Waits until no connection is open. @throws Error when one still is after `milliseconds` */
  allClosed(milliseconds?: number): Promise<void>;
  /** Destroys what is open and stops listening. May be called twice. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface FakeServerOptions {
  readonly listen?: "unix" | "tcp";
  /** Read nothing, so that the peer's writes meet a full buffer. Its leaving goes unnoticed too. */
  readonly isDeaf?: boolean;
}

/** Accepts and never says a word. */
export const silent: Script = () => {};
/** Ends the connection without a word. */
export const closing: Script = (peer) => peer.end();
/** Breaks the connection off when the peer has written something. On unix sockets: be deaf. */
export const resetting: Script = async (peer) => {
  await (peer.isDeaf ? sleep(30) : peer.receive(1));
  peer.reset();
};
/** Speaks first, as SSH and SMTP servers do. */
export const greeting =
  (text: string): Script =>
  (peer) =>
    peer.send(text);
/** Waits for the first bytes, answers, and ends. */
export const answering =
  (bytes: Uint8Array | string, chunkSize?: number): Script =>
  async (peer) => {
    await peer.receive(1);
    await peer.send(bytes, chunkSize);
    peer.end();
  };
/** What an HTTP server says to bytes that it cannot read. */
export const httpRefusal = answering(
  "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
);
/** The fatal alert (unexpected_message) of a TLS server to bytes that are not a ClientHello. */
export const tlsAlert = answering(Uint8Array.of(0x15, 3, 3, 0, 2, 2, 10));

function makePeer(socket: Socket, isDeaf: boolean): FakePeer {
  const chunks: Buffer[] = [];
  let length = 0;
  if (!isDeaf) {
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
    });
  }
  const received = () => Buffer.concat(chunks);
  return {
    socket,
    isDeaf,
    received,
    async receive(bytes) {
      while (length < bytes) {
        if (socket.destroyed || socket.readableEnded) {
          throw new Error(`the peer left after ${length} of ${bytes} bytes`);
        }
        await sleep(1);
      }
      return received();
    },
    async send(bytes, chunkSize = Number.POSITIVE_INFINITY) {
      const data = Buffer.from(bytes as Uint8Array);
      for (let at = 0; at < data.length && !socket.destroyed; at += chunkSize) {
        socket.write(data.subarray(at, at + chunkSize));
        if (chunkSize < data.length) await sleep(0);
      }
    },
    end: () => void socket.end(),
    reset: () => void (socket.remoteAddress ? socket.resetAndDestroy() : socket.destroy()),
  };
}

async function listen(server: Server, kind: "unix" | "tcp", folder: string): Promise<Endpoint> {
  const path = join(folder, "fake.sock");
  if (kind === "unix") server.listen(path);
  else server.listen(0, "127.0.0.1");
  await once(server, "listening");
  if (kind === "unix") return { path };
  return { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}

/** Starts a server that follows a script, for what real servers cannot be made to do. */
export async function startFakeServer(
  script: Script,
  { listen: kind = "unix", isDeaf = false }: FakeServerOptions = {},
): Promise<FakeServer> {
  const folder = makeFolder();
  const peers: FakePeer[] = [];
  const errors: unknown[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: isDeaf }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // The peer may disconnect in any way; the tests check only that it has.
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    const peer = makePeer(socket, isDeaf);
    peers.push(peer);
    Promise.resolve()
      .then(() => script(peer))
      .catch((error: unknown) => errors.push(error));
  });
  const endpoint = await listen(server, kind, folder);
  const isUnix = "path" in endpoint;
  const bareAddress = isUnix ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
  const stop = async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) {
      server.close();
      await once(server, "close");
    }
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    address: isUnix ? `unix:${bareAddress}` : bareAddress,
    bareAddress,
    endpoint,
    peers,
    errors,
    get accepted() {
      return peers.length;
    },
    get open() {
      return sockets.size;
    },
    allClosed: (milliseconds = 2_000) =>
      until(
        () => sockets.size === 0,
        () => `${sockets.size} of ${peers.length} connections are still open`,
        milliseconds,
      ),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
