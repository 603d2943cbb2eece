import { latin1 } from "../bytes.js";
import type { CapturedProtocol, CapturedSide } from "../capture/capture.js";
import { clientProtocol } from "../cgi/spoken-protocol.js";
import { GatewayError } from "../errors.js";
import { visible } from "../terminal/text.js";
import { ResponseDescriber } from "./cgi.js";
import type { Describer } from "./describer.js";
import { beginsWithRecord, FastCgiDescriber } from "./fastcgi.js";
import { ScgiDescriber } from "./scgi.js";
import { UwsgiDescriber } from "./uwsgi.js";

/** One direction of a connection. */
interface Side {
  /** `lost` after missing bytes, `failed` after malformed ones. */
  describer: Describer | "lost" | "failed";
  /** Bytes so far, missing ones included. */
  length: number;
}

/** The describer of what a side of a connection sends. */
export function sideDescriber(
  protocol: CapturedProtocol,
  side: CapturedSide,
  most: number,
  offset = 0,
): Describer {
  if (protocol === "fcgi") return new FastCgiDescriber(most, offset);
  if (side === "backend") return new ResponseDescriber(most);
  return protocol === "scgi" ? new ScgiDescriber(most) : new UwsgiDescriber(most);
}

/** Describes both sides of a connection. A line begins with `>` for the client, `<` for the backend. */
export class ConnectionDescriber {
  readonly #protocol: CapturedProtocol;
  readonly #most: number;
  readonly #sides = new Map<CapturedSide, Side>();

  /**
   * @param most how many bytes of each content are shown
   * @param fromStart whether the first bytes are those of the connection
   */
  constructor(protocol: CapturedProtocol, most: number, fromStart = true) {
    this.#protocol = protocol;
    this.#most = most;
    for (const side of ["client", "backend"] as const) {
      const begins = fromStart || protocol !== "fcgi";
      const describer = begins ? sideDescriber(protocol, side, most) : "lost";
      this.#sides.set(side, { describer, length: 0 });
    }
  }

  take(side: CapturedSide, bytes: Uint8Array): string[] {
    const state = this.#sides.get(side)!;
    const { length } = state;
    state.length += bytes.length;
    const isLost = state.describer === "lost" && this.#protocol === "fcgi";
    if (isLost && beginsWithRecord(bytes)) {
      state.describer = sideDescriber("fcgi", side, this.#most, length);
    }
    return this.#lines(side, state, (describer) => describer.push(bytes));
  }

  /** Takes bytes that are missing. FastCGI is described again where bytes begin with a record. */
  missing(side: CapturedSide, length: number, reason: string): string[] {
    const state = this.#sides.get(side)!;
    const line = `${markOf(side)} ${length} bytes are missing at byte ${state.length}: ${reason}`;
    state.length += length;
    if (state.describer !== "failed") state.describer = "lost";
    return [line];
  }

  /** The connection has ended. */
  closed(): string[] {
    return [...this.#sides].flatMap(([side, state]) =>
      this.#lines(side, state, (describer) => describer.end()),
    );
  }

  /** What is malformed is reported once, and what follows is not described. */
  #lines(
    side: CapturedSide,
    state: Side,
    describe: (describer: Describer) => Iterable<string>,
  ): string[] {
    const { describer } = state;
    if (typeof describer === "string") return [];
    const lines: string[] = [];
    try {
      for (const line of describe(describer)) lines.push(`${markOf(side)} ${line}`);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      state.describer = "failed";
      lines.push(`${markOf(side)} ${visible(error.message)}`);
    }
    return lines;
  }
}

const markOf = (side: CapturedSide) => (side === "client" ? ">" : "<");

/** Bytes that tell the protocol of a connection. */
const ENOUGH = 8;

/**
 * The protocol of a connection by the first bytes of a side: one that is described, the name of
 * another, or `not known`; undefined while there are too few bytes.
 */
export function connectionProtocol(
  side: CapturedSide,
  first: Uint8Array,
  isAll: boolean,
): CapturedProtocol | { other: string } | undefined {
  if (first.length < ENOUGH && !isAll) return undefined;
  if (beginsWithRecord(first)) return "fcgi";
  if (side === "backend") return { other: "not known" };
  const start = latin1(first.subarray(0, ENOUGH));
  const spoken = clientProtocol(start);
  if (spoken === "SCGI" && /^\d+:[A-Z]/.test(start)) return "scgi";
  // The name of the first variable: four bytes of other protocols may look like a packet's header.
  if (spoken === "uwsgi" && /^\0..\0.\0[A-Z]/s.test(start)) return "uwsgi";
  const isOther = spoken !== undefined && !["FastCGI", "SCGI", "uwsgi"].includes(spoken);
  return { other: isOther ? spoken : "not known" };
}
