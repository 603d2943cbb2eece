import type { Stats } from "node:fs";
import { Readable } from "node:stream";
import { ByteCollector } from "../../bytes.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { type Io, inputStream, openInput, standardInput, unreadable } from "../io.js";

/** A request's body whose length is known: a gateway protocol sends the length first. */
export interface RequestBody {
  content: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>;
  length: number;
}

/** The most that is read before it is sent: from a pipe, whose length shows at its end only. */
const MAX_READ = 268_435_456;
/** A file up to this size is read first: the sizes of /proc and /sys are not those of the content. */
const READ_FIRST = 1_048_576;

/**
 * The body that `-d` names: the text itself, `@FILE`, or `@-` for standard input.
 *
 * @throws GatewayError `bad_input`, `limit_exceeded`
 */
export async function requestBody(data: string, io: Io): Promise<RequestBody> {
  if (data === "@-") return readAll(standardInput(io));
  if (data.startsWith("@")) return fileBody(data.slice(1), io.signal);
  const content = new TextEncoder().encode(data);
  return { content, length: content.length };
}

/**
 * A file as a body. What is small, a pipe or a device is read to its end first; a large file is
 * sent as long as it is now, even if it grows.
 *
 * @throws GatewayError `bad_input` when it cannot be read
 */
export async function fileBody(
  path: string,
  signal: AbortSignal,
): Promise<RequestBody & { stats: Stats }> {
  const input = openInput(path);
  const { stats } = input;
  if (!stats.isFile() || stats.size <= READ_FIRST) {
    return { ...(await readAll(inputStream(input, signal))), stats };
  }
  const stream = inputStream(input, signal, stats.size);
  return {
    content: Readable.toWeb(stream) as ReadableStream<Uint8Array>,
    length: stats.size,
    stats,
  };
}

async function readAll(source: AsyncIterable<Uint8Array>): Promise<RequestBody> {
  const collector = new ByteCollector();
  try {
    for await (const chunk of source) {
      collector.push(chunk);
      if (collector.length > MAX_READ) throw tooLong();
    }
  } catch (error) {
    throw error instanceof GatewayError ? error : unreadable((error as Error).message, error);
  }
  const content = collector.take();
  return { content, length: content.length };
}

function tooLong(): GatewayError {
  return new GatewayError(
    ErrorCode.LimitExceeded,
    `a body from a pipe is read before it is sent, and this one passes ${MAX_READ} bytes`,
    { hint: "write it to a file, and send that with @FILE" },
  );
}
