import { engine } from "../engine/select.js";
import { defaultLimits } from "../limits.js";
import type { Connector } from "../transport/connection.js";
import type { OpenChannel } from "./channel.js";
import { SharedConnection } from "./shared-connection.js";

export interface KeepOptions {
  /**
   * Idle connections that are kept. Default 1. Each one holds a php-fpm worker until it is closed:
   * keep fewer than the pool has children, and none where the status page matters.
   */
  idle?: number | undefined;
  /** Milliseconds after which an idle connection is closed. Default 5,000. */
  idleTimeout?: number | undefined;
  /**
   * Sends several requests at once over a connection, if the application says that it can
   * (FCGI_MPXS_CONNS). Default false.
   */
  multiplex?: boolean | undefined;
  /** Requests at once on a connection. Default 64. */
  maxRequests?: number | undefined;
}

/** FastCGI connections to one backend that are used again. */
export class KeptConnections {
  readonly #connector: Connector;
  readonly #options: KeepOptions;
  readonly #connections = new Set<SharedConnection>();
  readonly #timers = new Map<SharedConnection, ReturnType<typeof setTimeout>>();
  /** Requests at once on a connection; undefined when the application is to be asked. */
  #capacity: number | undefined;
  #closed = false;

  constructor(connector: Connector, options: KeepOptions = {}) {
    this.#connector = connector;
    this.#options = options;
    this.#capacity = options.multiplex === true ? undefined : 1;
  }

  /** A channel on a connection that has room, or on a new one. */
  readonly open: OpenChannel = (createMachine, handlers) => {
    const found = [...this.#connections].find((each) => each.hasRoom);
    if (found !== undefined) clearTimeout(this.#timers.get(found));
    return (found ?? this.#connect()).openChannel(createMachine, handlers);
  };

  /** Closes what is idle, and what is busy as soon as it is idle. */
  close(): void {
    this.#closed = true;
    for (const connection of [...this.#connections]) {
      if (connection.idle) connection.destroy();
    }
  }

  #connect(): SharedConnection {
    const connection = new SharedConnection(this.#connector, {
      capacity: this.#capacity,
      onCapacity: (capacity) => {
        this.#capacity = capacity;
      },
      maxRequests: this.#options.maxRequests ?? defaultLimits.requests,
      onIdle: (each) => this.#rest(each),
      onClosed: (each) => this.#forget(each),
      engine: engine(),
    });
    this.#connections.add(connection);
    return connection;
  }

  #rest(connection: SharedConnection): void {
    if (!connection.idle) return;
    const idle = [...this.#connections].filter((each) => each.idle);
    if (this.#closed || idle.length > (this.#options.idle ?? 1)) {
      connection.destroy();
      return;
    }
    clearTimeout(this.#timers.get(connection));
    const close = (): void => {
      if (connection.idle) connection.destroy();
    };
    this.#timers.set(connection, setTimeout(close, this.#options.idleTimeout ?? 5_000));
  }

  #forget(connection: SharedConnection): void {
    this.#connections.delete(connection);
    clearTimeout(this.#timers.get(connection));
    this.#timers.delete(connection);
  }
}
