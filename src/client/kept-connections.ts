import type { Address } from "../address.js";
import { defaultEngine } from "../engine/select.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultLimits } from "../limits.js";
import type { Connector } from "../transport/connection.js";
import type { OpenChannel } from "./channel.js";
import { timerDelay } from "./exchange.js";
import { SharedConnection } from "./shared-connection.js";

export interface KeepOptions {
  /**
   * The number of idle connections to keep. Default: 1; 0 keeps none. Each of them occupies a php-fpm
   * worker: keep fewer than the pool has children, and none where the status page matters.
   */
  idle?: number | undefined;
  /** Milliseconds after which an idle connection is closed. Default: 5,000; 0 closes it at once. */
  idleTimeout?: number | undefined;
  /**
   * Whether to send several requests at once over a connection, if the application says that it
   * accepts them (FCGI_MPXS_CONNS). Default: false.
   */
  multiplex?: boolean | undefined;
  /** The most requests to send at once over a connection, if it multiplexes. Default: 64. */
  maxRequests?: number | undefined;
}

/** Connections to one backend that serve several requests: pass them to `gatewayFetch`. */
export interface KeptConnections {
  /** Closes the idle connections now, and the others as soon as they are idle. */
  close(): void;
}

/** The keeper behind each object that {@link keep} has returned. */
const keepers = new WeakMap<KeptConnections, ConnectionKeeper>();

/**
 * Keeps the connections that `connector` opens.
 *
 * @param address where they lead: requests to another backend are refused
 */
export function keep(
  connector: Connector,
  options: KeepOptions,
  address?: Address,
): KeptConnections {
  const keeper = new ConnectionKeeper(connector, options, address);
  const kept: KeptConnections = { close: () => keeper.close() };
  keepers.set(kept, keeper);
  return kept;
}

/**
 * Channels over kept connections.
 *
 * @throws GatewayError `bad_input` for an object that {@link keep} did not return, and for
 * connections that lead to another backend than `target`
 */
export function channelsOver(kept: KeptConnections, target: Address): OpenChannel {
  const keeper = keepers.get(kept);
  if (keeper !== undefined) {
    const { address } = keeper;
    if (address === undefined || isSameBackend(address, target)) return keeper.open;
    throw new GatewayError(
      ErrorCode.BadInput,
      `the request is for ${target.text}, but its connections lead to ${address.text}`,
      { hint: "keep connections for each backend: keepConnections(target)" },
    );
  }
  throw new GatewayError(
    ErrorCode.BadInput,
    "connections: this is not what keepConnections returns",
  );
}

function isSameBackend(one: Address, other: Address): boolean {
  const place = ({ endpoint }: Address): string =>
    "host" in endpoint ? `${endpoint.host}:${endpoint.port}` : JSON.stringify(endpoint);
  return place(one) === place(other);
}

class ConnectionKeeper {
  readonly address: Address | undefined;
  readonly #connector: Connector;
  readonly #options: KeepOptions;
  readonly #connections = new Set<SharedConnection>();
  readonly #timers = new Map<SharedConnection, ReturnType<typeof setTimeout>>();
  /** The number of requests at once on a connection; undefined when the application is to be asked. */
  #capacity: number | undefined;
  readonly #idleTimeout: number;
  #closed = false;

  constructor(connector: Connector, options: KeepOptions, address: Address | undefined) {
    this.address = address;
    this.#connector = connector;
    this.#options = options;
    this.#idleTimeout = timerDelay("idleTimeout", options.idleTimeout ?? 5_000);
    this.#capacity = options.multiplex === true ? undefined : 1;
  }

  /** A channel on a connection that has room, or on a new one. */
  readonly open: OpenChannel = (createMachine, handlers) => {
    const found = [...this.#connections].find((each) => each.hasRoom);
    const connection = found ?? this.#connect();
    clearTimeout(this.#timers.get(connection));
    try {
      return connection.openChannel(createMachine, handlers);
    } catch (error) {
      this.#keepOrClose(connection);
      throw error;
    }
  };

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
      onIdle: (each) => this.#keepOrClose(each),
      onClosed: (each) => this.#remove(each),
      engine: defaultEngine(),
    });
    this.#connections.add(connection);
    return connection;
  }

  #keepOrClose(connection: SharedConnection): void {
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
    this.#timers.set(connection, setTimeout(close, this.#idleTimeout));
  }

  #remove(connection: SharedConnection): void {
    this.#connections.delete(connection);
    clearTimeout(this.#timers.get(connection));
    this.#timers.delete(connection);
  }
}
