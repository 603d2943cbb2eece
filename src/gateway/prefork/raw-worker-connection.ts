import type { Socket } from "node:net";
import { Variables } from "../../cgi/variables.js";
import { type ConnectionHandler, RawConnection } from "../raw-connection.js";
import type { RosterMember } from "../roster.js";
import type { Places } from "./places.js";
import type { SlotWriter } from "./slot-writer.js";

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
export class RawWorkerConnection implements RosterMember {
  seat = 0;
  readonly #connection: RawConnection;
  readonly #service: RawService;
  #slot: SlotWriter | undefined;
  #closed = false;

  constructor(socket: Socket, handler: ConnectionHandler, service: RawService) {
    this.#service = service;
    const { places } = service;
    const taken = places.take({ slot: places.open() });
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
        await handler(...connection);
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
    if (this.#slot !== undefined) this.#service.places.end(this.#slot, true);
    this.#service.closed(this);
  }
}
