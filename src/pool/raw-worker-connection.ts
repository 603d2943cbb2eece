import type { Socket } from "node:net";
import { Variables } from "../cgi/variables.js";
import { type ConnectionHandler, RawConnection } from "../server/raw-connection.js";
import type { RosterMember } from "../server/swap-list.js";
import type { Places } from "./places.js";
import type { Opener, SlotWriter } from "./scoreboard/slot-writer.js";

/** What all raw connections of a worker share. */
export interface RawService {
  readonly timeouts: { readonly write: number };
  readonly places: Places;
  report(error: unknown): void;
  closed(connection: RawWorkerConnection): void;
}

/**
 * A connection in the hands of an application, which speaks its protocol itself. It counts as one
 * request.
 */
export class RawWorkerConnection implements RosterMember, Opener {
  seat = 0;
  readonly #connection: RawConnection;
  readonly #service: RawService;
  #slot: SlotWriter | undefined;
  #closed = false;

  constructor(socket: Socket, handler: ConnectionHandler, service: RawService) {
    this.#service = service;
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

  get timeouts(): { readonly write: number } {
    return this.#service.timeouts;
  }

  report(error: unknown): void {
    this.#service.report(error);
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
    this.#service.closed(this);
  }

  /** What a silent client wants only the application knows. */
  leaveIfSilent(): boolean {
    return false;
  }

  #leave(): void {
    const slot = this.#slot;
    this.#slot = undefined;
    if (slot !== undefined) this.#service.places.end(slot, true);
  }
}
