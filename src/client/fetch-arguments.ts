import { described, isFetchRequest, wrongArgument } from "../arguments.js";
import type { GatewayFetchInit } from "./fetch-options.js";

/**
 * Makes the Request of a call as `new Request(input, init)` does. A path, such as `/index.php?a=1`,
 * is one of `http://localhost`: a backend has no origin. A body of known length needs no
 * Content-Length, and a stream no `duplex`.
 *
 * @throws TypeError for an input that is no string, URL or Request, and as `new Request` does
 */
export async function requestOf(
  input: string | URL | Request,
  init: GatewayFetchInit,
): Promise<{ request: Request; contentLength: number | undefined }> {
  const { contentLength } = init;
  if (isFetchRequest(input)) {
    const fields = requestFields(init);
    if (fields === undefined) return { request: input, contentLength };
    return makeRequest(input, fields, contentLength);
  }
  return makeRequest(urlOf(input), requestFields(init) ?? {}, contentLength);
}

/** What makes a Request another one. `signal` is ours as well: it joins that of the Request. */
const fieldNames = [
  "method",
  "headers",
  "body",
  "duplex",
  "cache",
  "credentials",
  "integrity",
  "keepalive",
  "mode",
  "redirect",
  "referrer",
  "referrerPolicy",
] as const;

type RequestFields = { [name in (typeof fieldNames)[number]]?: unknown };

function requestFields(init: GatewayFetchInit): RequestFields | undefined {
  let fields: RequestFields | undefined;
  for (const name of fieldNames) {
    if (init[name] === undefined) continue;
    fields ??= {};
    fields[name] = init[name];
  }
  return fields;
}

async function makeRequest(
  input: URL | Request,
  fields: RequestFields,
  contentLength: number | undefined,
): Promise<{ request: Request; contentLength: number | undefined }> {
  let { body } = fields;
  if (body instanceof FormData) {
    // Only the encoder of forms knows their length and boundary.
    const form = new Response(body);
    body = await form.arrayBuffer();
    const headers = new Headers(
      (fields.headers ?? (isFetchRequest(input) ? input.headers : {})) as HeadersInit,
    );
    if (!headers.has("content-type")) {
      headers.set("content-type", form.headers.get("content-type") as string);
    }
    fields = { ...fields, body, headers };
  }
  if (isStream(body)) fields = { duplex: "half", ...fields };
  const request = new Request(input, fields as RequestInit);
  return { request, contentLength: contentLength ?? lengthOf(body) };
}

function isStream(body: unknown): boolean {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

function lengthOf(body: unknown): number | undefined {
  if (typeof body === "string") return Buffer.byteLength(body);
  if (body instanceof URLSearchParams) return Buffer.byteLength(body.toString());
  if (body instanceof Blob) return body.size;
  if (ArrayBuffer.isView(body) || body instanceof ArrayBuffer) return body.byteLength;
  return undefined;
}

function urlOf(input: unknown): URL {
  if (input instanceof URL) return checkedUrl(input);
  if (typeof input !== "string") {
    throw wrongArgument("input", input, "a string, a URL or a Request");
  }
  // A path that begins with two slashes is a path, and not a host.
  const text = input.startsWith("/") ? `http://localhost${input}` : input;
  if (!URL.canParse(text, "http://localhost/")) {
    throw wrongArgument("input", input, "a URL or a path");
  }
  return checkedUrl(new URL(text, "http://localhost/"));
}

function checkedUrl(url: URL): URL {
  if (/^https?:$/.test(url.protocol)) return url;
  throw new TypeError(`input: ${described(url.href)} is neither a path nor a URL of http or https`);
}
