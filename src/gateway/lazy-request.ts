import { headersOf, isBodyless, type RequestParts } from "../cgi/request-from-variables.js";
import type { Context } from "./handler.js";
import { replaceHeaders } from "./replace-headers.js";
import type { RequestBody } from "./request-body.js";

/** Asked when somebody wants the signal. */
type SignalSource = Pick<Context, "signal">;

/**
 * Fetch's Request, made of what it is asked for. The runtime's own costs more than all the rest of
 * a small request, most of it for an AbortController that hardly any handler looks at; it is made
 * when something needs it: `clone()`, `new Request(request)`, `fetch(request)`, a body's stream.
 *
 * Where the runtime keeps a Request's state out of reach, it is the runtime's own from the start.
 *
 * @param body undefined for a request without one
 */
export function createRequest(
  parts: RequestParts,
  body: RequestBody | undefined,
  source: SignalSource,
): Request {
  const usable = isBodyless(parts.method) ? undefined : body;
  canBeLazy ??= prepareLazyRequest();
  if (canBeLazy) return new LazyRequest(parts, usable, source) as unknown as Request;
  const whole = createWhole(parts, usable, source);
  Object.defineProperty(whole, "signal", { get: () => source.signal, configurable: true });
  return whole;
}

let canBeLazy: boolean | undefined;

/** Methods that Fetch leaves as they are. */
const usualMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "DELETE"]);

const decoder = new TextDecoder();

/** The getters and methods that are not here are Request's own, and work on the whole one. */
class LazyRequest {
  readonly #parts: RequestParts;
  readonly #body: RequestBody | undefined;
  readonly #source: SignalSource;
  #headers: Headers | undefined;
  #whole: Request | undefined;
  /** Whether the body was read without a stream. */
  #isRead = false;

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

  async arrayBuffer(): Promise<ArrayBuffer> {
    const read = this.#read();
    return read === undefined ? this.whole().arrayBuffer() : (await read).buffer;
  }

  async text(): Promise<string> {
    const read = this.#read();
    return read === undefined ? this.whole().text() : decoder.decode(await read);
  }

  async json(): Promise<unknown> {
    const read = this.#read();
    return read === undefined ? this.whole().json() : JSON.parse(decoder.decode(await read));
  }

  /** Of the whole one, because Node's follows no signal but its own. */
  clone(): Request {
    return this.whole().clone();
  }

  /** The runtime's own Request, with the headers as they are now. */
  whole(): Request {
    const made = this.#whole;
    if (made === undefined) {
      const body = this.#isRead ? usedBody : this.#body;
      this.#whole = createWhole(this.#parts, body, this.#source);
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

function createWhole(
  { method, url, headers }: RequestParts,
  body: Pick<RequestBody, "stream"> | undefined,
  { signal }: SignalSource,
): Request {
  const init: RequestInit & { duplex?: "half" } = { method, headers: headersOf(headers), signal };
  if (body !== undefined) {
    init.body = body.stream;
    init.duplex = "half";
  }
  return new Request(url, init);
}

/**
 * Makes LazyRequest a kind of Request. Node's reads the state of another through properties of
 * symbols: here they are those of the whole one.
 *
 * @returns whether Request takes it for one of its own
 */
function prepareLazyRequest(): boolean {
  const { prototype } = LazyRequest;
  Object.setPrototypeOf(prototype, Request.prototype);
  Object.defineProperty(prototype, "constructor", { value: Request, configurable: true });
  for (const symbol of Object.getOwnPropertySymbols(new Request("http://localhost/"))) {
    Object.defineProperty(prototype, symbol, {
      get(this: LazyRequest) {
        return Reflect.get(this.whole(), symbol);
      },
    });
  }
  const { signal } = new AbortController();
  const parts = { method: "PUT", url: "http://localhost/p", headers: new Map([["a", "b"]]) };
  const request = new LazyRequest(parts, undefined, { signal });
  try {
    const { method, url, headers } = new Request(request as unknown as Request);
    return method === "PUT" && url === parts.url && headers.get("a") === "b";
  } catch {
    return false;
  }
}
