import { StreamStart } from "../bytes.js";
import type { ClientMachine } from "../cgi/client-machine.js";
import { otherServerError } from "../cgi/spoken-protocol.js";
import type { Engine } from "../engine/engine.js";
import { WINDOW } from "../engine/memory.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { ConnectionDecoder, type RecordPiece } from "../fastcgi/connection-decoder.js";
import { encodeGetValues, valueNames } from "../fastcgi/management.js";
import { PairDecoder } from "../fastcgi/pair-decoder.js";
import { ProtocolStatus, protocolStatusError, RecordType } from "../fastcgi/protocol.js";
import type { Connection, ConnectionHandlers, Connector } from "../transport/connection.js";
import {
  asGatewayError,
  type Channel,
  type ChannelHandlers,
  type CreateClientMachine,
} from "./channel.js";

export interface SharedConnectionOptions {
  /**
   * Requests at once. Undefined asks the application (FCGI_MPXS_CONNS, FCGI_MAX_REQS): until it
   * has answered, one.
   */
  capacity: number | undefined;
  /** The most requests at once, whatever the application says. */
  maxRequests: number;
  /** The application has said how many requests at once it takes on a connection. */
  onCapacity: (capacity: number) => void;
  /** The connection has room for another request. */
  onIdle: (connection: SharedConnection) => void;
  /** The connection is gone; nothing more is to be opened on it. */
  onClosed: (connection: SharedConnection) => void;
  engine: Engine;
}

/** A FastCGI connection that stays open for further requests, one at a time or interleaved. */
export class SharedConnection implements ConnectionHandlers {
  readonly #options: SharedConnectionOptions;
  readonly #connection: Connection;
  readonly #decoder: ConnectionDecoder;
  readonly #start = new StreamStart();
  readonly #channels = new Map<number, SharedChannel>();
  readonly #values: PairDecoder;
  #capacity: number;
  #connected = false;
  #closed = false;
  #served = 0;

  constructor(connector: Connector, options: SharedConnectionOptions) {
    this.#options = options;
    this.#capacity = options.capacity ?? 1;
    this.#decoder = new ConnectionDecoder((piece) => this.#take(piece), options.engine);
    this.#values = new PairDecoder({ engine: options.engine });
    this.#connection = connector(this);
  }

  get idle(): boolean {
    return this.#channels.size === 0;
  }

  /** Whether another request may be opened. */
  get hasRoom(): boolean {
    return !this.#closed && this.#channels.size < this.#capacity;
  }

  /** Whether a request has been served. */
  get used(): boolean {
    return this.#served > 0;
  }

  openChannel(createMachine: CreateClientMachine, handlers: ChannelHandlers): Channel {
    let requestId = 1;
    while (this.#channels.has(requestId)) requestId++;
    const machine = createMachine(handlers, { requestId, keepConnection: true });
    const channel = new SharedChannel(this, requestId, machine, handlers);
    this.#channels.set(requestId, channel);
    if (this.#connected) queueMicrotask(() => channel.ready());
    return channel;
  }

  write(parts: readonly Uint8Array[]): boolean {
    return this.#connection.write(parts);
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  /** Closes the connection; whoever is on it hears nothing more. */
  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#channels.clear();
    this.#connection.destroy();
    this.#options.onClosed(this);
  }

  /** Takes a request that is given up off the connection, which cannot be used after that. */
  giveUp(requestId: number): void {
    if (!this.#channels.delete(requestId)) return;
    if (this.idle) this.destroy();
    else this.#capacity = 0;
  }

  connected(): void {
    this.#connected = true;
    if (this.#options.capacity === undefined) {
      this.#connection.write([encodeGetValues(valueNames)]);
    }
    for (const channel of [...this.#channels.values()]) channel.ready();
  }

  drained(): void {
    for (const { handlers } of this.#channels.values()) handlers.drained();
  }

  data(length: number): void {
    const { memory } = this.#options.engine;
    this.#start.take(memory.subarray(WINDOW, WINDOW + length));
    try {
      this.#decoder.receive(length);
    } catch (error) {
      this.#fail(otherServerError(this.#start.text, "FastCGI") ?? asGatewayError(error));
    }
  }

  closed(error: GatewayError | undefined): void {
    this.#fail(
      error ??
        new GatewayError(
          ErrorCode.ClosedWithoutAnswer,
          "the connection was closed before END_REQUEST",
        ),
    );
  }

  #take(piece: RecordPiece): void {
    if (piece.type === RecordType.GetValuesResult) {
      this.#learn(piece);
      return;
    }
    const channel = this.#channels.get(piece.requestId);
    if (channel === undefined) return;
    const { memory } = this.#options.engine;
    const content = memory.subarray(piece.start, piece.start + piece.length);
    switch (piece.type) {
      case RecordType.Stdout:
        channel.receive(content);
        break;
      case RecordType.Stderr:
        channel.handlers.stderr(content);
        break;
      case RecordType.EndRequest:
        if (channel.endRequest(content)) this.#finish(piece.requestId, channel);
    }
  }

  /** What the application says of itself. */
  #learn(piece: RecordPiece): void {
    this.#values.receive(piece.start, piece.length);
    if (!piece.ends) return;
    const values = new Map(this.#values.finish());
    const { maxRequests } = this.#options;
    const said = Number(values.get("FCGI_MAX_REQS") ?? maxRequests) || 1;
    const multiplexes = values.get("FCGI_MPXS_CONNS") === "1";
    this.#capacity = multiplexes ? Math.min(said, maxRequests) : 1;
    this.#options.onCapacity(this.#capacity);
  }

  #finish(requestId: number, channel: SharedChannel): void {
    this.#channels.delete(requestId);
    this.#served++;
    if (this.#capacity === 0 && this.idle) this.destroy();
    else if (!this.#closed) this.#options.onIdle(this);
    channel.finish();
  }

  #fail(error: GatewayError): void {
    if (this.#closed) return;
    const channels = [...this.#channels.values()];
    this.destroy();
    for (const channel of channels) channel.fail(error);
  }
}

/** A request on a shared connection. */
class SharedChannel implements Channel {
  readonly machine: ClientMachine;
  readonly handlers: ChannelHandlers;
  readonly reused: boolean;
  readonly #connection: SharedConnection;
  readonly #requestId: number;
  readonly #end = new Uint8Array(8);
  #endLength = 0;
  #started = false;

  constructor(
    connection: SharedConnection,
    requestId: number,
    machine: ClientMachine,
    handlers: ChannelHandlers,
  ) {
    this.#connection = connection;
    this.#requestId = requestId;
    this.machine = machine;
    this.handlers = handlers;
    this.reused = connection.used;
  }

  ready(): void {
    this.handlers.ready();
  }

  send(parts: readonly Uint8Array[]): boolean {
    return this.#connection.write(parts);
  }

  /** Others on this connection wait as well: FastCGI has no flow control of its own. */
  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  close(): void {
    this.#connection.giveUp(this.#requestId);
  }

  receive(content: Uint8Array): void {
    this.#started = true;
    this.handlers.stdout(content);
  }

  /** @returns whether END_REQUEST is whole */
  endRequest(content: Uint8Array): boolean {
    this.#end.set(content, this.#endLength);
    this.#endLength += content.length;
    return this.#endLength === 8;
  }

  finish(): void {
    const view = new DataView(this.#end.buffer);
    const protocolStatus = view.getUint8(4);
    if (protocolStatus === ProtocolStatus.RequestComplete) {
      this.handlers.end({ appStatus: view.getUint32(0), protocolStatus });
    } else this.handlers.failed(protocolStatusError(protocolStatus));
  }

  fail(error: GatewayError): void {
    const lost = this.#started && error.code === ErrorCode.ClosedWithoutAnswer;
    this.handlers.failed(lost ? new GatewayError(ErrorCode.Truncated, error.message) : error);
  }
}
