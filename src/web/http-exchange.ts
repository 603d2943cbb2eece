import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";

export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** The longest body of a request, in bytes. */
const MAX_BODY = 65_536;
/** Milliseconds that a client may take to send the body. */
const BODY_TIMEOUT = 10_000;
/** What is written at once, in bytes. */
const PIECE = 65_536;
/** Milliseconds in which a client takes a piece, and in which it may wait for all of them. */
const PIECE_TIMEOUT = 10_000;
const ANSWER_TIMEOUT = 60_000;

/** Headers of one connection of HTTP/1.1, which HTTP/2 does not have. */
const connectionHeaders: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Reads the body of a request.
 *
 * @returns undefined when it is too long, does not come in time, or is cut
 */
export function readBody(request: NodeRequest): Promise<Buffer<ArrayBuffer> | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (body: Buffer<ArrayBuffer> | undefined): void => {
      clearTimeout(timer);
      request.off("data", take);
      resolve(body);
    };
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > MAX_BODY) end(undefined);
      else chunks.push(chunk);
    };
    const timer = setTimeout(() => end(undefined), BODY_TIMEOUT);
    request.on("data", take);
    request.once("end", () => end(Buffer.concat(chunks)));
    request.once("error", () => end(undefined));
    request.once("close", () => end(undefined));
  });
}

/** Makes the Request of a handler; undefined for a request that is none, such as one for `*`. */
export function fetchRequest(
  { method = "GET", url = "/", headers }: NodeRequest,
  { scheme, body, signal }: { scheme: string; body: Buffer<ArrayBuffer>; signal: AbortSignal },
): Request | undefined {
  const fields = new Headers();
  try {
    for (const [name, value] of Object.entries(headers)) {
      if (value === undefined || name.startsWith(":")) continue;
      for (const each of Array.isArray(value) ? value : [value]) fields.append(name, each);
    }
    const hasBody = body.length > 0 && method !== "GET" && method !== "HEAD";
    const init = { method, headers: fields, signal, ...(hasBody ? { body } : {}) };
    return new Request(
      urlOf(url, String(headers[":authority"] ?? headers.host ?? ""), scheme),
      init,
    );
  } catch {
    return undefined;
  }
}

function urlOf(target: string, host: string, scheme: string): URL {
  if (!target.startsWith("/")) return new URL(target);
  const base = `${scheme}://${host === "" ? "localhost" : host}`;
  // A host that is none must not make the path unreadable, or be a part of it.
  const isHost = /^[\w.:[\]-]*$/.test(host) && URL.canParse(base);
  return new URL(`${isHost ? base : `${scheme}://localhost`}${target}`);
}

/**
 * Writes an answer. A client that does not read it in time is cut.
 *
 * @param more headers that the answer gets where it does not have them: the page at `/` needs its own
 * Content-Security-Policy
 * @returns after the last byte was handed to the system, or the connection was cut
 */
export async function sendResponse(
  answer: Response,
  request: NodeRequest,
  response: NodeResponse,
  more: readonly (readonly [name: string, value: string])[],
): Promise<void> {
  const isHttp2 = request.httpVersionMajor === 2;
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) {
    if (name === "set-cookie" || (isHttp2 && connectionHeaders.has(name))) continue;
    response.setHeader(name, value);
  }
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) response.setHeader("set-cookie", cookies);
  for (const [name, value] of more) {
    if (!answer.headers.has(name)) response.setHeader(name, value);
  }
  if (request.method === "HEAD" || answer.body === null) {
    await answer.body?.cancel();
    await new Writer(response).end();
    return;
  }
  await writeBody(answer.body, response);
}

async function writeBody(body: ReadableStream<Uint8Array>, response: NodeResponse): Promise<void> {
  const writer = new Writer(response);
  const reader = body.getReader();
  // A body that waits for more ends with its client.
  const cancel = () => void reader.cancel().catch(() => {});
  response.once("close", cancel);
  try {
    let { value: chunk } = await reader.read();
    while (chunk !== undefined) {
      const next = reader.read();
      // An answer of one piece gets a Content-Length; one that takes time is not held back.
      const isOnly = await Promise.race([next.then(({ done }) => done), soon()]);
      if (isOnly && !response.headersSent && chunk.length <= PIECE) return await writer.end(chunk);
      await writer.write(chunk);
      ({ value: chunk } = await next);
    }
    await writer.end();
  } catch (error) {
    // What was sent already cannot be taken back: the client sees that the answer is cut.
    if (response.headersSent) cut(response);
    throw error;
  } finally {
    response.off("close", cancel);
  }
}

function soon(): Promise<false> {
  return new Promise((resolve) => setImmediate(resolve, false));
}

/** Writes to a client that has to read in time. */
class Writer {
  readonly #response: NodeResponse;
  /** Milliseconds that the client may still be waited for. */
  #patience = ANSWER_TIMEOUT;

  constructor(response: NodeResponse) {
    this.#response = response;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += PIECE) {
      const response = this.#response as ServerResponse;
      if (response.destroyed || response.writableEnded) return;
      if (!response.write(bytes.subarray(at, at + PIECE))) await this.#wait("drain");
    }
  }

  async end(bytes?: Uint8Array): Promise<void> {
    const response = this.#response as ServerResponse;
    if (response.destroyed || response.writableEnded) return;
    if (bytes === undefined) response.end();
    else response.end(bytes);
    await this.#wait("finish");
  }

  async #wait(event: "drain" | "finish"): Promise<void> {
    const response = this.#response;
    if (response.destroyed || (event === "finish" && response.writableFinished)) return;
    const began = performance.now();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => cut(response), Math.min(this.#patience, PIECE_TIMEOUT));
      const done = (): void => {
        clearTimeout(timer);
        response.off(event, done);
        response.off("close", done);
        resolve();
      };
      response.on(event, done);
      response.on("close", done);
    });
    this.#patience = Math.max(1, this.#patience - (performance.now() - began));
  }
}

/** Ends an answer in the middle. In HTTP/2 the other answers of the connection go on. */
export function cut(response: NodeResponse): void {
  if ("stream" in response) response.stream?.destroy();
  else response.destroy();
}
