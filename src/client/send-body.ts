import type { ClientMachine } from "../cgi/client-machine.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { EventLoopYield } from "../transport/event-loop-yield.js";

/** Where the streams of a request are sent. */
export interface BodyReceiver {
  /** False when the answer is complete, or the request is abandoned. */
  readonly open: boolean;
  /** Called when `open` becomes false. */
  onRelease: (() => void) | undefined;
  /** Settles when the next piece may follow. */
  send(parts: readonly Uint8Array[]): Promise<void>;
}

/** The body of a request. */
export interface RequestContent {
  content: ReadableStream<Uint8Array> | Uint8Array | undefined;
  /** The length in bytes that the request's variables promise; undefined if they promise none. */
  length: number | undefined;
}

/** A stream of a request, and how the protocol frames it. */
export interface BodySource extends RequestContent {
  encode(bytes: Uint8Array): Uint8Array[];
  end(): Uint8Array[];
}

/** The body of a request, as the first of its streams. */
export function bodySource(machine: ClientMachine, body: RequestContent): BodySource {
  return { ...body, encode: (bytes) => machine.body(bytes), end: () => machine.endBody() };
}

/**
 * Sends the streams of a request, each to its end, as fast as the peer reads them. Stops without an
 * error when the answer is complete earlier: a peer need not read everything.
 *
 * @throws GatewayError `bad_input` when a stream is shorter or longer than its promised length:
 * php-fpm would wait for the rest
 */
export async function sendBody(
  sources: readonly BodySource[],
  receiver: BodyReceiver,
): Promise<void> {
  for (const source of sources) {
    const { content } = source;
    if (content instanceof Uint8Array) await sendPiece(source, content, receiver);
    else if (content !== undefined) await sendStream(source, content, receiver);
    if (receiver.open) await receiver.send(source.end());
  }
}

async function sendStream(
  source: BodySource,
  stream: ReadableStream<Uint8Array>,
  receiver: BodyReceiver,
): Promise<void> {
  const reader = stream.getReader();
  receiver.onRelease = () => void reader.cancel().catch(() => {});
  const loop = new EventLoopYield();
  let sent = 0;
  try {
    while (receiver.open) {
      const { done, value } = await reader.read();
      if (done) {
        if (source.length !== undefined && sent < source.length) throw wrongLength(sent, source);
        return;
      }
      const bytes = bodyChunk(value);
      sent += bytes.length;
      if (source.length !== undefined && sent > source.length) throw wrongLength(sent, source);
      await sendPiece(source, bytes, receiver);
      const turn = loop.sent(bytes.length);
      if (turn !== undefined) await turn;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/**
 * A chunk of a body, which a caller may have made of anything.
 *
 * @throws TypeError for a chunk that is not a Uint8Array, as `fetch` does
 */
export function bodyChunk(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new TypeError("body: the stream has a chunk that is not a Uint8Array");
}

async function sendPiece(
  source: BodySource,
  bytes: Uint8Array,
  receiver: BodyReceiver,
): Promise<void> {
  if (bytes.length > 0 && receiver.open) await receiver.send(source.encode(bytes));
}

function wrongLength(sent: number, source: BodySource): GatewayError {
  return new GatewayError(
    ErrorCode.BadInput,
    `the request's body has ${sent < (source.length ?? 0) ? "only " : ""}${sent} bytes, and its length was given as ${source.length}`,
  );
}
