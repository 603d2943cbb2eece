import { GatewayError } from "../../errors.js";
import type { RelaySide } from "../../tap/observer.js";
import type { TappedProtocol } from "../../tap/tapped-request.js";
import { visible } from "../../terminal/text.js";
import { ResponseDescriber } from "./cgi.js";
import type { Describer } from "./describer.js";
import { FastCgiDescriber } from "./fastcgi.js";
import { ScgiDescriber } from "./scgi.js";
import { UwsgiDescriber } from "./uwsgi.js";

type Sides = Map<RelaySide, Describer>;

/**
 * Describes the bytes of many connections. A line begins with the connection's number, and with `>` for
 * what the front end sent, `<` for what the backend sent.
 */
export class ConnectionsDescriber {
  readonly #protocol: TappedProtocol;
  readonly #most: number;
  readonly #connections = new Map<number, Sides>();

  /** @param most how many bytes of each content are shown */
  constructor(protocol: TappedProtocol, most: number) {
    this.#protocol = protocol;
    this.#most = most;
  }

  /** Connections that have begun and not ended. */
  get open(): number {
    return this.#connections.size;
  }

  take(connection: number, side: RelaySide, bytes: Uint8Array): string[] {
    const sides = this.#connections.get(connection) ?? this.#begin(connection);
    return this.#lines(connection, sides, side, (describer) => describer.push(bytes));
  }

  /** The connection has ended. */
  closed(connection: number): string[] {
    const sides = this.#connections.get(connection);
    if (sides === undefined) return [];
    this.#connections.delete(connection);
    const all = [...sides.keys()];
    return all.flatMap((side) => this.#lines(connection, sides, side, (each) => each.end()));
  }

  #begin(connection: number): Sides {
    const sides: Sides = new Map([
      ["client", this.#sent()],
      ["backend", this.#protocol === "fcgi" ? this.#sent() : new ResponseDescriber(this.#most)],
    ]);
    this.#connections.set(connection, sides);
    return sides;
  }

  #sent(): Describer {
    switch (this.#protocol) {
      case "fcgi":
        return new FastCgiDescriber(this.#most);
      case "scgi":
        return new ScgiDescriber(this.#most);
      case "uwsgi":
        return new UwsgiDescriber(this.#most);
    }
  }

  /** What is malformed is reported once, and the rest of that side is not described. */
  #lines(
    connection: number,
    sides: Sides,
    side: RelaySide,
    describe: (describer: Describer) => Iterable<string>,
  ): string[] {
    const describer = sides.get(side);
    if (describer === undefined) return [];
    const mark = `#${connection} ${side === "client" ? ">" : "<"}`;
    const lines: string[] = [];
    try {
      for (const line of describe(describer)) lines.push(`${mark} ${line}`);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      sides.delete(side);
      lines.push(`${mark} ${visible(error.message)}`);
    }
    return lines;
  }
}
