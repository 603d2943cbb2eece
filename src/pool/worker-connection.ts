import type { Socket } from "node:net";
import { Protocol } from "../address.js";
import { Variables } from "../cgi/variables.js";
import type { ConnectionOwner, ConnectionService } from "../server/connection-owner.js";
import type { ListedConnection } from "../server/connections.js";
import type { OpenConnection, ServedConnection } from "../server/open-connection.js";
import {
  type ConnectionHandler,
  RawConnection,
  type RawConnectionOwner,
} from "../server/raw-connection.js";
import type { RunningRequest } from "../server/request-context.js";
import type { Responder } from "../server/run-request.js";
import type { Places } from "./places.js";
import type { Opener, SlotWriter } from "./scoreboard/slot-writer.js";

/** What all connections of a worker share. */
export interface WorkerService extends ConnectionService {
  readonly respond: Responder;
  readonly places: Places;
  readonly open: OpenConnection;
  closed(connection: WorkerConnection): void;
}

/** How long a connection may stay that has sent nothing when its worker is to end. */
const FRESH_PATIENCE = 1_000;

/** A connection that a worker serves, and the place that it holds for its first request. */
export class WorkerConnection
  implements ConnectionOwner<ServedConnection>, ListedConnection, Opener
{
  index = 0;
  readonly service: WorkerService;
  readonly respond: Responder;
  readonly #connection: ServedConnection;
  /** One of HTTP's that may be silent: its first byte, and not its coming, is the first request's. */
  readonly #silent: Socket | undefined;
  /** Until the first request has come. */
  #opened: { slot: SlotWriter | undefined } | undefined;
  #isClosing = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(socket: Socket, service: WorkerService) {
    this.service = service;
    this.#opened = { slot: service.places.open(this) };
    // What has been read for a session is not counted among the bytes that this socket has read.
    const canBeSilent = service.protocol === Protocol.Http && socket.readableLength === 0;
    this.#silent = canBeSilent ? socket : undefined;
    this.respond = (context) => this.#handle(context);
    this.#connection = service.open(socket, this);
  }

  /** How many run is what the places bound. */
  admit(): boolean {
    return true;
  }

  released(): void {}

  /** Serves what has begun. A request that is on its way on a new connection is served, too. */
  drain(): void {
    if (this.#opened === undefined) this.#connection.drain();
    else this.#patience ??= setTimeout(() => this.#connection.drain(), FRESH_PATIENCE);
  }

  destroy(): void {
    this.#connection.destroy();
  }

  /** No request comes any more: the peer's last bytes are waited for without a place. */
  closing(): void {
    this.#isClosing = true;
    this.#leave();
  }

  closed(): void {
    clearTimeout(this.#patience);
    this.closing();
    this.service.closed(this);
  }

  leaveIfSilent(): boolean {
    const socket = this.#silent;
    if (socket === undefined || this.#opened === undefined || socket.bytesRead > 0) return false;
    this.#leave();
    // Node's parser takes bytes past all listeners, but for sockets that have one: they cost more.
    socket.once("data", () => this.#begin());
    return true;
  }

  /** The first byte of a connection that was silent. */
  #begin(): void {
    if (!this.#isClosing) this.#opened ??= { slot: this.service.places.open(this) };
  }

  #leave(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened !== undefined) this.service.places.leave(opened.slot);
  }

  #handle(running: RunningRequest): Response | Promise<Response> {
    const opened = this.#opened;
    this.#opened = undefined;
    if (this.#patience !== undefined) this.#connection.drain();
    const slot = this.service.places.take(opened);
    if (slot instanceof Promise) return this.#handleLater(slot, running);
    return this.#run(slot, running);
  }

  async #handleLater(waited: Promise<SlotWriter>, running: RunningRequest): Promise<Response> {
    const slot = await waited;
    if (running.signal.aborted) {
      this.service.places.end(slot, false);
      throw running.signal.reason;
    }
    return this.#run(slot, running);
  }

  #run(slot: SlotWriter, running: RunningRequest): Response | Promise<Response> {
    const { places, respond } = this.service;
    places.begin(slot, running.variables);
    void running.finished.then(() => places.end(slot, true));
    return respond(running);
  }
}

/** What all raw connections of a worker share. */
export type RawService = RawConnectionOwner["service"] & {
  readonly places: Places;
  closed(connection: RawWorkerConnection): void;
};

/**
 * A connection in the hands of an application, which speaks its protocol itself. It counts as one
 * request.
 */
export class RawWorkerConnection implements RawConnectionOwner, ListedConnection, Opener {
  index = 0;
  readonly service: RawService;
  readonly #connection: RawConnection;
  #slot: SlotWriter | undefined;
  #closed = false;

  constructor(socket: Socket, handler: ConnectionHandler, service: RawService) {
    this.service = service;
    const { places } = service;
    const taken = places.take({ slot: places.open(this) });
    this.#connection = new RawConnection(
      socket,
      async (...connection) => {
        const slot = await taken;
        if (this.#closed) {
          places.end(slot, false);
          return;
        }
        this.#slot = slot;
        places.begin(slot, new Variables());
        try {
          await handler(...connection);
        } finally {
          // What it wrote may still be on its way, and the peer slow to close.
          this.#leave();
        }
      },
      this,
    );
  }

  drain(): void {
    this.#connection.drain();
  }

  destroy(): void {
    this.#connection.destroy();
  }

  closed(): void {
    this.#closed = true;
    this.#leave();
    this.service.closed(this);
  }

  /** What a silent client wants only the application knows. */
  leaveIfSilent(): boolean {
    return false;
  }

  #leave(): void {
    const slot = this.#slot;
    this.#slot = undefined;
    if (slot !== undefined) this.service.places.end(slot, true);
  }
}
