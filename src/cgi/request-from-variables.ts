import { isAsciiText, latin1, utf8Bytes } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { breaksLine, hopByHop, isToken } from "./header-fields.js";
import { remembered } from "./remembered.js";
import type { Variable, VariableValue } from "./variable.js";
import { Variables } from "./variables.js";

export interface RequestOptions {
  /** Aborts when the client has gone. */
  signal?: AbortSignal | undefined;
  /** The host for clients that name none: neither HTTP_HOST nor SERVER_NAME. Default `localhost`. */
  defaultHost?: string | undefined;
}

/**
 * The Fetch Request for CGI variables as front ends send them.
 *
 * The URL's path and query are those of REQUEST_URI, because SCRIPT_NAME and PATH_INFO are decoded
 * and differ from front end to front end; only without it they are put together. An empty
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
  if (!isToken(method)) throw malformed("REQUEST_METHOD", method);
  if (/^(connect|trace|track)$/i.test(method)) {
    throw new GatewayError(ErrorCode.BadInput, `the method ${method} is not served here`, {
      hint: "answer 501 Not Implemented",
    });
  }
  return method;
}

/**
 * The URL of the Request that {@link requestFromVariables} makes.
 *
 * @throws GatewayError `malformed`
 */
export function urlOf(variables: Variables, options: RequestOptions = {}): string {
  const https = (variables.get("HTTPS") ?? "").toLowerCase();
  const named = variables.get("REQUEST_SCHEME")?.toLowerCase();
  const secure = https !== "" && https !== "off" && https !== "0";
  const scheme = secure || named === "https" ? "https" : "http";
  const host = hostOf(variables, scheme, options);
  const origin = originOf(scheme, host);
  const target = targetOf(variables);
  // What is in ASCII, as a target is here, makes no URL invalid: its origin alone can.
  return isNormal(target) ? origin + target : new URL(origin + target).href;
}

/** Most requests are for the same host as the one before. */
let last = { written: "", origin: "" };

function originOf(scheme: string, host: string): string {
  const written = `${scheme}://${host}`;
  if (written !== last.written) {
    if (!URL.canParse(written)) throw malformed("HTTP_HOST", host);
    last = { written, origin: new URL(written).origin };
  }
  return last.origin;
}

/**
 * Whether a path, with its query, is surely one that Fetch leaves as it is: no segment begins like
 * `.` or `..`, and no character is one that it encodes. Most are, and a URL costs 0.5 µs to parse.
 */
function isNormal(target: string): boolean {
  return /^(?:\/(?!\.|%2e)[\w~!$&()*+,;=:@%.-]*)+(?:\?[\w~!$&()*+,;=:@%./?-]*)?$/i.test(target);
}

function hostOf(variables: Variables, scheme: string, options: RequestOptions): string {
  const host = variables.filled("HTTP_HOST") ?? serverOf(variables, scheme);
  if (host === undefined) return options.defaultHost ?? "localhost";
  // Nothing that would end the authority, or begin another part of it.
  if (!/^[A-Za-z0-9._~!$&'()*+,;=%[\]:-]+$/.test(host)) throw malformed("HTTP_HOST", host);
  return host;
}

function serverOf(variables: Variables, scheme: string): string | undefined {
  const name = variables.filled("SERVER_NAME");
  if (name === undefined) return undefined;
  const host = name.includes(":") && !name.startsWith("[") ? `[${name}]` : name;
  const port = variables.get("SERVER_PORT") ?? "";
  const usual = scheme === "https" ? "443" : "80";
  return /^[0-9]+$/.test(port) && port !== usual ? `${host}:${port}` : host;
}

function targetOf(variables: Variables): string {
  const uri = byteText(variables, "REQUEST_URI");
  if (uri === "" || isRedirected(variables)) return targetOfParts(variables);
  const target = encodeTarget(uri, false);
  if (target === "*") return "/";
  const path = target.replace(/^https?:\/\/[^/?]*/i, "");
  if (path.startsWith("/")) return path;
  if (path !== target && (path === "" || path.startsWith("?"))) return `/${path}`;
  throw malformed("REQUEST_URI", target);
}

/**
 * Whether Apache serves an application's local redirect (RFC 3875 §6.2.2): REQUEST_URI is what the
 * client asked for, then, and would lead to the redirect again.
 */
function isRedirected(variables: Variables): boolean {
  return variables.has("REDIRECT_SCRIPT_NAME") && variables.get("REDIRECT_STATUS") === "200";
}

/** Without REQUEST_URI: paths that are decoded, so that `%` and `?` in them are encoded again. */
function targetOfParts(variables: Variables): string {
  const encoded = (name: string): string => encodeTarget(byteText(variables, name), true);
  const path = encoded("SCRIPT_NAME") + encoded("PATH_INFO") || encoded("DOCUMENT_URI") || "/";
  if (!path.startsWith("/")) throw malformed("SCRIPT_NAME", path);
  const query = encodeTarget(byteText(variables, "QUERY_STRING"), false);
  return query === "" ? path : `${path}?${query}`;
}

/** A variable's bytes as a byte string; empty when it is not there. */
function byteText(variables: Variables, name: string): string {
  const text = variables.get(name) ?? "";
  return isAsciiText(text) ? text : latin1(variables.bytes(name) ?? new Uint8Array(0));
}

/**
 * Percent-encodes what a URL would drop or read as something else: blanks, control characters,
 * `#`, `\` and bytes that are not ASCII.
 *
 * @param isDecoded whether `%` and `?` stand for themselves
 */
function encodeTarget(text: string, isDecoded: boolean): string {
  return text.replace(
    isDecoded ? /[^\x21-\x7e]|[#\\%?]/g : /[^\x21-\x7e]|[#\\]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
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

function malformed(what: string, value: string): GatewayError {
  return new GatewayError(
    ErrorCode.Malformed,
    `${what} is ${JSON.stringify(value.slice(0, 64))}, which cannot be`,
    { hint: "the front end sent a request that is none: see its log" },
  );
}
