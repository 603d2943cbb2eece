import { hasNullBody } from "../cgi/response.js";
import { inheritWhole } from "./inherit-whole.js";
import { replaceHeaders } from "./replace-headers.js";

/** The runtime's own, whatever takes its name. */
const WholeResponse = globalThis.Response;

/** What a Response is made of, all of it good for one. */
interface Parts {
  body: string | Uint8Array | null;
  status: number;
  statusText: string;
  headers: Headers;
}

/**
 * Fetch's Response, made of what it is asked for. Node's own makes a stream of every body, which
 * costs more than all the rest of a small response; here one is made when something needs it.
 *
 * What is not here is the whole one's, see {@link inheritWhole}.
 */
export class LazyResponse {
  /** Undefined when only the runtime's own can say what such a response is, or why it is none. */
  readonly #parts: Parts | undefined;
  #whole: Response | undefined;

  constructor(body: BodyInit | null = null, init: ResponseInit = {}) {
    this.#parts = partsOf(body, init);
    if (this.#parts === undefined) this.#whole = new WholeResponse(body, init);
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof WholeResponse;
  }

  static json(data: unknown, init: ResponseInit = {}): Response {
    const text: string | undefined = JSON.stringify(data);
    if (text === undefined) return WholeResponse.json(data, init);
    const headers = new Headers(init.headers);
    if (!headers.has("content-type")) headers.set("content-type", "application/json");
    const { status = 200, statusText = "" } = init;
    return new LazyResponse(text, { status, statusText, headers }) as unknown as Response;
  }

  /** The bytes of a lazy response that nobody has read; undefined when it is none, or has none. */
  static bytesOf(response: object): Uint8Array | undefined {
    if (!(#parts in response) || response.#whole !== undefined) return undefined;
    const body = response.#parts?.body;
    return typeof body === "string" ? Buffer.from(body) : (body ?? undefined);
  }

  get status(): number {
    return this.#parts?.status ?? this.whole().status;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  get statusText(): string {
    return this.#parts?.statusText ?? this.whole().statusText;
  }

  get headers(): Headers {
    return this.#parts?.headers ?? this.whole().headers;
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#parts?.body === null ? null : this.whole().body;
  }

  get bodyUsed(): boolean {
    return this.#whole?.bodyUsed === true;
  }

  /** The runtime's own Response, with the headers as they are now. */
  whole(): Response {
    const parts = this.#parts;
    if (parts === undefined) return this.#whole as Response;
    const { headers } = parts;
    if (this.#whole === undefined) this.#whole = new WholeResponse(parts.body as BodyInit, parts);
    else replaceHeaders(this.#whole.headers, headers);
    return this.#whole;
  }
}

function partsOf(body: BodyInit | null, init: ResponseInit): Parts | undefined {
  const isText = typeof body === "string";
  if (body !== null && !isText && !(body instanceof Uint8Array)) return undefined;
  const { status = 200, statusText = "" } = init;
  if (!Number.isInteger(status) || status < 200 || status > 599) return undefined;
  if (body !== null && hasNullBody(status)) return undefined;
  if (typeof statusText !== "string" || !/^[\t\x20-\x7e\x80-\xff]*$/.test(statusText)) {
    return undefined;
  }
  const headers = new Headers(init.headers);
  if (isText && !headers.has("content-type")) {
    headers.set("content-type", "text/plain;charset=UTF-8");
  }
  return { body: isText || body === null ? body : body.slice(), status, statusText, headers };
}

Object.defineProperty(LazyResponse, "name", { value: "Response" });
Object.setPrototypeOf(LazyResponse, WholeResponse);
inheritWhole(LazyResponse.prototype, WholeResponse.prototype);
