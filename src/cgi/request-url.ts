import { isAsciiText, latin1 } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { percentEncoded, readableText } from "./readable-text.js";
import type { Variables } from "./variables.js";

export interface UrlOptions {
  /**
   * The host where HTTP_HOST is absent or empty, and SERVER_NAME is no host. Default: `localhost`.
   */
  defaultHost?: string | undefined;
}

/**
 * The URL of a request, as Fetch writes it.
 *
 * @throws GatewayError `malformed` when the host or the target cannot be what it says
 */
export function urlOf(variables: Variables, options: UrlOptions = {}): string {
  const https = (variables.get("HTTPS") ?? "").toLowerCase();
  const named = variables.get("REQUEST_SCHEME")?.toLowerCase();
  const secure = https !== "" && https !== "off" && https !== "0";
  const scheme = secure || named === "https" ? "https" : "http";
  const origin = originOf(variables, scheme, options);
  const target = targetOf(variables);
  // What is in ASCII, as a target is here, makes no URL invalid: its origin alone can.
  return isNormal(target) ? origin + target : new URL(origin + target).href;
}

/**
 * HTTP_HOST is the client's, and refused where it is none. SERVER_NAME is the server's: a pattern
 * (nginx's `server_name ~^www`) or `_` is no fault of a client that names no host.
 */
function originOf(variables: Variables, scheme: string, options: UrlOptions): string {
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
 * Whether a server may have SERVER_NAME from its client. Debian's nginx sends $host as HTTP_HOST,
 * which is the server_name where a client names no host: a pattern, then, or `_`.
 */
function looksLikeHost(name: string): boolean {
  return /^[\w.:[\]-]+$/.test(name) && /[a-z0-9]/i.test(name);
}

/** Most requests are for the same host as the one before. */
let last = { written: "", origin: "" };

/** The origin of a host with or without a port, as Fetch writes it; undefined where it is none. */
function parseOrigin(scheme: string, host: string): string | undefined {
  const written = `${scheme}://${host}`;
  if (written !== last.written) {
    // Nothing that would end the authority, or begin another part of it.
    const isAuthority = /^[A-Za-z0-9._~!$&'()*+,;=%[\]:-]+$/.test(host);
    // nginx's `_` is no name, and neither is `--`.
    const isNamed = /^(?:\[|[^:]*[A-Za-z0-9])/.test(host);
    if (!isAuthority || !isNamed || !URL.canParse(written)) return undefined;
    last = { written, origin: new URL(written).origin };
  }
  return last.origin;
}

/** The origin that SERVER_NAME and SERVER_PORT name; undefined where the name is no host's. */
function serverOrigin(variables: Variables, scheme: string, name: string): string | undefined {
  const host = name.includes(":") && !name.startsWith("[") ? `[${name}]` : name;
  if (!/^[\w.-]+$/.test(host) && !/^\[[0-9a-f:.]+\]$/i.test(host)) return undefined;
  const port = variables.get("SERVER_PORT") ?? "";
  const usual = scheme === "https" ? "443" : "80";
  return parseOrigin(scheme, /^[0-9]+$/.test(port) && port !== usual ? `${host}:${port}` : host);
}

/**
 * Whether a path, with its query, is surely one that Fetch leaves as it is: no segment begins like
 * `.` or `..`, and no character is one that it encodes. Most are, and a URL costs 0.5 µs to parse.
 */
function isNormal(target: string): boolean {
  return /^(?:\/(?!\.|%2e)[\w~!$&()*+,;=:@%.-]*)+(?:\?[\w~!$&()*+,;=:@%./?-]*)?$/i.test(target);
}

function targetOf(variables: Variables): string {
  const uri = byteText(variables, "REQUEST_URI");
  if (uri === "" || isRedirected(variables)) return withQuery(pathOfParts(variables), variables);
  return withQuery(targetOfUri(uri), variables);
}

/** A front end that adds arguments when it rewrites tells them by QUERY_STRING alone. */
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
 * Whether Apache serves an application's local redirect (RFC 3875 §6.2.2): REQUEST_URI is what the
 * client asked for, then, and would lead to the redirect again.
 */
function isRedirected(variables: Variables): boolean {
  return variables.has("REDIRECT_SCRIPT_NAME") && variables.get("REDIRECT_STATUS") === "200";
}

/** Without REQUEST_URI: paths that are decoded, so that `%` and `?` in them are encoded again. */
function pathOfParts(variables: Variables): string {
  const encoded = (name: string): string => encodeTarget(byteText(variables, name), true);
  const path = encoded("SCRIPT_NAME") + encoded("PATH_INFO") || encoded("DOCUMENT_URI") || "/";
  if (!path.startsWith("/")) throw malformed("SCRIPT_NAME", path);
  return path;
}

/** A variable's bytes as a byte string; empty when it is not there. */
export function byteText(variables: Variables, name: string): string {
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
  return text.replace(isDecoded ? /[^\x21-\x7e]|[#\\%?]/g : /[^\x21-\x7e]|[#\\]/g, percentEncoded);
}

/** What a front end sent that cannot be. `value` is a byte string. */
export function malformed(what: string, value: string): GatewayError {
  return new GatewayError(
    ErrorCode.Malformed,
    `${what} is ${JSON.stringify(readableText(value.slice(0, 64)))}, which cannot be`,
    { hint: "the front end sent a request that is none: see its log" },
  );
}
