import { isAsciiText, latin1, percentEncoded, readableText, utf8Bytes } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { breaksLine, hopByHop, isToken } from "./http.js";
import { type Variable, Variables, type VariableValue } from "./variables.js";

export interface RequestOptions {
  /**
   * The host of the URL when HTTP_HOST is absent or empty and SERVER_NAME is not a host name.
   * Default: `localhost`.
   */
  defaultHost?: string | undefined;
  /** The Request's signal, which aborts when the client disconnects. Default: none. */
  signal?: AbortSignal | undefined;
}

/**
 * The Fetch Request for CGI variables, in the forms that front ends send.
 *
 * The URL's path and query are those of REQUEST_URI: SCRIPT_NAME and PATH_INFO are decoded, differ
 * from front end to front end, and are used only without it. Without a query in REQUEST_URI,
 * QUERY_STRING is used. An empty CONTENT_TYPE or CONTENT_LENGTH counts as absent. Repeated headers
 * are joined as Fetch does, cookies with `; `. Fields about the connection and `Proxy` are left
 * out.
 *
 * @param body is ignored for GET and HEAD, which cannot have one
 * @throws GatewayError `malformed` when the method, the host, the target, a header or
 * CONTENT_LENGTH is invalid; `bad_input` for CONNECT, TRACE and TRACK, which a Request cannot have
 */
export function requestFromVariables(
  variables: Iterable<Variable> | Variables,
  body: Exclude<RequestInit["body"], undefined> = null,
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

/** The valid parts of a Request. */
export interface RequestParts {
  /** The method as it was sent. A Request has the usual ones in capitals. */
  method: string;
  /** The URL in the form that a Request has. */
  url: string;
  /** The headers: byte strings by names in lower case. */
  headers: ReadonlyMap<string, string>;
}

/**
 * The parts of the Request that {@link requestFromVariables} makes. Making the Request itself is
 * half of that function's cost.
 *
 * @throws GatewayError as {@link requestFromVariables}
 */
export function requestParts(variables: Variables, options: RequestOptions = {}): RequestParts {
  const method = methodOf(variables);
  const headers = fieldsOf(variables);
  return { method, url: urlOf(variables, options), headers };
}

/** Whether a Request of this method cannot have a body. */
export function isBodyless(method: string): boolean {
  return method === "GET" || method === "HEAD" || /^(get|head)$/i.test(method);
}

/** The Fetch Headers for those of {@link RequestParts}. */
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
    throw new GatewayError(ErrorCode.BadInput, `the method ${method} is not supported`, {
      hint: "answer 501 Not Implemented",
    });
  }
  return method;
}

/** Headers that a variable of another name carries, or none. */
const carriedElsewhere: ReadonlySet<string> = new Set([
  ...hopByHop,
  "proxy",
  "content-length",
  "content-type",
]);

/**
 * Header names by variable. Clients send the same ones with every request: without this map,
 * {@link requestParts} takes 43 % more CPU, and serving a small request 3 to 5 % (Node 20 to 24).
 */
const headerNames = new Map<string, string | undefined>();
const MAX_HEADER_NAMES = 256;
/** Longer names are rare, and not cached. */
const MAX_NAME_LENGTH = 64;

/** The header of an `HTTP_` variable; undefined for one that another variable carries, or none. */
function headerName(variable: string): string | undefined {
  const known = headerNames.get(variable);
  if (known !== undefined || headerNames.has(variable)) return known;
  const lower = variable.slice("HTTP_".length).toLowerCase().replaceAll("_", "-");
  const name = lower === "" || carriedElsewhere.has(lower) ? undefined : lower;
  if (name !== undefined && !isToken(name)) throw malformed("a header's name", variable);
  if (headerNames.size < MAX_HEADER_NAMES && variable.length < MAX_NAME_LENGTH) {
    // A copy: V8 would keep the head alive of which a name is a slice.
    headerNames.set(` ${variable}`.slice(1), name);
  }
  return name;
}

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

/**
 * The URL of a request, in the form that a Request has.
 *
 * @throws GatewayError `malformed` when the host or the target is invalid
 */
export function urlOf(variables: Variables, options: RequestOptions = {}): string {
  const https = (variables.get("HTTPS") ?? "").toLowerCase();
  const named = variables.get("REQUEST_SCHEME")?.toLowerCase();
  const secure = https !== "" && https !== "off" && https !== "0";
  const scheme = secure || named === "https" ? "https" : "http";
  const origin = originOf(variables, scheme, options);
  const target = targetOf(variables);
  // The target is ASCII here, and cannot make the URL invalid.
  return isNormal(target) ? origin + target : new URL(origin + target).href;
}

/**
 * The origin of HTTP_HOST, which the client sends: an invalid one is refused. Without HTTP_HOST,
 * the origin of SERVER_NAME, which the server configures: where that is a pattern (nginx's
 * `server_name ~^www`) or `_`, the default host is used.
 */
function originOf(variables: Variables, scheme: string, options: RequestOptions): string {
  const host = variables.filled("HTTP_HOST");
  const origin = host === undefined ? undefined : parseOrigin(scheme, host);
  if (origin !== undefined) return origin;
  const name = variables.filled("SERVER_NAME");
  if (host !== undefined && (host !== name || looksLikeHost(host))) {
    throw malformed("HTTP_HOST", byteText(variables, "HTTP_HOST"));
  }
  const server = name === undefined ? undefined : serverOrigin(variables, scheme, name);
  if (server !== undefined) return server;
  const { defaultHost = "localhost" } = options;
  const usual = parseOrigin(scheme, defaultHost);
  if (usual === undefined) throw malformed("the default host", defaultHost);
  return usual;
}

/**
 * Whether HTTP_HOST can be the client's, though it equals SERVER_NAME. Debian's nginx sends $host
 * as HTTP_HOST, which is the server_name when the client sends no host: then it is a pattern or
 * `_`.
 */
function looksLikeHost(name: string): boolean {
  return /^[\w.:[\]-]+$/.test(name) && /[a-z0-9]/i.test(name);
}

/** The origin that was parsed last: most requests are for the same host as the one before. */
let last = { written: "", origin: "" };

/** The origin of a host with or without a port; undefined when the host is invalid. */
function parseOrigin(scheme: string, host: string): string | undefined {
  const written = `${scheme}://${host}`;
  if (written !== last.written) {
    // No character that ends the authority, or separates parts of it.
    const isAuthority = /^[A-Za-z0-9._~!$&'()*+,;=%[\]:-]+$/.test(host);
    // Not nginx's `_`, and not `--`.
    const isNamed = /^(?:\[|[^:]*[A-Za-z0-9])/.test(host);
    if (!isAuthority || !isNamed || !URL.canParse(written)) return undefined;
    last = { written, origin: new URL(written).origin };
  }
  return last.origin;
}

/** The origin of SERVER_NAME and SERVER_PORT; undefined when the name is not a host name. */
function serverOrigin(variables: Variables, scheme: string, name: string): string | undefined {
  const host = name.includes(":") && !name.startsWith("[") ? `[${name}]` : name;
  if (!/^[\w.-]+$/.test(host) && !/^\[[0-9a-f:.]+\]$/i.test(host)) return undefined;
  const port = variables.get("SERVER_PORT") ?? "";
  const usual = scheme === "https" ? "443" : "80";
  return parseOrigin(scheme, /^[0-9]+$/.test(port) && port !== usual ? `${host}:${port}` : host);
}

/**
 * Whether the URL parser leaves a path and its query unchanged: no segment begins like `.` or `..`,
 * and no character is encoded. This is so for most requests, and saves 0.5 µs for parsing a URL.
 */
function isNormal(target: string): boolean {
  return /^(?:\/(?!\.|%2e)[\w~!$&()*+,;=:@%.-]*)+(?:\?[\w~!$&()*+,;=:@%./?-]*)?$/i.test(target);
}

function targetOf(variables: Variables): string {
  const uri = byteText(variables, "REQUEST_URI");
  if (uri === "" || isRedirected(variables)) return withQuery(pathOfParts(variables), variables);
  return withQuery(targetOfUri(uri), variables);
}

/** A front end that adds arguments in a rewrite sends them in QUERY_STRING alone. */
function withQuery(target: string, variables: Variables): string {
  const mark = target.indexOf("?");
  if (mark >= 0 && mark < target.length - 1) return target;
  const query = encodeTarget(byteText(variables, "QUERY_STRING"), false);
  if (query === "") return target;
  return mark < 0 ? `${target}?${query}` : target + query;
}

function targetOfUri(uri: string): string {
  const target = encodeTarget(uri, false);
  if (target === "*") return "/";
  const path = target.replace(/^https?:\/\/[^/?]*/i, "");
  if (path.startsWith("/")) return path;
  if (path !== target && (path === "" || path.startsWith("?"))) return `/${path}`;
  throw malformed("REQUEST_URI", target);
}

/**
 * Whether Apache serves an application's local redirect (RFC 3875 §6.2.2). REQUEST_URI is then the
 * client's, and would lead to the redirect again.
 */
function isRedirected(variables: Variables): boolean {
  return variables.has("REDIRECT_SCRIPT_NAME") && variables.get("REDIRECT_STATUS") === "200";
}

/** The path without REQUEST_URI. The variables are decoded, so `%` and `?` are encoded again. */
function pathOfParts(variables: Variables): string {
  const encoded = (name: string): string => encodeTarget(byteText(variables, name), true);
  const path = encoded("SCRIPT_NAME") + encoded("PATH_INFO") || encoded("DOCUMENT_URI") || "/";
  if (!path.startsWith("/")) throw malformed("SCRIPT_NAME", path);
  return path;
}

/** A variable's bytes as a byte string; empty when it is absent. */
export function byteText(variables: Variables, name: string): string {
  const text = variables.get(name) ?? "";
  return isAsciiText(text) ? text : latin1(variables.bytes(name) ?? new Uint8Array(0));
}

/**
 * Percent-encodes the characters that a URL cannot have, or that have a meaning in it: blanks,
 * control characters, `#`, `\` and bytes above 0x7F.
 *
 * @param isDecoded whether to encode `%` and `?` as well
 */
function encodeTarget(text: string, isDecoded: boolean): string {
  return text.replace(isDecoded ? /[^\x21-\x7e]|[#\\%?]/g : /[^\x21-\x7e]|[#\\]/g, percentEncoded);
}

/** The error for an invalid value from a front end. `value` is a byte string. */
function malformed(what: string, value: string): GatewayError {
  return new GatewayError(
    ErrorCode.Malformed,
    `${what} is ${JSON.stringify(readableText(value.slice(0, 64)))}, which is invalid`,
    { hint: "the front end sent an invalid request: see its log" },
  );
}
