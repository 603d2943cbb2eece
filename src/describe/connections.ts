import type { CapturedProtocol, CapturedSide } from "../capture/capture.js";
import { ConnectionDescriber } from "./connection.js";

/** Describes the bytes of many connections. A line begins with the connection's number. */
export class ConnectionsDescriber {
  readonly #protocol: CapturedProtocol;
  readonly #most: number;
  readonly #connections = new Map<number, ConnectionDescriber>();

  /** @param most how many bytes of each content are shown */
  constructor(protocol: CapturedProtocol, most: number) {
    this.#protocol = protocol;
    this.#most = most;
  }

  take(connection: number, side: CapturedSide, bytes: Uint8Array): string[] {
    const describer =
      this.#connections.get(connection) ?? new ConnectionDescriber(this.#protocol, this.#most);
    this.#connections.set(connection, describer);
    return numbered(connection, describer.take(side, bytes));
  }

  /** The connection has ended. */
  closed(connection: number): string[] {
    const lines = this.#connections.get(connection)?.closed() ?? [];
    this.#connections.delete(connection);
    return numbered(connection, lines);
  }
}

/** Lines of a connection with its number. */
export function numbered(connection: number, lines: readonly string[]): string[] {
  return lines.map((line) => `#${connection} ${line}`);
}
