import { types } from "node:util";
import { hasNullBody } from "../cgi/response.js";
import { replaceHeaders, type StandInState, standInMaker, stateOf } from "./stand-in.js";

/** The runtime's own, whatever takes its name. */
const WholeResponse = globalThis.Response;

const standIn = standInMaker(WholeResponse.prototype);

/** All of it good for a Response. */
interface Head {
  status: number;
  statusText: string;
  headers: Headers;
}

/** Of a copy of its own: nothing outside changes it. */
type Body = string | Uint8Array<ArrayBuffer> | null;

/**
 * What stands in a Response for the runtime's own. Node makes a stream of every body, which costs
 * more than all the rest of a small response; here one is made when something needs it.
 */
export class LazyResponse implements StandInState {
  readonly #body: Body;
  readonly #head: Head;
  #whole: Response | undefined;

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
    return this.#body === null ? null : this.whole().body;
  }

  get bodyUsed(): boolean {
    return this.#whole?.bodyUsed === true;
  }

  /** The body while there is no stream of it; undefined also when there is no body. */
  get bytes(): Uint8Array | undefined {
    const body = this.#body;
    if (body === null || this.#whole !== undefined) return undefined;
    return typeof body === "string" ? Buffer.from(body) : body;
  }

  whole(): Response {
    if (this.#whole === undefined) this.#whole = new WholeResponse(this.#body, this.#head);
    else replaceHeaders(this.#whole.headers, this.headers);
    return this.#whole;
  }
}

/** The bytes of a lazy Response whose body is still whole; undefined when it is none, or has none. */
export function bytesOf(response: Response): Uint8Array | undefined {
  const state = stateOf(response);
  return state instanceof LazyResponse ? state.bytes : undefined;
}

/** What `new Response(...given)` makes: a lazy one where it is a usual one. */
export function lazyResponse(given: unknown[]): object {
  const [body = null, init = {}] = given;
  if (typeof init !== "object" || init === null) return Reflect.construct(WholeResponse, given);
  // Asked once: there may be code behind each.
  const { status = 200, statusText = "", headers } = init as ResponseInit;
  if (!isUsualBody(body) || !isUsualHead(status, statusText, body !== null)) {
    return Reflect.construct(WholeResponse, [body, { status, statusText, headers }]);
  }
  const head = { status, statusText, headers: new Headers(headers) };
  if (typeof body === "string" && !head.headers.has("content-type")) {
    head.headers.set("content-type", "text/plain;charset=UTF-8");
  }
  // Not slice: a Buffer's is a view.
  const own = typeof body === "object" && body !== null ? new Uint8Array(body) : body;
  return standIn(new LazyResponse(own, head));
}

/** What `Response.json(...given)` makes; undefined when that is no usual one. */
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

/** Whether it is a text, bytes that nothing else can change or take away meanwhile, or nothing. */
function isUsualBody(body: unknown): body is Body {
  if (typeof body === "string" || body === null) return true;
  if (!types.isUint8Array(body)) return false;
  const { buffer, length } = body as Uint8Array & { buffer: { resizable?: boolean } };
  // What is detached has no length.
  return length > 0 && types.isArrayBuffer(buffer) && buffer.resizable !== true;
}

function isUsualHead(status: unknown, statusText: unknown, hasBody: boolean): boolean {
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599)
    return false;
  if (hasBody && hasNullBody(status as number)) return false;
  return typeof statusText === "string" && /^[\t\x20-\x7e\x80-\xff]*$/.test(statusText);
}
