import { readableText } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { hopByHop } from "./http.js";
import { byteStringValue, type Variable, type VariableValue } from "./variables.js";

/** The head of an HTTP request. All texts are byte strings. */
export interface HttpHead {
  method: string;
  /** The target of the request line: a path with a query, a URL, or `*`. */
  target: string;
  /** The version of HTTP, such as `1.1`. */
  version: string;
  /** Names and values, alternating. */
  fields: readonly string[];
}

/** The two ends of a connection. A unix socket has neither addresses nor ports. */
export interface HttpPeers {
  remoteAddress?: string | undefined;
  remotePort?: number | undefined;
  localAddress?: string | undefined;
  localPort?: number | undefined;
}

/**
 * The CGI meta-variables of an HTTP request (RFC 3875 §4.1), as a front end sends them. SCRIPT_NAME
 * is the whole path, decoded. A header whose name has other characters than letters, digits and
 * hyphens is left out, because `X_User` would look like `X-User`; so are `Proxy` and fields about
 * the connection.
 *
 * @throws GatewayError `malformed` for two Host fields, an invalid target, and a decoded path that
 * has a NUL or leads above `/` by `..`
 */
export function variablesFromHttp(head: HttpHead, peers: HttpPeers): Variable[] {
  const headers = headerVariables(head.fields);
  const { authority, target } = splitTarget(head.target);
  const host = authority ?? hostOf(headers);
  const queryStart = target.indexOf("?");
  const path = queryStart < 0 ? target : target.slice(0, queryStart);
  const variables: Variable[] = [
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ["SERVER_SOFTWARE", "fcgi-probe"],
    ["SERVER_PROTOCOL", `HTTP/${head.version}`],
    ["REQUEST_METHOD", head.method],
    ["REQUEST_URI", byteStringValue(target)],
    ["SCRIPT_NAME", scriptName(path)],
    ["QUERY_STRING", byteStringValue(queryStart < 0 ? "" : target.slice(queryStart + 1))],
    ["REQUEST_SCHEME", "http"],
    ...serverVariables(host, peers),
  ];
  const { remoteAddress, remotePort } = peers;
  if (remoteAddress !== undefined) variables.push(["REMOTE_ADDR", plainIPv4(remoteAddress)]);
  if (remotePort !== undefined) variables.push(["REMOTE_PORT", `${remotePort}`]);
  if (authority !== undefined) variables.push(["HTTP_HOST", byteStringValue(authority)]);
  for (const variable of headers) {
    // A URL in the request line overrides the Host field (RFC 9112 §3.2.2).
    if (authority === undefined || variable[0] !== "HTTP_HOST") variables.push(variable);
  }
  return variables;
}

/** An address without the IPv6 prefix that a dual-stack socket gives to IPv4 addresses. */
export function plainIPv4(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}

const folded = (field: string): string => field.toUpperCase().replace(/-/g, "_");

/** Fields that are left out, as variables. */
const leftOut: ReadonlySet<string> = new Set([...hopByHop, "proxy"].map(folded));

/** The variable of a header field; undefined for a field that is left out. */
function variableName(field: string): string | undefined {
  if (!/^[A-Za-z0-9-]+$/.test(field)) return undefined;
  const name = folded(field);
  if (leftOut.has(name)) return undefined;
  return name === "CONTENT_TYPE" || name === "CONTENT_LENGTH" ? name : `HTTP_${name}`;
}

function headerVariables(fields: readonly string[]): Variable[] {
  const variables: Variable[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = variableName(fields[at]!);
    if (name !== undefined) variables.push([name, byteStringValue(fields[at + 1]!)]);
  }
  return variables;
}

/**
 * Two Host fields are refused: a proxy could check one of them, and the application use the other.
 */
function hostOf(headers: readonly Variable[]): string {
  const [host, ...others] = headers.filter(([name]) => name === "HTTP_HOST");
  if (others.length > 0) throw malformed("there are several Host fields");
  // A host that is not ASCII is refused when the Request is made.
  return typeof host?.[1] === "string" ? host[1] : "";
}

/** A target is a path, a URL in a request to a proxy, or `*` with OPTIONS. */
function splitTarget(text: string): { authority: string | undefined; target: string } {
  if (text.startsWith("/") || text === "*") return { authority: undefined, target: text };
  const match = /^https?:\/\/([^/?]+)(.*)$/is.exec(text);
  if (match === null)
    throw malformed(`${JSON.stringify(readableText(text.slice(0, 64)))} is not a target`);
  const [, authority, rest = ""] = match;
  return { authority, target: rest.startsWith("/") ? rest : `/${rest}` };
}

function serverVariables(host: string, { localAddress, localPort }: HttpPeers): Variable[] {
  // SERVER_NAME is a name that the server is responsible for: not an invalid host.
  const [, name = "", port = ""] = /^(\[[0-9a-f:.]+\]|[\w.-]*)(?::(\d*))?$/i.exec(host) ?? [];
  const isNamed = /[a-z0-9]/i.test(name);
  return [
    ["SERVER_NAME", isNamed ? name : plainIPv4(localAddress ?? "localhost")],
    ["SERVER_PORT", localPort === undefined ? port || "80" : `${localPort}`],
  ];
}

/** The path's bytes, with `.` and `..` resolved. */
function scriptName(path: string): VariableValue {
  if (path === "*") return "";
  if (/^[\w!$&'()*+,./:;=@~-]*$/.test(path) && !path.includes("/.")) return path;
  const decoded = path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  if (decoded.includes("\0")) throw malformed("the path has a NUL");
  const segments: string[] = [];
  const all = decoded.split("/").slice(1);
  for (const [at, segment] of all.entries()) {
    const isDots = segment === "." || segment === "..";
    if (segment === ".." && segments.pop() === undefined) throw malformed("the path leads above /");
    if (!isDots) segments.push(segment);
    else if (at === all.length - 1) segments.push("");
  }
  return byteStringValue(`/${segments.join("/")}`);
}

function malformed(what: string): GatewayError {
  return new GatewayError(ErrorCode.Malformed, `${what} in an HTTP request`, {
    hint: "the client sent a request that a front end would refuse",
  });
}
