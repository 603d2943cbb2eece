import { concat, latin1, utf8Bytes } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { hopByHop } from "./http.js";
import {
  byteStringValue,
  checkVariable,
  parseContentLength,
  type Variable,
  type VariableValue,
} from "./variables.js";

export interface RequestVariablesOptions {
  /**
   * DOCUMENT_ROOT: the folder of the scripts, as a path on the backend's machine. Default: absent.
   */
  documentRoot?: string | undefined;
  /**
   * SCRIPT_NAME: the beginning of the URL's path, decoded, that names the program. The rest becomes
   * PATH_INFO. Default: the whole path.
   */
  scriptName?: string | undefined;
  /**
   * SCRIPT_FILENAME. Default: the document root followed by SCRIPT_NAME; absent when both are
   * empty.
   */
  scriptFilename?: string | undefined;
  /** SERVER_PROTOCOL. Default: `HTTP/1.1`. */
  serverProtocol?: string | undefined;
  /** SERVER_SOFTWARE. Default: `fcgi-probe`. */
  serverSoftware?: string | undefined;
  /** REMOTE_ADDR. Default: absent, because backends trust it. */
  remoteAddress?: string | undefined;
  /** REMOTE_PORT. Default: absent. */
  remotePort?: number | undefined;
  /** CONTENT_LENGTH: bytes of the body. Default: the Content-Length header. */
  contentLength?: number | undefined;
  /**
   * What to do with a header whose name has other characters than letters, digits and hyphens. As
   * variables, `X_User` and `X.User` look like `X-User`, which a proxy may have set. `refuse`
   * throws `bad_input`, `drop` leaves the header out, `fold` sends it. Default: `refuse`.
   */
  oddHeaderNames?: "refuse" | "drop" | "fold" | undefined;
  /**
   * Variables to add at the end: an object, a Map or pairs. They replace the request's variables of
   * the same names; `undefined` removes these. Default: none.
   */
  variables?: VariablesInit | undefined;
}

/** Variables as a caller writes them: an object, a Map or pairs. */
export type VariablesInit =
  | Iterable<readonly [name: string, value: VariableValue | undefined]>
  | Readonly<Record<string, VariableValue | undefined>>;

/** The pairs of {@link VariablesInit}. */
export function variablePairs(
  init: VariablesInit,
): Iterable<readonly [name: string, value: VariableValue | undefined]> {
  return Symbol.iterator in init
    ? (init as Iterable<readonly [string, VariableValue | undefined]>)
    : Object.entries(init);
}

/**
 * The CGI meta-variables of a request (RFC 3875 §4.1), for a client to send. Fields about the
 * connection are left out, and so is `Proxy`: programs read HTTP_PROXY as their own configuration.
 *
 * @throws GatewayError `bad_input` for a NUL in a name or a value, `..` in the decoded path, an odd
 * header name, two headers that become the same variable, and a path outside `scriptName`
 */
export function variablesFromRequest(
  request: Request,
  options: RequestVariablesOptions = {},
): Variable[] {
  const url = new URL(request.url);
  const variables: Variable[] = [
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ["SERVER_PROTOCOL", options.serverProtocol ?? "HTTP/1.1"],
    ["SERVER_SOFTWARE", options.serverSoftware ?? "fcgi-probe"],
    ["REQUEST_METHOD", request.method],
    ["REQUEST_URI", url.pathname + url.search],
    ...pathVariables(url, options),
    ["QUERY_STRING", url.search.slice(1)],
    ["SERVER_NAME", url.hostname],
    ["SERVER_PORT", url.port || (url.protocol === "https:" ? "443" : "80")],
    ["REQUEST_SCHEME", url.protocol.slice(0, -1)],
  ];
  if (url.protocol === "https:") variables.push(["HTTPS", "on"]);
  if (options.remoteAddress !== undefined) variables.push(["REMOTE_ADDR", options.remoteAddress]);
  if (options.remotePort !== undefined) variables.push(["REMOTE_PORT", `${options.remotePort}`]);
  variables.push(...bodyVariables(request, options), ...headerVariables(request, url, options));
  return withGiven(variables, options.variables ?? []);
}

function pathVariables(url: URL, options: RequestVariablesOptions): Variable[] {
  const path = decodePath(url.pathname);
  if (/(^|\/)\.\.(\/|$)/.test(latin1(path))) {
    throw new GatewayError(
      ErrorCode.BadInput,
      `the path ${url.pathname} has a ".." once it is decoded`,
    );
  }
  const { documentRoot, scriptName } = options;
  const name = scriptName === undefined ? path : utf8Bytes(scriptName);
  if (name.some((byte, at) => path[at] !== byte)) throw outside(url, scriptName);
  const info = path.subarray(name.length);
  if (
    scriptName !== undefined &&
    info.length > 0 &&
    info[0] !== 0x2f &&
    !scriptName.endsWith("/")
  ) {
    throw outside(url, scriptName);
  }
  const root = (documentRoot ?? "").replace(/\/+$/, "");
  const filename = options.scriptFilename ?? concat([utf8Bytes(root), name]);
  const variables: Variable[] = [["SCRIPT_NAME", textIfUtf8(name)]];
  if (filename.length > 0) {
    variables.push([
      "SCRIPT_FILENAME",
      typeof filename === "string" ? filename : textIfUtf8(filename),
    ]);
  }
  if (info.length > 0) variables.push(["PATH_INFO", textIfUtf8(info)]);
  if (documentRoot !== undefined) variables.push(["DOCUMENT_ROOT", documentRoot]);
  return variables;
}

function outside(url: URL, scriptName: string | undefined): GatewayError {
  return new GatewayError(
    ErrorCode.BadInput,
    `the path ${url.pathname} is not below the script name ${scriptName}`,
  );
}

/** Percent-decodes a path to bytes. A `%` without two hexadecimal digits stays. */
export function decodePath(pathname: string): Uint8Array {
  const encoded = utf8Bytes(pathname);
  const path = new Uint8Array(encoded.length);
  let length = 0;
  for (let at = 0; at < encoded.length; at++) {
    let byte = encoded[at]!;
    if (byte === 0x25) {
      const digits = latin1(encoded, at + 1, Math.min(at + 3, encoded.length));
      if (/^[0-9A-Fa-f]{2}$/.test(digits)) {
        byte = Number.parseInt(digits, 16);
        at += 2;
      }
    }
    path[length++] = byte;
  }
  return path.subarray(0, length);
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A string if the bytes are UTF-8, else the bytes. */
export function textIfUtf8(bytes: Uint8Array): VariableValue {
  try {
    return strict.decode(bytes);
  } catch {
    return bytes;
  }
}

function bodyVariables(request: Request, options: RequestVariablesOptions): Variable[] {
  const variables: Variable[] = [];
  const type = request.headers.get("content-type");
  if (type !== null) variables.push(["CONTENT_TYPE", byteStringValue(type)]);
  const known = options.contentLength?.toString() ?? request.headers.get("content-length");
  if (request.body === null || known === null) return variables;
  variables.push(["CONTENT_LENGTH", `${parseLength(known)}`]);
  return variables;
}

function parseLength(text: string): number {
  try {
    return parseContentLength(text);
  } catch (cause) {
    throw new GatewayError(ErrorCode.BadInput, (cause as GatewayError).message, { cause });
  }
}

/** Headers that become a variable without the prefix `HTTP_`, or none. */
const elsewhere: ReadonlySet<string> = new Set([
  ...hopByHop,
  "proxy",
  "content-type",
  "content-length",
  "host",
]);

function headerVariables(request: Request, url: URL, options: RequestVariablesOptions): Variable[] {
  const variables: Variable[] = [["HTTP_HOST", request.headers.get("host") ?? url.host]];
  const seen = new Map<string, string>();
  for (const [name, value] of request.headers) {
    if (elsewhere.has(name)) continue;
    if (!/^[a-z0-9-]+$/i.test(name)) {
      if (options.oddHeaderNames === "drop") continue;
      if (options.oddHeaderNames !== "fold") throw oddName(name);
    }
    const variable = `HTTP_${name.toUpperCase().replace(/[^A-Z0-9]/g, "_")}`;
    const before = seen.get(variable);
    if (before !== undefined && before !== name) throw collision(before, name, variable);
    // `content_length`, folded, must not become what the plain spelling may not.
    if (elsewhere.has(name.toLowerCase().replace(/[^a-z0-9]/g, "-"))) {
      throw collision(name, name.replace(/[^a-z0-9]/g, "-"), variable);
    }
    seen.set(variable, name);
    variables.push([variable, byteStringValue(value)]);
  }
  return variables;
}

function oddName(name: string): GatewayError {
  return new GatewayError(
    ErrorCode.BadInput,
    `the header ${name} would look like another one as a variable`,
    { hint: "send header names of letters, digits and hyphens, or set oddHeaderNames" },
  );
}

function collision(one: string, other: string, variable: string): GatewayError {
  return new GatewayError(
    ErrorCode.BadInput,
    `the headers ${one} and ${other} would both become ${variable}`,
    { hint: "send one of them" },
  );
}

/**
 * Variables with others added, which replace those of the same names; `undefined` removes these.
 *
 * @throws GatewayError `bad_input` for an empty name, and for a NUL
 * @throws TypeError for a value that is neither a string nor bytes
 */
export function withGiven(variables: readonly Variable[], given: VariablesInit): Variable[] {
  const added = [...variablePairs(given)];
  const names = new Set(added.map(([name]) => name));
  const all = variables.filter(([name]) => !names.has(name));
  for (const [name, value] of added) {
    if (typeof name !== "string") throw new TypeError("variables: a name is not a string");
    if (value === undefined) continue;
    if (typeof value !== "string" && !(value instanceof Uint8Array)) {
      throw new TypeError(`variables: the value of ${name} is neither a string nor a Uint8Array`);
    }
    all.push([name, value]);
  }
  for (const variable of all) checkVariable(variable);
  return all;
}
