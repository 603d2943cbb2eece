import net from "node:net";
import { type Address, type SocketEndpoint, socketEndpoint } from "../address.js";
import type { Engine } from "../engine/engine.js";
import { WINDOW, WINDOW_SIZE } from "../engine/memory.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultTimeout } from "../limits.js";
import { connectError, missingInterface, withInterfaceName } from "./connect-error.js";
import {
  brokenConnection,
  type Connection,
  type ConnectionHandlers,
  type Connector,
  type SocketOptions,
  tracingConnector,
} from "./connection.js";
import { shareSocketShape } from "./node-internals.js";

/** After this many connections, a client is assumed to open many more. */
const MANY = 32;
let opened = 0;

/** libuv reads and calls back in one step, except on Windows, where reads run in the background. */
const windowIsShared = process.platform !== "win32";

/**
 * A connector for Node sockets, unix and TCP, that read into the engine's window.
 *
 * @throws GatewayError `bad_address` for the address of a program, and for an address that this Node
 * or this system cannot connect to
 */
export function nodeConnector(
  address: Address,
  { connectTimeout = defaultTimeout, trace }: SocketOptions = {},
  engine: Engine = defaultEngine(),
): Connector {
  const endpoint = socketEndpoint(address);
  const target = { endpoint, options: connectOptions(endpoint) };
  const connector: Connector = (handlers) =>
    new NodeConnection(target, handlers, engine, connectTimeout);
  return trace === undefined ? connector : tracingConnector(connector, trace);
}

/**
 * A socket that continues to read after a failed write: a peer may answer and close before it has
 * read everything, and its answer is still to be read when the next write fails.
 */
export class PatientSocket extends net.Socket {
  /** Called at end of file: a socket whose write failed emits no `end`. */
  onEndOfFile: (() => void) | undefined;
  /** Called when a write has failed: nothing more can be written. */
  onWriteFailed: (() => void) | undefined;

  override destroy(error?: Error): this {
    const { syscall } = (error ?? {}) as { syscall?: string };
    if (syscall !== "write") return super.destroy(error);
    this.onWriteFailed?.();
    return this;
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk === null) this.onEndOfFile?.();
    return super.push(chunk, encoding);
  }
}

/** Receives the first `length` bytes of the buffer that a socket reads into; `true` to read on. */
type OnRead = (length: number) => true;

/**
 * The options of a socket that reads into one buffer.
 *
 * @param onRead is called for each read; the bytes are valid until the socket reads again
 */
export function readingInto(buffer: Uint8Array, onRead: OnRead): net.SocketConstructorOpts {
  // The types of net.Socket's constructor leave out onread, which its documentation has.
  return { onread: { buffer, callback: onRead } } as net.SocketConstructorOpts;
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
    if (++opened === MANY) shareSocketShape();
    this.#endpoint = endpoint;
    this.#handlers = handlers;
    this.#socket = this.#createSocket(engine);
    this.#listen();
    const missing = "socketPath" in endpoint ? undefined : missingInterface(endpoint.host);
    if (missing === undefined) this.#socket.connect(options);
    else process.nextTick(() => this.#close(missing));
    if (connectTimeout !== Number.POSITIVE_INFINITY) {
      this.#timer = setTimeout(() => this.#timedOut(connectTimeout), connectTimeout);
    }
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
    const options = readingInto(buffer, (length) => {
      if (buffer !== window) window.set(buffer.subarray(0, length));
      if (!this.#closed) this.#handlers.data(length);
      return true;
    });
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
      this.#close(this.#connected ? brokenConnection(error) : connectError(error, this.#endpoint));
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

/**
 * The options of `net.connect` for an endpoint.
 *
 * @throws GatewayError `bad_address` for an abstract socket where there are none, and for a zone that
 * this Node cannot name
 */
export function connectOptions(endpoint: SocketEndpoint): net.NetConnectOpts {
  if ("socketPath" in endpoint) {
    const { socketPath } = endpoint;
    if (socketPath.startsWith("\0") && process.platform !== "linux") throw noAbstractSockets();
    return { path: socketPath };
  }
  const { port } = endpoint;
  const host = withInterfaceName(endpoint.host);
  if (host.includes("%") && !net.isIPv6(host)) throw unnameable(host);
  return { host, port, noDelay: true };
}

function noAbstractSockets(): GatewayError {
  return new GatewayError(ErrorCode.BadAddress, "only Linux has abstract sockets", {
    hint: "give the path of the socket",
  });
}

/** Node 20 takes letters, digits, dots, colons and hyphens in a zone; later versions take more. */
function unnameable(host: string): GatewayError {
  const zone = host.slice(host.indexOf("%") + 1);
  return new GatewayError(
    ErrorCode.BadAddress,
    `Node ${process.versions.node} cannot name the network interface ${zone}`,
    {
      hint: `use a later Node, or give the interface another name of letters, digits and hyphens: ip link property add dev ${zone} altname NAME`,
    },
  );
}

/** One buffer of up to this many bytes is written faster than a list of its parts. */
const JOINED_LENGTH = 32_768;
/** A shorter part is a header. Writing it by itself costs 1 µs more than a copy. */
const SHORT_LENGTH = 1_024;

/**
 * Writes parts in order. Joins them where a copy is cheaper than a write.
 *
 * @returns false to ask for a wait until `drain`
 */
export function writeParts(socket: net.Socket, parts: readonly Uint8Array[]): boolean {
  if (parts.length === 1) return socket.write(parts[0]!);
  let length = 0;
  for (const part of parts) length += part.length;
  if (length <= JOINED_LENGTH) return socket.write(Buffer.concat(parts, length));
  let more = true;
  socket.cork();
  for (const buffer of joinShort(parts)) more = socket.write(buffer);
  socket.uncork();
  return more;
}

function joinShort(parts: readonly Uint8Array[]): Uint8Array[] {
  const buffers: Uint8Array[] = [];
  let short: Uint8Array[] = [];
  const join = (): void => {
    if (short.length > 0) buffers.push(Buffer.concat(short));
    short = [];
  };
  for (const part of parts) {
    if (part.length < SHORT_LENGTH) short.push(part);
    else {
      join();
      buffers.push(part);
    }
  }
  join();
  return buffers;
}
