import type { CapturedSide, CaptureEvent } from "./capture.js";
import { endpointKey, endpointText, TcpFlag, type TcpSegment } from "./packet.js";
import { type StreamPiece, TcpDirection } from "./tcp-direction.js";

/** Connections that are known at a time; beyond, the one that began first is closed. */
const MAX_CONNECTIONS = 4_096;
/** Bytes of all connections that wait for those before them. */
const MAX_WAITING = 67_108_864;

const sides = ["client", "backend"] as const;

/** A connection, whose endpoints are in the order of {@link TcpStreams}' keys. */
class TcpConnection {
  readonly client = new TcpDirection();
  readonly backend = new TcpDirection();
  readonly number: number;
  /** Whether the endpoint with the smaller key is the client. */
  readonly smallerIsClient: boolean;
  closed = false;

  constructor(number: number, smallerIsClient: boolean) {
    this.number = number;
    this.smallerIsClient = smallerIsClient;
  }

  get waitingBytes(): number {
    return this.client.waitingBytes + this.backend.waitingBytes;
  }
}

/** Puts the segments of many TCP connections together. */
export class TcpStreams {
  readonly #port: number | undefined;
  readonly #connections = new Map<string, TcpConnection>();
  #count = 0;
  #waiting = 0;

  /** @param port the port of the backend. Default: the lower one of each connection */
  constructor(port: number | undefined) {
    this.#port = port;
  }

  /** Takes a segment, and yields what is in order then. */
  *take(segment: TcpSegment): Generator<CaptureEvent, void, undefined> {
    const { source, destination, flags } = segment;
    if (this.#port !== undefined && source.port !== this.#port && destination.port !== this.#port) {
      return;
    }
    const [from, to] = [endpointKey(source), endpointKey(destination)];
    const sourceIsSmaller = from < to;
    const key = sourceIsSmaller ? `${from} ${to}` : `${to} ${from}`;
    let connection = this.#connections.get(key);
    if (connection !== undefined && beginsAgain(connection, segment)) {
      yield* this.#close(connection);
      this.#connections.delete(key);
      connection = undefined;
    }
    if (connection === undefined) {
      const isSyn = (flags & TcpFlag.Syn) !== 0;
      if (!isSyn && segment.length === 0) return;
      const isClient = this.#isClient(segment);
      connection = new TcpConnection(++this.#count, isClient === sourceIsSmaller);
      const [client, backend] = isClient ? [source, destination] : [destination, source];
      yield* this.#add(key, connection);
      yield {
        kind: "begun",
        connection: connection.number,
        name: `${endpointText(client)} > ${endpointText(backend)}`,
        fromStart: isSyn,
      };
    }
    if (!connection.closed) yield* this.#take(connection, segment, sourceIsSmaller);
  }

  /** Takes the end of the capture. */
  *end(): Generator<CaptureEvent, void, undefined> {
    for (const connection of this.#connections.values()) yield* this.#close(connection);
    this.#connections.clear();
  }

  *#take(
    connection: TcpConnection,
    segment: TcpSegment,
    sourceIsSmaller: boolean,
  ): Generator<CaptureEvent, void, undefined> {
    const { flags, acknowledgement } = segment;
    const side = sourceIsSmaller === connection.smallerIsClient ? "client" : "backend";
    const other = side === "client" ? "backend" : "client";
    const before = connection.waitingBytes;
    if ((flags & TcpFlag.Ack) !== 0) {
      yield* eventsOf(connection, other, connection[other].confirmed(acknowledgement));
    }
    yield* eventsOf(connection, side, connection[side].take(segment));
    this.#waiting += connection.waitingBytes - before;
    const isReset = (flags & TcpFlag.Rst) !== 0;
    if (isReset || (connection.client.ended && connection.backend.ended)) {
      yield* this.#close(connection);
    }
    if (this.#waiting > MAX_WAITING) yield* this.#skipGaps(connection);
  }

  /** Gives up what a connection waits for. */
  *#skipGaps(connection: TcpConnection): Generator<CaptureEvent, void, undefined> {
    const before = connection.waitingBytes;
    for (const side of sides) {
      while (connection[side].waitingBytes > 0) {
        yield* eventsOf(connection, side, connection[side].skipGap());
      }
    }
    this.#waiting -= before;
  }

  *#add(key: string, connection: TcpConnection): Generator<CaptureEvent, void, undefined> {
    this.#connections.set(key, connection);
    if (this.#connections.size <= MAX_CONNECTIONS) return;
    for (const [oldKey, oldest] of this.#connections) {
      yield* this.#close(oldest);
      this.#connections.delete(oldKey);
      return;
    }
  }

  /** A closed connection stays known, because some of its segments may be sent again. */
  *#close(connection: TcpConnection): Generator<CaptureEvent, void, undefined> {
    if (connection.closed) return;
    connection.closed = true;
    this.#waiting -= connection.waitingBytes;
    for (const side of sides) {
      yield* eventsOf(connection, side, connection[side].close());
    }
    yield { kind: "closed", connection: connection.number };
  }

  /** Whether the source of the first segment of a connection is its client. */
  #isClient({ source, destination, flags }: TcpSegment): boolean {
    if ((flags & TcpFlag.Syn) !== 0) return (flags & TcpFlag.Ack) === 0;
    if (destination.port === this.#port) return true;
    return source.port !== this.#port && destination.port <= source.port;
  }
}

/** Whether a segment begins another connection between the same endpoints. */
function beginsAgain({ client }: TcpConnection, { flags, sequence }: TcpSegment): boolean {
  const isFirst = (flags & (TcpFlag.Syn | TcpFlag.Ack)) === TcpFlag.Syn;
  return isFirst && client.synSequence !== sequence;
}

function* eventsOf(
  { number: connection }: TcpConnection,
  side: CapturedSide,
  pieces: readonly StreamPiece[],
): Generator<CaptureEvent, void, undefined> {
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) yield { kind: "bytes", connection, side, bytes: piece };
    else yield { kind: "missing", connection, side, length: piece.missing, reason: piece.reason };
  }
}
