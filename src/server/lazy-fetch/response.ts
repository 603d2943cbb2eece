import { types } from "node:util";
import { hasNullBody } from "../../cgi/response.js";
import { replaceHeaders, type StandInState, standInMaker, stateOf } from "./stand-in.js";

/** The runtime's own class, whatever replaces the global. */
export const RuntimeResponse = globalThis.Response;

const standIn = standInMaker(RuntimeResponse.prototype);

/** Values that a Response can have. */
interface Head {
  status: number;
  statusText: string;
  headers: Headers;
}

/** Bytes are a copy: nothing outside changes them. */
type Body = string | Uint8Array<ArrayBuffer> | null;

/**
 * The state of a lazy Response. Node makes a stream of every body, which costs more than all the
 * rest of a small response. Here the stream is made when something needs it.
 */
export class LazyResponse implements StandInState {
  readonly #body: Body;
  readonly #head: Head;
  #own: Response | undefined;

  constructor(body: Body, head: Head) {
    this.#body = body;
    this.#head = head;
  }

  get status(): number {
    return this.#head.status;
  }

  get ok(): boolean {
    return this.status <= 299;
  }

  get statusText(): string {
    return this.#head.statusText;
  }

  get headers(): Headers {
    return this.#head.headers;
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#body === null ? null : this.runtimeObject().body;
  }

  get bodyUsed(): boolean {
    return this.#own?.bodyUsed === true;
  }

  /** The body, while no stream of it was made; undefined for a stream, and for no body. */
  get bytes(): Uint8Array<ArrayBuffer> | undefined {
    const body = this.#body;
    if (body === null || this.#own !== undefined) return undefined;
    return typeof body === "string" ? Buffer.from(body) : body;
  }

  runtimeObject(): Response {
    // Bytes: for a text, the runtime would add the Content-Type, which may have been deleted since.
    if (this.#own === undefined) this.#own = new RuntimeResponse(this.bytes ?? null, this.#head);
    else replaceHeaders(this.#own.headers, this.headers);
    return this.#own;
  }
}

/** The bytes of a lazy Response's body; undefined for a stream, for no body and for other Responses. */
export function bytesOf(response: Response): Uint8Array | undefined {
  const state = stateOf(response);
  return state instanceof LazyResponse ? state.bytes : undefined;
}

/** What `new Response(...given)` makes: a lazy one, if the arguments are of the usual kind. */
export function lazyResponse(given: unknown[]): object {
  const [body = null, init = {}] = given;
  if (typeof init !== "object" || init === null) return Reflect.construct(RuntimeResponse, given);
  // Each is read once: it may be a getter.
  const { status = 200, statusText = "", headers } = init as ResponseInit;
  const own = ownBody(body);
  if (own === undefined || !isUsualHead(status, statusText, own !== null)) {
    return Reflect.construct(RuntimeResponse, [body, { status, statusText, headers }]);
  }
  const head = { status, statusText, headers: new Headers(headers) };
  if (typeof own === "string" && !head.headers.has("content-type")) {
    head.headers.set("content-type", "text/plain;charset=UTF-8");
  }
  return standIn(new LazyResponse(own, head));
}

/** What `Response.json(...given)` makes; undefined if the arguments are not of the usual kind. */
export function lazyJson(given: unknown[]): object | undefined {
  const [data, init = {}] = given;
  if (typeof init !== "object" || init === null) return undefined;
  const { status = 200, statusText = "", headers } = init as ResponseInit;
  if (!isUsualHead(status, statusText, true)) return undefined;
  const text: string | undefined = JSON.stringify(data);
  if (text === undefined) return undefined;
  const head = { status, statusText, headers: new Headers(headers) };
  if (!head.headers.has("content-type")) head.headers.set("content-type", "application/json");
  return standIn(new LazyResponse(text, head));
}

/** A text, a copy of bytes, or null; undefined for a body that only the runtime can read. */
function ownBody(body: unknown): Body | undefined {
  if (typeof body === "string" || body === null) return body;
  if (!types.isUint8Array(body)) return undefined;
  const { buffer } = body as { buffer: ArrayBufferLike & { resizable?: boolean } };
  if (!types.isArrayBuffer(buffer) || buffer.resizable === true) return undefined;
  try {
    // Not slice: a Buffer's is a view.
    return new Uint8Array(body);
  } catch {
    // The buffer is detached. Up to Node 22, V8 can report a length for one, after it has seen
    // resizable buffers.
    return undefined;
  }
}

function isUsualHead(status: unknown, statusText: unknown, hasBody: boolean): boolean {
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599)
    return false;
  if (hasBody && hasNullBody(status as number)) return false;
  return typeof statusText === "string" && /^[\t\x20-\x7e\x80-\xff]*$/.test(statusText);
}
