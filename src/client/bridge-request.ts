import type { Readable } from "node:stream";
import { type Variable, Variables } from "../cgi/variables.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { hasChunkedBody } from "../transport/environment.js";
import { readWhole } from "./send-request.js";

/** A CGI program's request, for a backend. */
export interface BridgeRequest {
  readonly variables: Variable[];
  readonly contentLength: number;
  /** Undefined for an empty one. What is a stream can be read once. */
  content(): ReadableStream<Uint8Array> | Uint8Array | undefined;
}

/**
 * Makes the request: CONTENT_LENGTH first, as SCGI demands, and `SCGI` left to the protocol that has
 * it. A chunked upload, which a front end hands on without a length, is read to the end of the
 * input first: every protocol here says the length before the body.
 *
 * @param timeout milliseconds that such an upload may take
 * @throws GatewayError `malformed` for CONTENT_LENGTH; of such an upload `limit_exceeded` for more
 * than 1 MiB, `deadline`, `aborted`
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
  return bridgeRequest(all, length, () => bodyOf(stdin, length));
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
  const late = AbortSignal.timeout(timeout);
  const stop = signal === undefined ? late : AbortSignal.any([late, signal]);
  try {
    return await readWhole(bodyOf(stdin, Number.POSITIVE_INFINITY), stop);
  } catch (error) {
    if (!late.aborted) throw error;
    throw new GatewayError(ErrorCode.Deadline, `the body did not come within ${timeout} ms`, {
      hint: "look for what the client, or the front end, waits for",
    });
  }
}

/** The body's bytes and no more: a front end need not close the input after them. */
function bodyOf(stdin: Readable, length: number): ReadableStream<Uint8Array> {
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
