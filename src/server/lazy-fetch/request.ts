import { headersOf, type RequestParts } from "../../cgi/request-from-variables.js";
import type { Context } from "../handler.js";
import type { RequestBody } from "../request-body.js";
import { replaceHeaders, type StandInState } from "./stand-in.js";

/** Asked when somebody wants the signal. */
export type SignalSource = Pick<Context, "signal">;

/** The runtime's own, whatever takes its name. */
export const WholeRequest = globalThis.Request;

/** Methods that Fetch leaves as they are. */
const usualMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "DELETE"]);

const decoder = new TextDecoder();

/**
 * What stands in a Request for the runtime's own, which costs more than all the rest of a small
 * request, most of it for an AbortController that hardly any handler looks at. That one is made
 * when something needs it: `clone()`, `new Request(request)`, `fetch(request)`, a body's stream.
 */
export class LazyRequest implements StandInState {
  readonly #parts: RequestParts;
  readonly #body: RequestBody | undefined;
  readonly #source: SignalSource;
  #headers: Headers | undefined;
  #whole: Request | undefined;
  /** Whether the body was read without a stream. */
  #isRead = false;

  /** @param body undefined for a request without one */
  constructor(parts: RequestParts, body: RequestBody | undefined, source: SignalSource) {
    this.#parts = parts;
    this.#body = body;
    this.#source = source;
  }

  get method(): string {
    const { method } = this.#parts;
    return usualMethods.has(method) ? method : this.whole().method;
  }

  get url(): string {
    return this.#parts.url;
  }

  get headers(): Headers {
    this.#headers ??= headersOf(this.#parts.headers);
    return this.#headers;
  }

  get signal(): AbortSignal {
    return this.#source.signal;
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#body === undefined ? null : this.whole().body;
  }

  get bodyUsed(): boolean {
    return this.#isRead || this.#whole?.bodyUsed === true;
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    const read = this.#read();
    return read === undefined ? this.whole().arrayBuffer() : read.then(({ buffer }) => buffer);
  }

  text(): Promise<string> {
    const read = this.#read();
    return read === undefined ? this.whole().text() : read.then((bytes) => decoder.decode(bytes));
  }

  json(): Promise<unknown> {
    const read = this.#read();
    if (read === undefined) return this.whole().json();
    return read.then((bytes) => JSON.parse(decoder.decode(bytes)));
  }

  /** The runtime's own Request, with the headers as they are now. */
  whole(): Request {
    const made = this.#whole;
    if (made === undefined) {
      const body = this.#isRead ? usedBody : this.#body;
      this.#whole = createWholeRequest(this.#parts, body, this.#source);
      if (this.#isRead) void this.#whole.arrayBuffer();
    }
    const whole = made ?? (this.#whole as Request);
    if (this.#headers !== undefined) replaceHeaders(whole.headers, this.#headers);
    return whole;
  }

  /** The body, when nobody has asked for its stream, and undefined when it is that one's. */
  #read(): Promise<Uint8Array<ArrayBuffer>> | undefined {
    const body = this.#body;
    if (body === undefined || this.#isRead || this.#whole !== undefined) return undefined;
    this.#isRead = true;
    return body.collect();
  }
}

/** Stands for a body that has been read. */
const usedBody = {
  get stream(): ReadableStream<Uint8Array> {
    return new ReadableStream({ start: (controller) => controller.close() });
  },
};

/** Node's own signal follows another no longer than there is the Request: it is kept so long. */
const followers = new WeakMap<AbortSignal, Request>();

/** The runtime's own Request. Its signal follows the source's. */
export function createWholeRequest(
  { method, url, headers }: RequestParts,
  body: Pick<RequestBody, "stream"> | undefined,
  { signal }: SignalSource,
): Request {
  const init: RequestInit & { duplex?: "half" } = { method, headers: headersOf(headers), signal };
  if (body !== undefined) {
    init.body = body.stream;
    init.duplex = "half";
  }
  const request = new WholeRequest(url, init);
  followers.set(signal, request);
  return request;
}
