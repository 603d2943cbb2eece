import net from "node:net";
import { until } from "../harness/server-process.js";

/** A client that is driven by hand. */
export class HttpPeer {
  readonly socket: net.Socket;
  readonly #chunks: Buffer[] = [];
  /** Whether the server has ended its side. */
  ended = false;
  /** The code of the error that the connection ended with. */
  error: string | undefined;

  /** @param address as a server tells its own: `http://127.0.0.1:1`, `http://unix:/x.sock` */
  constructor(address: string) {
    const [, path, port] = /^http:\/\/(?:unix:(.*)|127\.0\.0\.1:(\d+))$/.exec(address) ?? [];
    const where = path === undefined ? { port: Number(port), host: "127.0.0.1" } : { path };
    this.socket = net.connect({ ...where, allowHalfOpen: true });
    this.socket.on("data", (bytes: Buffer) => this.#chunks.push(bytes));
    this.socket.on("end", () => {
      this.ended = true;
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.error = error.code;
      this.ended = true;
    });
  }

  send(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  /** All that has come, as ISO-8859-1. */
  get received(): string {
    return Buffer.concat(this.#chunks).toString("latin1");
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

  /** Waits until the server has closed, and tells all that came. */
  async closed(milliseconds = 5_000): Promise<string> {
    await until(
      () => this.ended,
      () => `the connection is still open: ${JSON.stringify(this.received.slice(0, 500))}`,
      milliseconds,
    );
    return this.received;
  }
}
