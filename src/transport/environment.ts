import { readFileSync } from "node:fs";
import { latin1, utf8 } from "../bytes.js";
import type { Variable, Variables } from "../cgi/variables.js";
import { ErrorCode, GatewayError } from "../errors.js";

/** An environment as Node has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable that a client sets by a `Proxy` header, and programs take for a setting (httpoxy). */
export const CLIENT_PROXY = "HTTP_PROXY";

/**
 * The variables that a CGI program is started with, without HTTP_PROXY. Node reads them as UTF-8:
 * where that loses bytes of this process's own environment, Linux is asked for them.
 */
export function environmentVariables(environment: Environment = process.env): Variable[] {
  const variables: Variable[] = [];
  let raw: ReadonlyMap<string, Uint8Array> | undefined;
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || name === "" || name === CLIENT_PROXY) continue;
    const isLossy = environment === process.env && value.includes("\ufffd");
    if (isLossy) raw ??= rawEnvironment();
    const bytes = isLossy ? raw?.get(name) : undefined;
    variables.push([name, bytes !== undefined && utf8(bytes) === value ? bytes : value]);
  }
  return variables;
}

/** The meta-variables of RFC 3875 §4.1. */
const metaVariables = [
  ...["AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE", "GATEWAY_INTERFACE", "PATH_INFO"],
  ...["PATH_TRANSLATED", "QUERY_STRING", "REMOTE_ADDR", "REMOTE_HOST", "REMOTE_IDENT"],
  ...["REMOTE_USER", "REQUEST_METHOD", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT"],
  ...["SERVER_PROTOCOL", "SERVER_SOFTWARE"],
];

/** What web servers add of a request: its URL as it came, and the file that PHP is to run. */
const usualVariables = [
  ...["REQUEST_URI", "REQUEST_SCHEME", "HTTPS", "REMOTE_PORT", "SERVER_ADDR"],
  ...["SCRIPT_FILENAME", "DOCUMENT_ROOT", "DOCUMENT_URI"],
  ...["REDIRECT_STATUS", "REDIRECT_URL", "REDIRECT_QUERY_STRING", "REDIRECT_SCRIPT_NAME"],
];

const requestNames: ReadonlySet<string> = new Set([...metaVariables, ...usualVariables]);

/**
 * What of an environment is about the request: the meta-variables of RFC 3875, what web servers add
 * to them, headers, and the variables that are named. The rest is the program's own, passwords
 * among it.
 *
 * @throws GatewayError `bad_input` when HTTP_PROXY is named, or what can be no variable's name
 */
export function requestVariablesFromEnvironment(
  environment: Environment | undefined,
  named: readonly string[],
): Variable[] {
  for (const name of named) {
    if (name !== "" && !name.includes("=") && name !== CLIENT_PROXY) continue;
    const why = name === CLIENT_PROXY ? "is set by clients, and not forwarded" : "is no name";
    throw new GatewayError(ErrorCode.BadInput, `the variable ${JSON.stringify(name)} ${why}`, {
      hint: "name a variable of this program's environment, as in APP_ENV",
    });
  }
  const wanted = new Set(named);
  return environmentVariables(environment).filter(
    ([name]) => requestNames.has(name) || name.startsWith("HTTP_") || wanted.has(name),
  );
}

/** Whether a front end hands on a chunked upload without a length: up to the end of the input. */
export function hasChunkedBody(variables: Variables): boolean {
  return /chunked/i.test(variables.get("HTTP_TRANSFER_ENCODING") ?? "");
}

/**
 * Takes HTTP_PROXY out of this process's environment: in a CGI program it is what a client wrote.
 *
 * @throws GatewayError `bad_input` when Node has taken it for its own proxy already
 */
export function dropClientProxy(): void {
  const { env, execArgv } = process;
  if (env[CLIENT_PROXY] === undefined) return;
  delete env[CLIENT_PROXY];
  const options = [env["NODE_OPTIONS"] ?? "", ...execArgv].join(" ");
  const isUsed = env["NODE_USE_ENV_PROXY"] === "1" || options.includes("--use-env-proxy");
  if (!isUsed || env["http_proxy"]) return;
  throw new GatewayError(
    ErrorCode.BadInput,
    "HTTP_PROXY, which a client can set by a Proxy header, steers this program's own requests",
    { hint: "name the proxy by http_proxy, or unset NODE_USE_ENV_PROXY" },
  );
}

function rawEnvironment(): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  let bytes: Uint8Array;
  try {
    bytes = readFileSync("/proc/self/environ");
  } catch {
    return found;
  }
  for (let start = 0; start < bytes.length; ) {
    const nul = bytes.indexOf(0, start);
    const end = nul < 0 ? bytes.length : nul;
    const equals = bytes.indexOf(0x3d, start);
    if (equals > start && equals < end) {
      found.set(latin1(bytes, start, equals), bytes.subarray(equals + 1, end));
    }
    start = end + 1;
  }
  return found;
}
