import type { Readable } from "node:stream";
import { type Variable, Variables } from "../cgi/variables.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { hasChunkedBody } from "../transport/environment.js";
import { timerDelay } from "./exchange.js";
import { readWhole } from "./send-request.js";

/** The request of a CGI program, for a backend. */
export interface BridgeRequest {
  readonly variables: Variable[];
  readonly contentLength: number;
  /** The body; undefined for an empty one. A stream can be read once. */
  content(): ReadableStream<Uint8Array> | Uint8Array | undefined;
}

/**
 * Makes a request from the variables and the standard input of a CGI program. CONTENT_LENGTH comes
 * first, as SCGI demands; `SCGI` is left out, because that protocol adds it. A chunked upload,
 * which a front end passes on without a length, is read to its end first: every protocol sends the
 * length before the body.
 *
 * @param timeout milliseconds that a chunked upload may take
 * @throws GatewayError `malformed` for an invalid CONTENT_LENGTH; for a chunked upload
 * `limit_exceeded` after 1 MiB, `deadline`, `aborted`
 */
export async function readRequest(
  all: readonly Variable[],
  stdin: Readable,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<BridgeRequest> {
  const variables = new Variables(all);
  const { contentLength } = variables;
  if (contentLength === undefined && hasChunkedBody(variables)) {
    const body = await readInput(stdin, timeout, signal);
    return bridgeRequest(
      all.filter(([name]) => name !== "HTTP_TRANSFER_ENCODING"),
      body.length,
      () => body,
    );
  }
  const length = contentLength ?? 0;
  return bridgeRequest(all, length, () => streamOf(stdin, length));
}

function bridgeRequest(
  all: readonly Variable[],
  contentLength: number,
  content: () => ReadableStream<Uint8Array> | Uint8Array,
): BridgeRequest {
  const others = all.filter(([name]) => name !== "CONTENT_LENGTH" && name !== "SCGI");
  return {
    variables: [["CONTENT_LENGTH", `${contentLength}`], ...others],
    contentLength,
    content: () => (contentLength === 0 ? undefined : content()),
  };
}

async function readInput(
  stdin: Readable,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const deadline = AbortSignal.timeout(Math.ceil(timerDelay("timeout", timeout)));
  const stop = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
  try {
    return await readWhole(streamOf(stdin, Number.POSITIVE_INFINITY), stop);
  } catch (error) {
    if (!deadline.aborted) throw error;
    throw new GatewayError(ErrorCode.Deadline, `the body did not arrive within ${timeout} ms`, {
      hint: "look for what the client, or the front end, waits for",
    });
  }
}

/**
 * The first `length` bytes of an input: a front end need not close it after them. The input is not
 * destroyed when the stream is cancelled.
 */
export function streamOf(stdin: Readable, length: number): ReadableStream<Uint8Array> {
  const pieces = stdin.iterator({ destroyOnReturn: false });
  let left = length;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = (await pieces.next()) as IteratorResult<Uint8Array, undefined>;
        if (!done) {
          controller.enqueue(value.subarray(0, left));
          left -= Math.min(left, value.length);
        }
        if (done || left === 0) controller.close();
      },
      cancel: async () => {
        await pieces.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
