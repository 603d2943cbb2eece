import { readFileSync } from "node:fs";
import { latin1, utf8 } from "../bytes.js";
import type { Variable, Variables } from "../cgi/variables.js";
import { ErrorCode, GatewayError } from "../errors.js";

/** An environment, in the form of Node's `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variable of a client's `Proxy` header, which programs take for a setting (httpoxy). */
export const CLIENT_PROXY = "HTTP_PROXY";

/**
 * All variables of an environment but HTTP_PROXY. Node decodes its own environment as UTF-8; where
 * that loses bytes, they are read from Linux's /proc/self/environ.
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

/** Variables that web servers add, such as the undecoded URL and the file that PHP runs. */
const usualVariables = [
  ...["REQUEST_URI", "REQUEST_SCHEME", "HTTPS", "REMOTE_PORT", "SERVER_ADDR"],
  ...["SCRIPT_FILENAME", "DOCUMENT_ROOT", "DOCUMENT_URI"],
  ...["REDIRECT_STATUS", "REDIRECT_URL", "REDIRECT_QUERY_STRING", "REDIRECT_SCRIPT_NAME"],
];

const requestNames: ReadonlySet<string> = new Set([...metaVariables, ...usualVariables]);

/**
 * The variables of an environment that describe a request: the meta-variables of RFC 3875, those that
 * web servers add, headers, and the ones in `named`. The other variables are the program's own, and
 * may hold passwords.
 *
 * @param environment default: this process's
 * @throws GatewayError `bad_input` for HTTP_PROXY and for an invalid name in `named`
 */
export function requestVariablesFromEnvironment(
  environment: Environment | undefined,
  named: readonly string[],
): Variable[] {
  for (const name of named) {
    if (name !== "" && !name.includes("=") && name !== CLIENT_PROXY) continue;
    const why =
      name === CLIENT_PROXY
        ? "is set by clients, and is not forwarded"
        : "is not one that an environment can hold";
    throw new GatewayError(ErrorCode.BadInput, `the variable ${JSON.stringify(name)} ${why}`, {
      hint: "name a variable of this program's environment, as in APP_ENV",
    });
  }
  const wanted = new Set(named);
  return environmentVariables(environment).filter(
    ([name]) => requestNames.has(name) || name.startsWith("HTTP_") || wanted.has(name),
  );
}

/** Whether a front end passes on a chunked upload without a length: the body ends with the input. */
export function hasChunkedBody(variables: Variables): boolean {
  return /chunked/i.test(variables.get("HTTP_TRANSFER_ENCODING") ?? "");
}

/**
 * Removes HTTP_PROXY from this process's environment: in a CGI program, a client has set it.
 *
 * @throws GatewayError `bad_input` when Node already uses it as its own proxy
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
    "HTTP_PROXY, which a client can set by a Proxy header, would be this program's own proxy",
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
