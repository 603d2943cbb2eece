import { createReadStream, fstatSync, openSync, type Stats } from "node:fs";
import { Readable } from "node:stream";
import { ByteCollector } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { Io } from "./io.js";

/** A request's body whose length is known: a gateway protocol sends the length first. */
export interface RequestBody {
  content: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>;
  length: number;
}

/** The most that is read from a pipe, whose length shows at its end only. */
const MAX_PIPE = 268_435_456;

/**
 * The body that `-d` names: the text itself, `@FILE`, or `@-` for standard input.
 *
 * @throws GatewayError `bad_input`, `limit_exceeded`
 */
export async function requestBody(data: string, io: Io): Promise<RequestBody> {
  if (data === "@-") return readPipe(io.stdin);
  if (data.startsWith("@")) return openFile(data.slice(1));
  const content = new TextEncoder().encode(data);
  return { content, length: content.length };
}

/**
 * A file as a stream of bytes. Pipes and devices are read to their end first.
 *
 * @throws GatewayError `bad_input` when it cannot be read
 */
export async function openFile(path: string): Promise<RequestBody & { stats: Stats }> {
  try {
    const fd = openSync(path, "r");
    const stats = fstatSync(fd);
    // A file that grows while it is sent is sent as long as it was.
    const end = stats.isFile() && stats.size > 0 ? { end: stats.size - 1 } : {};
    const stream = createReadStream(path, { fd, ...end });
    if (!stats.isFile()) return { ...(await readPipe(stream)), stats };
    return {
      content: Readable.toWeb(stream) as ReadableStream<Uint8Array>,
      length: stats.size,
      stats,
    };
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError(ErrorCode.BadInput, (cause as Error).message, {
      hint: "give a file that can be read, or @- for standard input",
      cause,
    });
  }
}

async function readPipe(pipe: AsyncIterable<Uint8Array>): Promise<RequestBody> {
  const collector = new ByteCollector();
  for await (const chunk of pipe) {
    collector.push(chunk);
    if (collector.length > MAX_PIPE) {
      throw new GatewayError(
        ErrorCode.LimitExceeded,
        `a body from a pipe is read before it is sent, and this one passes ${MAX_PIPE} bytes`,
        { hint: "write it to a file, and send that with @FILE" },
      );
    }
  }
  const content = collector.take();
  return { content, length: content.length };
}
