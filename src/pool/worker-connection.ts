import type { Socket } from "node:net";
import { Protocol } from "../address.js";
import { Variables } from "../cgi/variables.js";
import type { ListedConnection } from "../server/connections.js";
import type { OpenConnection, ServedConnection } from "../server/open-connection.js";
import {
  type ConnectionHandler,
  RawConnection,
  type RawConnectionOwner,
} from "../server/raw-connection.js";
import type { RunningRequest } from "../server/request-context.js";
import type { Responder } from "../server/run-request.js";
import type { SocketOwner, SocketService } from "../server/socket-owner.js";
import type { Places } from "./places.js";
import type { Opener, SlotWriter } from "./scoreboard/slot-writer.js";

/** What all connections of a worker share. */
export interface WorkerService extends SocketService {
  readonly respond: Responder;
  readonly places: Places;
  readonly open: OpenConnection;
  closed(connection: WorkerConnection): void;
}

/** Milliseconds that a connection without a request stays open when its worker stops. */
const FIRST_REQUEST_DELAY = 1_000;

/** A connection that a worker serves, and the place that it occupies for its first request. */
export class WorkerConnection implements SocketOwner<ServedConnection>, ListedConnection, Opener {
  index = 0;
  readonly service: WorkerService;
  readonly respond: Responder;
  readonly #connection: ServedConnection;
  /** The socket of an HTTP connection without bytes yet, which may give its place back meanwhile. */
  readonly #silent: Socket | undefined;
  /** The place for the first request, until that has arrived. */
  #opened: { slot: SlotWriter | undefined } | undefined;
  #isClosing = false;
  #drainTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, service: WorkerService) {
    this.service = service;
    this.#opened = { slot: service.places.open(this) };
    // `bytesRead` of this socket does not count what the master has read for a session.
    const canBeSilent = service.protocol === Protocol.Http && socket.readableLength === 0;
    this.#silent = canBeSilent ? socket : undefined;
    this.respond = (context) => this.#handle(context);
    this.#connection = service.open(socket, this);
  }

  /** The places limit how many requests run. */
  admit(): boolean {
    return true;
  }

  released(): void {}

  /** Serves what has begun, and on a new connection also a request that is on its way. */
  drain(): void {
    if (this.#opened === undefined) this.#connection.drain();
    else this.#drainTimer ??= setTimeout(() => this.#connection.drain(), FIRST_REQUEST_DELAY);
  }

  destroy(): void {
    this.#connection.destroy();
  }

  /** No further request is served. The place is given back before the peer's last bytes arrive. */
  closing(): void {
    this.#isClosing = true;
    this.#leave();
  }

  closed(): void {
    clearTimeout(this.#drainTimer);
    this.closing();
    this.service.closed(this);
  }

  leaveIfSilent(): boolean {
    const socket = this.#silent;
    if (socket === undefined || this.#opened === undefined || socket.bytesRead > 0) return false;
    this.#leave();
    // Node's parser bypasses the socket's events unless it has a `data` listener, which costs more.
    socket.once("data", () => this.#begin());
    return true;
  }

  /** The first byte of a silent connection has arrived. */
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
    if (this.#drainTimer !== undefined) this.#connection.drain();
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
 * A connection that an application reads and writes itself. It counts as one request.
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
          // The place is free now, although the last bytes and the peer's end may take a while.
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

  /** Never: in the application's protocol, silence may have a meaning. */
  leaveIfSilent(): boolean {
    return false;
  }

  #leave(): void {
    const slot = this.#slot;
    this.#slot = undefined;
    if (slot !== undefined) this.service.places.end(slot, true);
  }
}
