import net from "node:net";
import { type Address, type SocketEndpoint, socketEndpoint } from "../address.js";
import type { Engine } from "../engine/engine.js";
import { WINDOW, WINDOW_SIZE } from "../engine/memory.js";
import { engine as defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { Connection, ConnectionHandlers, Connector } from "./connection.js";
import { connectOptions, explainConnectError } from "./node-endpoint.js";
import { countSocket } from "./node-internals.js";
import { brokenConnection } from "./socket-error.js";
import { writeParts } from "./write-parts.js";

export interface SocketOptions {
  /** Milliseconds until a connection that is not made is given up. Default 5,000. */
  connectTimeout?: number | undefined;
  engine?: Engine | undefined;
}

/** libuv reads and calls back in one step everywhere but on Windows, where reads run beside us. */
const windowIsShared = process.platform !== "win32";

/**
 * A connector for Node sockets, unix and TCP, that read into the engine's window.
 *
 * @throws GatewayError `bad_address` when the address is that of a program, or of a kind that this
 * Node or this system does not connect to
 */
export function nodeConnector(address: Address, options: SocketOptions = {}): Connector {
  const engine = options.engine ?? defaultEngine();
  const connectTimeout = options.connectTimeout ?? 5_000;
  const endpoint = socketEndpoint(address);
  const target = { endpoint, options: connectOptions(endpoint) };
  return (handlers) => new NodeConnection(target, handlers, engine, connectTimeout);
}

/**
 * A socket whose reading outlives a failed write: a peer may answer before it has read everything
 * and close, and its answer is still to be read when the next write fails.
 */
class PatientSocket extends net.Socket {
  /** Called at end of file: a socket whose write failed emits no `end`. */
  onEndOfFile: (() => void) | undefined;

  override destroy(error?: Error): this {
    const { syscall } = (error ?? {}) as { syscall?: string };
    return syscall === "write" ? this : super.destroy(error);
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk === null) this.onEndOfFile?.();
    return super.push(chunk, encoding);
  }
}

class NodeConnection implements Connection {
  readonly #socket: PatientSocket;
  readonly #endpoint: SocketEndpoint;
  readonly #handlers: ConnectionHandlers;
  #timer: NodeJS.Timeout | undefined;
  #connected = false;
  #closed = false;

  constructor(
    { endpoint, options }: { endpoint: SocketEndpoint; options: net.NetConnectOpts },
    handlers: ConnectionHandlers,
    engine: Engine,
    connectTimeout: number,
  ) {
    countSocket();
    this.#endpoint = endpoint;
    this.#handlers = handlers;
    this.#socket = this.#createSocket(engine);
    this.#listen();
    this.#socket.connect(options);
    this.#timer = setTimeout(() => this.#timedOut(connectTimeout), connectTimeout);
  }

  write(parts: readonly Uint8Array[]): boolean {
    if (this.#closed) return true;
    return writeParts(this.#socket, parts);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket.destroy();
  }

  #createSocket(engine: Engine): PatientSocket {
    const { memory } = engine;
    const window = memory.subarray(WINDOW, WINDOW + WINDOW_SIZE);
    const buffer = windowIsShared ? window : new Uint8Array(WINDOW_SIZE);
    const callback = (length: number): boolean => {
      if (buffer !== window) window.set(buffer.subarray(0, length));
      if (!this.#closed) this.#handlers.data(length);
      return true;
    };
    // The types of net.Socket's constructor leave out onread, which its documentation has.
    const options = { onread: { buffer, callback } } as net.SocketConstructorOpts;
    return new PatientSocket(options);
  }

  #listen(): void {
    const socket = this.#socket;
    socket.once("connect", () => {
      clearTimeout(this.#timer);
      this.#connected = true;
      if (!this.#closed) this.#handlers.connected();
    });
    socket.on("drain", () => {
      if (!this.#closed) this.#handlers.drained();
    });
    socket.onEndOfFile = () => this.#close(undefined);
    socket.on("error", (error) => {
      this.#close(
        this.#connected ? brokenConnection(error) : explainConnectError(error, this.#endpoint),
      );
    });
    socket.once("close", () => this.#close(undefined));
  }

  #timedOut(connectTimeout: number): void {
    this.#close(
      new GatewayError(
        ErrorCode.ConnectTimeout,
        `no connection within ${Math.round(connectTimeout)} ms`,
      ),
    );
  }

  #close(error: GatewayError | undefined): void {
    if (this.#closed) return;
    this.destroy();
    this.#handlers.closed(error);
  }
}
