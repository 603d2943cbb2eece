import { ByteCollector } from "../bytes.js";
import type {
  CapturedProtocol,
  CapturedSide,
  CaptureEvent,
  CaptureFileReader,
} from "../capture/capture.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { ConnectionDescriber, connectionProtocol } from "./connection.js";
import { numbered } from "./connections.js";
import type { Describer } from "./describer.js";

/** Connections at a time that a capture may have. */
const MAX_OPEN = 65_536;

const protocolNames: Readonly<Record<CapturedProtocol, string>> = {
  fcgi: "FastCGI",
  scgi: "SCGI",
  uwsgi: "uwsgi",
};

/** A connection of a capture. */
interface Connection {
  readonly name: string;
  readonly fromStart: boolean;
  /** Undefined until its protocol is known; `other` for one that is not described. */
  describer: ConnectionDescriber | "other" | undefined;
  /** The first bytes of the side that sent first, until they tell the protocol. */
  readonly first: ByteCollector;
  firstSide: CapturedSide | undefined;
}

/**
 * A file with the bytes of many connections. A line begins with the number of the connection, which
 * is its place in the file. Connections of other protocols are left out, and counted at the end.
 */
export class CaptureDescriber implements Describer {
  readonly #reader: CaptureFileReader;
  readonly #protocol: CapturedProtocol | undefined;
  readonly #most: number;
  readonly #connections = new Map<number, Connection>();
  /** Connections that are left out, by what is known of their protocols. */
  readonly #others = new Map<string, number>();
  #described = 0;

  /**
   * @param protocol the protocol of all connections. Default: that of each is recognised
   * @param most how many bytes of each content are shown
   */
  constructor(reader: CaptureFileReader, protocol: CapturedProtocol | undefined, most: number) {
    this.#reader = reader;
    this.#protocol = protocol;
    this.#most = most;
  }

  *push(bytes: Uint8Array): Generator<string, void, undefined> {
    for (const event of this.#reader.push(bytes)) yield* this.#take(event);
  }

  *end(): Generator<string, void, undefined> {
    for (const event of this.#reader.end()) yield* this.#take(event);
    const others = Array.from(this.#others, ([protocol, count]) => `${protocol} ${count}`);
    const all = [...others, ...(this.#reader.others ?? [])];
    if (all.length > 0) yield `left out: ${all.join(", ")}`;
    if (this.#described > 0 || this.#reader.protocol !== undefined) return;
    throw new GatewayError(
      ErrorCode.BadInput,
      "the capture has no connection of FastCGI, SCGI or uwsgi",
      { hint: "set the protocol with --protocol, and the port with --port" },
    );
  }

  *#take(event: CaptureEvent): Generator<string, void, undefined> {
    const { connection } = event;
    const known = this.#connections.get(connection) ?? this.#begin(event);
    if (event.kind === "begun") return;
    if (event.kind === "closed") this.#connections.delete(connection);
    if (event.kind === "bytes" && known.describer === undefined) {
      yield* numbered(connection, this.#recognise(known, event.side, event.bytes));
      return;
    }
    if (event.kind === "closed" && known.describer === undefined) {
      yield* numbered(connection, this.#decide(known, true));
    }
    if (known.describer === undefined || known.describer === "other") return;
    yield* numbered(connection, linesOf(known.describer, event));
  }

  #begin(event: CaptureEvent): Connection {
    const { name, fromStart } = event.kind === "begun" ? event : { name: "", fromStart: true };
    const protocol = this.#reader.protocol;
    const describer = protocol && new ConnectionDescriber(protocol, this.#most);
    const first = new ByteCollector();
    const connection = { name, fromStart, describer, first, firstSide: undefined };
    this.#connections.set(event.connection, connection);
    if (this.#connections.size <= MAX_OPEN) return connection;
    const message = `the capture has more than ${MAX_OPEN} open connections`;
    throw new GatewayError(ErrorCode.LimitExceeded, message);
  }

  /** Takes bytes of a connection whose protocol is not known yet. */
  #recognise(known: Connection, side: CapturedSide, bytes: Uint8Array): string[] {
    if (known.first.length === 0) known.firstSide = side;
    if (known.firstSide !== side) {
      const lines = this.#decide(known, true);
      const { describer } = known;
      return typeof describer === "object" ? [...lines, ...describer.take(side, bytes)] : lines;
    }
    known.first.push(bytes);
    return this.#decide(known, false);
  }

  /** Decides by the first bytes, if they are enough or all, and describes them. */
  #decide(known: Connection, isAll: boolean): string[] {
    const { first, firstSide, fromStart, name } = known;
    if (firstSide === undefined) return [];
    const protocol = this.#protocol ?? connectionProtocol(firstSide, first.bytes, isAll);
    if (protocol === undefined) return [];
    const bytes = first.take();
    if (typeof protocol === "object") {
      // A later piece may begin with a record.
      if (!fromStart && !isAll) return [];
      known.describer = "other";
      this.#others.set(protocol.other, (this.#others.get(protocol.other) ?? 0) + 1);
      return [];
    }
    this.#described += 1;
    const describer = new ConnectionDescriber(protocol, this.#most, fromStart);
    known.describer = describer;
    const title = `${name}  ${protocolNames[protocol]}`.trimStart();
    return [title, ...describer.take(firstSide, bytes)];
  }
}

function linesOf(describer: ConnectionDescriber, event: CaptureEvent): string[] {
  switch (event.kind) {
    case "bytes":
      return describer.take(event.side, event.bytes);
    case "missing":
      return describer.missing(event.side, event.length, event.reason);
    case "closed":
      return describer.closed();
    case "begun":
      return [];
  }
}
