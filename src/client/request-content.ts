import { ByteCollector } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";

/** A request's body, with the length that its variables will promise. */
export interface RequestContent {
  content: ReadableStream<Uint8Array> | Uint8Array | undefined;
  /** Bytes; undefined when there is no body. */
  length: number | undefined;
}

/** A body of unknown length is read to its end first, up to this many bytes. */
const MAX_BUFFERED = 1_048_576;

/**
 * The body of a request. A gateway protocol needs its length before the body itself: one that has
 * no Content-Length is read first.
 *
 * @param length as the caller knows it
 * @param signal ends the reading
 * @throws GatewayError `limit_exceeded` for more than 1 MiB of unknown length; `aborted`
 */
export async function contentOf(
  request: Request,
  length: number | undefined,
  signal: AbortSignal,
): Promise<RequestContent> {
  const { body } = request;
  if (body === null) return { content: undefined, length: undefined };
  const header = request.headers.get("content-length");
  if (length !== undefined) return { content: body, length };
  if (header !== null) return { content: body, length: Number(header) };
  const content = await readWhole(body, signal);
  return { content, length: content.length };
}

/**
 * Reads a stream to its end.
 *
 * @throws GatewayError `limit_exceeded` for more than 1 MiB; `aborted`
 */
export async function readWhole(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const reader = stream.getReader();
  const stop = (): void => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  const collected = new ByteCollector();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (signal.aborted) throw new GatewayError(ErrorCode.Aborted, "the request was cancelled");
      if (done) return collected.take();
      collected.push(value);
      if (collected.length > MAX_BUFFERED) throw tooLong();
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

function tooLong(): GatewayError {
  return new GatewayError(
    ErrorCode.LimitExceeded,
    `the request's body is longer than ${MAX_BUFFERED} bytes and has no length`,
    { hint: "give its length: a Content-Length header, or the option contentLength" },
  );
}
