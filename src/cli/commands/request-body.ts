import type { Stats } from "node:fs";
import { Readable } from "node:stream";
import { ByteCollector } from "../../bytes.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { type Io, inputStream, openInput, standardInput, unreadableInput } from "../io.js";

/** A body and its length, which gateway protocols send first. */
export interface SizedBody {
  content: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>;
  length: number;
}

/** Bytes that are read before they are sent: the length of a pipe is known only at its end. */
const MAX_READ = 268_435_456;
/** Bytes of a file that is read before it is sent: files of /proc and /sys have no true size. */
const READ_FIRST = 1_048_576;

/**
 * The body that `-d` names: the text itself, `@FILE`, or `@-` for standard input.
 *
 * @throws GatewayError `bad_input`, `limit_exceeded`
 */
export async function bodyOf(data: string, io: Io): Promise<SizedBody> {
  if (data === "@-") return readAll(standardInput(io));
  if (data.startsWith("@")) return fileBody(data.slice(1), io.signal);
  const content = new TextEncoder().encode(data);
  return { content, length: content.length };
}

/**
 * A file as a body. A small file, a pipe or a device is read to its end first. A large file is sent
 * at the size that it has now, even if it grows.
 *
 * @throws GatewayError `bad_input` when it cannot be read
 */
export async function fileBody(
  path: string,
  signal: AbortSignal,
): Promise<SizedBody & { stats: Stats }> {
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

async function readAll(source: AsyncIterable<Uint8Array>): Promise<SizedBody> {
  const collector = new ByteCollector();
  try {
    for await (const chunk of source) {
      collector.push(chunk);
      if (collector.length > MAX_READ) throw tooLong();
    }
  } catch (error) {
    throw error instanceof GatewayError ? error : unreadableInput((error as Error).message, error);
  }
  const content = collector.take();
  return { content, length: content.length };
}

function tooLong(): GatewayError {
  return new GatewayError(
    ErrorCode.LimitExceeded,
    `a body from a pipe is read before it is sent, and this one has more than ${MAX_READ} bytes`,
    { hint: "write it to a file, and send the file with @FILE" },
  );
}
