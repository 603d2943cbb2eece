import { lazyBody, WholeResponse } from "./lazy-response.js";

/** The part of a Response of Node's that tells what it was made of. */
interface ResponseState {
  body?: { source?: unknown; length?: unknown } | null;
}

let state: symbol | undefined;
let isKnown = false;

/**
 * The bytes of a Response that was made of a text or of bytes, and has not been read; undefined
 * when it is a stream, or made of something else, or the runtime does not tell. Reading its stream
 * costs 3.5 µs more, with a reader.
 */
export function bufferedBody(response: Response): Uint8Array | undefined {
  const lazy = lazyBody(response);
  if (lazy !== undefined) return lazy;
  if (!isKnown) {
    isKnown = true;
    state = findState();
  }
  if (state === undefined) return undefined;
  const body = (Reflect.get(response, state) as ResponseState | undefined)?.body;
  const source = body?.source;
  if (typeof source !== "string" && !(source instanceof Uint8Array)) return undefined;
  const bytes = typeof source === "string" ? Buffer.from(source) : source;
  return bytes.length === body?.length ? bytes : undefined;
}

function findState(): symbol | undefined {
  const probe = new WholeResponse("é");
  return Object.getOwnPropertySymbols(probe).find((symbol) => {
    const body = (Reflect.get(probe, symbol) as ResponseState | undefined)?.body;
    return body?.source === "é" && body.length === 2;
  });
}
