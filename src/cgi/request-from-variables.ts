import { isAsciiText, latin1, utf8Bytes } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { breaksLine, hopByHop, isToken } from "./header-fields.js";
import { remembered } from "./remembered.js";
import { byteText, malformed, type UrlOptions, urlOf } from "./request-url.js";
import type { Variable, VariableValue } from "./variable.js";
import { Variables } from "./variables.js";

export interface RequestOptions extends UrlOptions {
  /** Aborts when the client has gone. */
  signal?: AbortSignal | undefined;
}

/**
 * The Fetch Request for CGI variables as front ends send them.
 *
 * The URL's path and query are those of REQUEST_URI, because SCRIPT_NAME and PATH_INFO are decoded
 * and differ from front end to front end; only without it they are put together. A query that
 * REQUEST_URI lacks is that of QUERY_STRING. An empty
 * CONTENT_TYPE or CONTENT_LENGTH counts as absent. A header that came several times is joined as
 * Fetch does, cookies with `; `. Fields about the connection and `Proxy` are left out.
 *
 * @param body is left alone for GET and HEAD, which cannot have one
 * @throws GatewayError `malformed` when the method, the host, the target, a header or
 * CONTENT_LENGTH cannot be what it says; `bad_input` for CONNECT, TRACE and TRACK, which a Request
 * cannot carry
 */
export function requestFromVariables(
  variables: Iterable<Variable> | Variables,
  body: BodyInit | null = null,
  options: RequestOptions = {},
): Request {
  const all = variables instanceof Variables ? variables : new Variables(variables);
  const { method, url, headers } = requestParts(all, options);
  const init: RequestInit & { duplex?: "half" } = { method, headers: headersOf(headers) };
  if (body !== null && !isBodyless(method)) {
    init.body = body;
    if (body instanceof ReadableStream) init.duplex = "half";
  }
  if (options.signal !== undefined) init.signal = options.signal;
  return new Request(url, init);
}

/** What a Request is made of, all of it good for one. */
export interface RequestParts {
  /** As it was sent: Fetch writes the usual ones in capitals. */
  method: string;
  /** As Fetch writes it. */
  url: string;
  /** Values in byte strings, by names in lower case. */
  headers: ReadonlyMap<string, string>;
}

/**
 * The parts of the Request that {@link requestFromVariables} makes: half of its cost is the Request.
 *
 * @throws GatewayError as it does
 */
export function requestParts(variables: Variables, options: RequestOptions = {}): RequestParts {
  const method = methodOf(variables);
  const headers = fieldsOf(variables);
  return { method, url: urlOf(variables, options), headers };
}

/** Whether a method is one whose Request cannot have a body. */
export function isBodyless(method: string): boolean {
  return method === "GET" || method === "HEAD" || /^(get|head)$/i.test(method);
}

/** Fetch's Headers of {@link RequestParts}. */
export function headersOf(fields: RequestParts["headers"]): Headers {
  const headers = new Headers();
  for (const [name, value] of fields) headers.set(name, value);
  return headers;
}

function methodOf(variables: Variables): string {
  const method = variables.filled("REQUEST_METHOD") ?? "GET";
  if (!isToken(method)) {
    throw malformed("REQUEST_METHOD", byteText(variables, "REQUEST_METHOD"));
  }
  if (/^(connect|trace|track)$/i.test(method)) {
    throw new GatewayError(ErrorCode.BadInput, `the method ${method} is not served here`, {
      hint: "answer 501 Not Implemented",
    });
  }
  return method;
}

/** Variables whose header is told by another variable, or by none. */
const untold: ReadonlySet<string> = new Set([
  ...hopByHop,
  "proxy",
  "content-length",
  "content-type",
]);

/** The header that an HTTP_ variable tells; undefined when another variable tells it, or none. */
const headerName = remembered((variable: string): string | undefined => {
  const lower = variable.slice(5).toLowerCase().replaceAll("_", "-");
  const name = lower === "" || untold.has(lower) ? undefined : lower;
  if (name !== undefined && !isToken(name)) throw malformed("a header's name", variable);
  return name;
});

function fieldsOf(variables: Variables): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [variable, value] of variables.startingWith("HTTP_")) {
    const name = headerName(variable);
    if (name === undefined) continue;
    const text = byteTextOf(value);
    if (breaksLine(text)) throw malformed(`the header ${name}`, text);
    const before = fields.get(name);
    if (before === undefined) fields.set(name, text);
    else fields.set(name, `${before}${name === "cookie" ? "; " : ", "}${text}`);
  }
  const type = byteText(variables, "CONTENT_TYPE");
  if (breaksLine(type)) throw malformed("the header content-type", type);
  if (type !== "") fields.set("content-type", type);
  const length = variables.contentLength;
  if (length !== undefined) fields.set("content-length", `${length}`);
  return fields;
}

function byteTextOf(value: VariableValue): string {
  if (typeof value !== "string") return latin1(value);
  return isAsciiText(value) ? value : latin1(utf8Bytes(value));
}
