import { basename, dirname, resolve } from "node:path/posix";
import type { Address } from "../../address.js";
import { isToken } from "../../cgi/http.js";
import type { Variable, VariableValue } from "../../cgi/variables.js";
import { decodePath, textIfUtf8 } from "../../cgi/variables-from-request.js";
import { ErrorCode, GatewayError } from "../../errors.js";

/** A request, as the command line describes it. */
export interface GivenRequest {
  method: string;
  script?: string | undefined;
  /** The path as an HTTP client sends it, percent-encoded or not. */
  path?: string | undefined;
  query?: string | undefined;
  headers: readonly (readonly [name: string, value: string])[];
  /** Bytes of the body; undefined when there is no body. */
  bodyLength: number | undefined;
}

/** The client, as the application sees it. */
const CLIENT = { REMOTE_ADDR: "127.0.0.1", REMOTE_PORT: "49152" };

/**
 * The variables of a request: those of RFC 3875, and those that front ends add and applications
 * rely on. Given values are passed on byte for byte.
 *
 * @throws GatewayError `bad_input` without a path and a script, for an invalid method or header
 * name, and for two headers that become the same variable
 */
export function variablesOf(address: Address, given: GivenRequest): Variable[] {
  const { method, script, bodyLength } = given;
  if (!isToken(method)) throw badInput(`"${method}" is not a method`, "write it as in -X PUT");
  const { path, uri, query } = target(address, given);
  const headers = headerVariables(given.headers);
  const host = headers.get("HTTP_HOST") ?? "localhost";
  const isScript = address.protocol === "fcgi" || address.protocol === "cgi";
  const program = "program" in address.endpoint ? resolve(address.endpoint.program) : undefined;
  const filename = script ?? program ?? (isScript ? path : undefined);
  const variables: Variable[] = [
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ["SERVER_SOFTWARE", "fcgi-probe"],
    ["SERVER_PROTOCOL", "HTTP/1.1"],
    ["SERVER_NAME", host.replace(/:\d*$/, "")],
    ["SERVER_ADDR", "127.0.0.1"],
    ["SERVER_PORT", "80"],
    ["REQUEST_SCHEME", "http"],
    ...Object.entries(CLIENT),
    ["REQUEST_METHOD", method],
    ["REQUEST_URI", uri],
    ["DOCUMENT_URI", path],
    ["DOCUMENT_ROOT", documentRoot(script ?? program, path)],
    ["QUERY_STRING", query],
  ];
  // An application of SCGI or uwsgi serves all paths, and reads the path from PATH_INFO.
  if (isScript) variables.push(["SCRIPT_NAME", path]);
  else variables.push(["SCRIPT_NAME", ""], ["PATH_INFO", path]);
  if (filename !== undefined) variables.push(["SCRIPT_FILENAME", filename]);
  // php-cgi refuses to run without it.
  if (isScript) variables.push(["REDIRECT_STATUS", "200"]);
  const defaults = new Map<string, string>([
    ["HTTP_HOST", host],
    ["HTTP_USER_AGENT", "fcgi-probe"],
    ["HTTP_ACCEPT", "*/*"],
  ]);
  if (bodyLength !== undefined) {
    defaults.set("CONTENT_LENGTH", `${bodyLength}`);
    defaults.set("CONTENT_TYPE", "application/x-www-form-urlencoded");
  }
  return [...variables, ...new Map([...defaults, ...headers])];
}

/** The decoded path, the URI it comes from, and the query. */
function target(address: Address, { path, script, query }: GivenRequest) {
  const program = "program" in address.endpoint ? address.endpoint.program : undefined;
  if (path !== undefined) return givenTarget(path, query);
  // The path of an address is usually that of a status page, so a script comes first.
  const file = script ?? program;
  const asked = file === undefined ? address.path : `/${basename(file)}`;
  if (asked === undefined && address.protocol === "fcgi") {
    throw badInput(
      "the request has no path and no script",
      "give --script FILE, --path PATH, or an address with a path",
    );
  }
  const name = asked ?? "/";
  const encoded = encodeURI(name).replace(/[?#]/g, encodeURIComponent);
  return { path: name as VariableValue, uri: joined(encoded, query), query: query ?? "" };
}

function givenTarget(given: string, query: string | undefined) {
  const path = given.startsWith("/") ? given : `/${given}`;
  const mark = path.indexOf("?");
  if (mark >= 0 && query !== undefined) {
    throw badInput("--path has a query, and --query gives another", "give one of them");
  }
  const name = mark < 0 ? path : path.slice(0, mark);
  return {
    path: textIfUtf8(decodePath(name)),
    uri: joined(path, query),
    query: query ?? (mark < 0 ? "" : path.slice(mark + 1)),
  };
}

function joined(path: string, query: string | undefined): string {
  return query === undefined ? path : `${path}?${query}`;
}

/** The folder that SCRIPT_NAME is looked up in, or the folder of the script. */
function documentRoot(script: string | undefined, path: VariableValue): string {
  if (script === undefined) return "/";
  const isBelow = typeof path === "string" && script.endsWith(path);
  return (isBelow ? script.slice(0, -path.length) : dirname(script)) || "/";
}

/** The variables of headers. Several headers of one name become one variable, joined as in HTTP. */
function headerVariables(headers: GivenRequest["headers"]): Map<string, string> {
  const variables = new Map<string, string>();
  const spellings = new Map<string, string>();
  for (const [name, value] of headers) {
    if (!isToken(name)) {
      throw badInput(`"${name}" is not a header name`, "write it as in -H 'Accept: */*'");
    }
    const variable = variableOfHeader(name);
    const spelling = spellings.get(variable) ?? name;
    if (spelling.toLowerCase() !== name.toLowerCase()) {
      throw badInput(
        `the headers ${spelling} and ${name} would both become ${variable}`,
        "send one of them; --param can send a variable twice",
      );
    }
    spellings.set(variable, name);
    const before = variables.get(variable);
    const separator = variable === "HTTP_COOKIE" ? "; " : ", ";
    variables.set(variable, before === undefined ? value : `${before}${separator}${value}`);
  }
  return variables;
}

function variableOfHeader(name: string): string {
  const variable = name.toUpperCase().replace(/[^A-Z0-9]/g, "_");
  return /^CONTENT-(TYPE|LENGTH)$/i.test(name) ? variable : `HTTP_${variable}`;
}

function badInput(message: string, hint: string): GatewayError {
  return new GatewayError(ErrorCode.BadInput, message, { hint });
}
