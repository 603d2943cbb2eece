import { headersOf, type RequestParts } from "../../cgi/request-from-variables.js";
import type { RequestBody } from "../request-body.js";
import { createRuntimeRequest, type SignalSource } from "../request-context.js";
import { replaceHeaders, type StandInState } from "./stand-in.js";

/** Methods that Fetch leaves as they are. */
const usualMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "DELETE"]);

const decoder = new TextDecoder();

/**
 * The state of a lazy Request. The runtime's own Request costs more than all the rest of a small
 * request, most of it for an AbortController that hardly any handler reads. It is made when
 * something needs it: `clone()`, `new Request(request)`, `fetch(request)`, a body's stream.
 */
export class LazyRequest implements StandInState {
  readonly #parts: RequestParts;
  readonly #body: RequestBody | undefined;
  readonly #source: SignalSource;
  #headers: Headers | undefined;
  #own: Request | undefined;
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
    return usualMethods.has(method) ? method : this.runtimeObject().method;
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
    return this.#body === undefined ? null : this.runtimeObject().body;
  }

  get bodyUsed(): boolean {
    return this.#isRead || this.#own?.bodyUsed === true;
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    const read = this.#read();
    return read === undefined
      ? this.runtimeObject().arrayBuffer()
      : read.then(({ buffer }) => buffer);
  }

  text(): Promise<string> {
    const read = this.#read();
    return read === undefined
      ? this.runtimeObject().text()
      : read.then((bytes) => decoder.decode(bytes));
  }

  json(): Promise<unknown> {
    const read = this.#read();
    if (read === undefined) return this.runtimeObject().json();
    return read.then((bytes) => JSON.parse(decoder.decode(bytes)));
  }

  /** The runtime's own Request, with the headers as they are now. */
  runtimeObject(): Request {
    const made = this.#own;
    if (made === undefined) {
      const body = this.#isRead ? usedBody : this.#body;
      this.#own = createRuntimeRequest(this.#parts, body, this.#source);
      if (this.#isRead) void this.#own.arrayBuffer();
    }
    const own = made ?? (this.#own as Request);
    if (this.#headers !== undefined) replaceHeaders(own.headers, this.#headers);
    return own;
  }

  /** Reads the body without a stream; undefined for no body, and for one whose stream was made. */
  #read(): Promise<Uint8Array<ArrayBuffer>> | undefined {
    const body = this.#body;
    if (body === undefined || this.#isRead || this.#own !== undefined) return undefined;
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
