import { StreamStart } from "../bytes.js";
import { otherServerError } from "../cgi/spoken-protocol.js";
import type { Engine } from "../engine/engine.js";
import { WINDOW } from "../engine/memory.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { ConnectionDecoder, type RecordPiece } from "../fastcgi/connection-decoder.js";
import { encodeGetValues } from "../fastcgi/encode.js";
import { valueNames } from "../fastcgi/management.js";
import { PairDecoder } from "../fastcgi/pair-decoder.js";
import { ProtocolStatus, protocolStatusError, RecordType } from "../fastcgi/protocol.js";
import type { Connection, ConnectionHandlers, Connector } from "../transport/connection.js";
import {
  asGatewayError,
  type Channel,
  type ChannelHandlers,
  type ChannelTerms,
  type CreateClientMachine,
  RequestChannel,
  type RequestStream,
} from "./channel.js";

export interface SharedConnectionOptions {
  /**
   * How many requests to send at once. Undefined asks the application (FCGI_MPXS_CONNS,
   * FCGI_MAX_REQS), and sends one at a time until it has answered.
   */
  capacity: number | undefined;
  /** The upper limit of requests at once, whatever the application says. */
  maxRequests: number;
  /** Called with the number of requests at once that the application accepts on a connection. */
  onCapacity: (capacity: number) => void;
  /** Called when the connection has room for another request. */
  onIdle: (connection: SharedConnection) => void;
  /** Called when the connection is closed. */
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

  openChannel(createMachine: CreateClientMachine, handlers: ChannelHandlers): Channel {
    let requestId = 1;
    while (this.#channels.has(requestId)) requestId++;
    const terms = { requestId, keepConnection: true };
    const channel = new SharedChannel(createMachine, handlers, terms, {
      stream: this.#connection,
      reused: this.#served > 0,
      leave: () => this.#leave(requestId),
    });
    this.#channels.set(requestId, channel);
    if (this.#connected) queueMicrotask(() => channel.ready());
    return channel;
  }

  /** Closes the connection. Its requests report nothing afterwards. */
  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#channels.clear();
    this.#connection.destroy();
    this.#options.onClosed(this);
  }

  connected(): void {
    this.#connected = true;
    if (this.#options.capacity === undefined) {
      this.#connection.write([encodeGetValues(valueNames)]);
    }
    for (const channel of [...this.#channels.values()]) channel.ready();
  }

  drained(): void {
    for (const channel of this.#channels.values()) channel.drained();
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
        channel.stdout(content);
        break;
      case RecordType.Stderr:
        channel.stderr(content);
        break;
      case RecordType.EndRequest:
        if (channel.endRequest(content)) this.#finish(piece.requestId, channel);
    }
  }

  /** Takes the application's answer to GET_VALUES. */
  #learn(piece: RecordPiece): void {
    this.#values.receive(piece.start, piece.length);
    if (!piece.ends) return;
    const values = new Map(this.#values.finish());
    const { maxRequests } = this.#options;
    const stated = Number(values.get("FCGI_MAX_REQS") ?? maxRequests);
    const accepted = stated >= 1 ? stated : 1;
    const multiplexes = values.get("FCGI_MPXS_CONNS") === "1";
    this.#capacity = multiplexes ? Math.min(accepted, maxRequests) : 1;
    this.#options.onCapacity(this.#capacity);
  }

  #finish(requestId: number, channel: SharedChannel): void {
    this.#channels.delete(requestId);
    this.#served++;
    if (this.#capacity === 0 && this.idle) this.destroy();
    else if (!this.#closed) this.#options.onIdle(this);
    channel.complete();
  }

  /** Removes an abandoned request. No further request is sent on this connection. */
  #leave(requestId: number): void {
    if (!this.#channels.delete(requestId)) return;
    if (this.idle) this.destroy();
    else this.#capacity = 0;
  }

  #fail(error: GatewayError): void {
    if (this.#closed) return;
    const channels = [...this.#channels.values()];
    this.destroy();
    for (const channel of channels) channel.lose(error);
  }
}

/** A request on a shared connection. */
class SharedChannel extends RequestChannel {
  /** Pausing it stops the other requests as well: FastCGI has no flow control of its own. */
  readonly stream: RequestStream;
  readonly reused: boolean;
  readonly #leave: () => void;
  readonly #endRequest = new Uint8Array(8);
  #endLength = 0;
  #started = false;

  constructor(
    createMachine: CreateClientMachine,
    handlers: ChannelHandlers,
    terms: ChannelTerms,
    share: { stream: RequestStream; reused: boolean; leave: () => void },
  ) {
    super(createMachine, handlers, terms);
    this.stream = share.stream;
    this.reused = share.reused;
    this.#leave = share.leave;
  }

  ready(): void {
    this.handlers.ready();
  }

  drained(): void {
    this.handlers.drained();
  }

  override stdout(content: Uint8Array): void {
    this.#started = true;
    super.stdout(content);
  }

  /** @returns whether END_REQUEST is complete */
  endRequest(content: Uint8Array): boolean {
    this.#endRequest.set(content, this.#endLength);
    this.#endLength += content.length;
    return this.#endLength === 8;
  }

  /** Reports what END_REQUEST says. */
  complete(): void {
    const view = new DataView(this.#endRequest.buffer);
    const protocolStatus = view.getUint8(4);
    if (protocolStatus === ProtocolStatus.RequestComplete) {
      this.end({ appStatus: view.getUint32(0), protocolStatus });
    } else this.fail(protocolStatusError(protocolStatus));
  }

  /** Reports that the connection is lost. */
  lose(error: GatewayError): void {
    const isCut = this.#started && error.code === ErrorCode.ClosedWithoutAnswer;
    this.fail(isCut ? new GatewayError(ErrorCode.Truncated, error.message) : error);
  }

  protected free(): void {
    this.#leave();
  }
}
