import net from "node:net";
import { until } from "./server-process.js";

/** Where a peer connects: socket options, or an address such as `http://127.0.0.1:1` or `unix:/x`. */
export type PeerTarget = string | net.NetConnectOpts;

/** One end of a connection that a test drives by hand: a client, or a front end. */
export class Peer {
  readonly socket: net.Socket;
  #chunks: Buffer[] = [];
  #length = 0;
  /** Whether the server has ended its side, or the connection failed. */
  ended = false;
  /** The code of the error with which the connection failed. */
  error: string | undefined;

  constructor(target: PeerTarget) {
    this.socket = net.connect({ allowHalfOpen: true, ...optionsOf(target) });
    this.socket.on("data", (bytes: Buffer) => {
      this.#chunks.push(bytes);
      this.#length += bytes.length;
    });
    this.socket.on("end", () => {
      this.ended = true;
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.error = error.code;
      this.ended = true;
    });
  }

  /** Sends bytes, or text as ISO-8859-1. */
  send(...parts: readonly (Uint8Array | string)[]): this {
    this.socket.write(
      Buffer.concat(
        parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)),
      ),
    );
    return this;
  }

  /** How many bytes have come since the last {@link forget}. */
  get length(): number {
    return this.#length;
  }

  /** The bytes that have come since the last {@link forget}. */
  get bytes(): Buffer {
    this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] as Buffer;
  }

  /** The last bytes that have come, at the most `count`. */
  tail(count: number): Buffer {
    return (this.#chunks.at(-1) ?? Buffer.alloc(0)).subarray(-count);
  }

  /** {@link bytes} as ISO-8859-1. */
  get received(): string {
    return this.bytes.toString("latin1");
  }

  /** Forgets what has come. */
  forget(): void {
    this.#chunks = [];
    this.#length = 0;
  }

  /** Waits for a text. */
  async has(text: string | RegExp, milliseconds = 5_000): Promise<string> {
    await until(
      () => this.received.search(text) >= 0,
      () => `${text} did not come, but ${JSON.stringify(this.received.slice(0, 500))}`,
      milliseconds,
    );
    return this.received;
  }

  /** Waits until the server has closed, and returns all that came. */
  async closed(milliseconds = 5_000): Promise<string> {
    await until(
      () => this.ended,
      () => `the connection is still open: ${JSON.stringify(this.received.slice(0, 500))}`,
      milliseconds,
    );
    return this.received;
  }
}

function optionsOf(target: PeerTarget): net.NetConnectOpts {
  if (typeof target !== "string") return target;
  const [, path, host, port] = /^(?:[a-z]+:\/\/)?(?:unix:(.*)|([^:]+):(\d+))$/.exec(target) ?? [];
  return path === undefined ? { host: host ?? target, port: Number(port) } : { path };
}
