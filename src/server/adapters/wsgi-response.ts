import { utf8Bytes } from "../../bytes.js";
import { hopByHop } from "../../cgi/http.js";
import { hasNullBody } from "../../cgi/response.js";
import { isLocalPath } from "../../cgi/response-head.js";
import { errorText } from "../error-log.js";
import type { Context } from "../handler.js";
import { leaveToFrontEnd } from "./local-redirect.js";

/** A piece of a response's body. A string is sent as UTF-8. */
export type WsgiChunk = string | Uint8Array;

/** What a response needs of its request's context. */
type WsgiContext = Pick<Context, "protocol" | "variables" | "errors">;

type Chunks = Iterator<WsgiChunk> | AsyncIterator<WsgiChunk>;

interface Head {
  status: number;
  statusText: string;
  headers: Headers;
}

/** Makes a Response of what a WSGI application returns. */
export class WsgiResponse {
  readonly response: Promise<Response>;
  readonly #context: WsgiContext;
  #resolve!: (response: Response) => void;
  #reject!: (error: unknown) => void;
  #head: Head | undefined;
  #headSent = false;
  /** Chunks that wait to be read. */
  #queue: Uint8Array[] = [];
  #chunks: Chunks | undefined;
  #result: unknown;
  #closed = false;
  /** Settles when the application has returned: then its chunks can be read. */
  #returned: Promise<void> | undefined;

  /** @param context that of the request that is answered */
  constructor(context: WsgiContext) {
    this.#context = context;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Calls the application and reads its result until the head is known. Never rejects. */
  async run(call: () => unknown): Promise<void> {
    this.#returned = this.#call(call);
    try {
      await this.#returned;
      if (this.#headSent) return;
      const isOneChunk = Array.isArray(this.#result) && this.#result.length === 1;
      const first = await this.#next();
      if (first !== undefined) this.#queue.push(first);
      this.#send(first === undefined ? 0 : isOneChunk ? first.length : undefined);
    } catch (error) {
      await this.#close();
      this.#reject(error);
    }
  }

  start(
    status: string,
    headers: Iterable<readonly [name: string, value: string]>,
    excInfo?: unknown,
  ): (chunk: WsgiChunk) => void {
    if (excInfo !== undefined && excInfo !== null) {
      if (this.#headSent) throw excInfo;
    } else if (this.#head !== undefined) {
      throw new Error("Headers already set!");
    }
    this.#head = headOf(status, headers);
    return (chunk) => {
      const bytes = bytesOf(chunk);
      if (bytes.length === 0) return;
      this.#queue.push(bytes);
      if (!this.#headSent) this.#send(undefined);
    };
  }

  async #call(call: () => unknown): Promise<void> {
    const result = await call();
    const isChunk = typeof result === "string" || result instanceof Uint8Array;
    this.#result = isChunk ? [result] : result;
    this.#chunks = iteratorOf(this.#result);
  }

  /** The next chunk that is not empty; undefined at the end, after `close`. */
  async #next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const { done, value } = await (this.#chunks as Chunks).next();
      if (done === true) break;
      const bytes = bytesOf(value);
      if (bytes.length > 0) return bytes;
    }
    this.#chunks = undefined;
    await this.#close();
    return undefined;
  }

  /** @param length that of the body; undefined if it is not known */
  #send(length: number | undefined): void {
    const head = this.#head;
    if (head === undefined) throw new Error("the application never called startResponse");
    this.#headSent = true;
    const location = length === 0 ? localTarget(head) : undefined;
    if (location !== undefined) {
      const redirect = new Response(null, { status: 302, headers: { location } });
      leaveToFrontEnd(redirect, this.#context);
      this.#resolve(redirect);
      return;
    }
    const { headers, status } = head;
    const hasBody = !hasNullBody(status);
    if (length !== undefined && hasBody && !headers.has("content-length")) {
      headers.set("content-length", `${length}`);
    }
    const body = this.#stream();
    this.#resolve(new Response(hasBody ? body : null, head));
    if (!hasBody) void body.cancel();
  }

  #stream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: (controller) => this.#pull(controller),
        cancel: () => this.#close(),
      },
      { highWaterMark: 0 },
    );
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      if (this.#queue.length === 0) await this.#returned;
      // What the application writes while it makes a chunk is sent before that chunk.
      if (this.#queue.length === 0 && this.#chunks !== undefined) {
        const chunk = await this.#next();
        if (chunk !== undefined) this.#queue.push(chunk);
      }
    } catch (error) {
      await this.#close();
      throw error;
    }
    const queued = this.#queue;
    this.#queue = [];
    for (const bytes of queued) controller.enqueue(bytes);
    if (queued.length === 0) {
      controller.close();
      await this.#close();
    }
  }

  /**
   * Ends the iterator of chunks if it has more, and calls `close` of the result, once. Never rejects:
   * what they throw can no longer change the answer, and is logged.
   */
  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#returned?.catch(() => {});
    const chunks = this.#chunks;
    this.#chunks = undefined;
    await this.#logged(() => chunks?.return?.());
    const result = this.#result as { close?: unknown } | null | undefined;
    await this.#logged(() => (typeof result?.close === "function" ? result.close() : undefined));
  }

  async #logged(act: () => unknown): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#context.errors.write(`close of a WSGI result: ${errorText(error)}\n`);
    }
  }
}

function iteratorOf(result: unknown): Chunks {
  const iterable = result as Partial<Iterable<WsgiChunk> & AsyncIterable<WsgiChunk>> | null;
  const chunks = iterable?.[Symbol.asyncIterator]?.() ?? iterable?.[Symbol.iterator]?.();
  if (chunks !== undefined) return chunks;
  throw new TypeError(`the application returned ${String(result)}, which is not iterable`);
}

function headOf(text: unknown, fields: unknown): Head {
  const match = typeof text === "string" ? /^([2-5][0-9]{2}) (.*)$/s.exec(text) : null;
  if (match === null) {
    throw new Error(`the status ${JSON.stringify(text)} is not like "200 OK"`);
  }
  const headers = new Headers();
  for (const [name, value] of pairsOf(fields)) {
    if (hopByHop.has(name.toLowerCase())) {
      throw new Error(`the header ${name} concerns the connection, which the server manages`);
    }
    headers.append(name, value);
  }
  return { status: Number(match[1]), statusText: match[2]!, headers };
}

/** The header list. PEP 3333 demands pairs of strings; a string alone must not pass for a pair. */
function* pairsOf(fields: unknown): Iterable<readonly [name: string, value: string]> {
  const list = fields as Partial<Iterable<unknown>> | null | undefined;
  if (typeof fields === "string" || typeof list?.[Symbol.iterator] !== "function") {
    throw new TypeError(`the headers are ${shown(fields)}, not a list of pairs`);
  }
  for (const field of list as Iterable<unknown>) {
    const isPair = Array.isArray(field) && field.length === 2;
    if (!isPair || !field.every((part) => typeof part === "string")) {
      throw new TypeError(
        `${shown(field)} is not a header: it must be a pair of strings, a name and a value`,
      );
    }
    yield field as unknown as readonly [string, string];
  }
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 64);
}

/** The Location of a local redirect: a 200 with no other field but those of its missing body. */
function localTarget({ status, headers }: Head): string | undefined {
  const location = headers.get("location");
  if (status !== 200 || location === null || !isLocalPath(location)) return undefined;
  return [...headers.keys()].every((name) => aloneFields.has(name)) ? location : undefined;
}

/** The fields that a local redirect may have. PEP 3333's validators demand a Content-Type. */
const aloneFields: ReadonlySet<string> = new Set(["location", "content-type", "content-length"]);

function bytesOf(chunk: unknown): Uint8Array {
  if (typeof chunk === "string") return utf8Bytes(chunk);
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError(
    `a chunk of the response is of type ${typeof chunk}, not a string or a Uint8Array`,
  );
}
