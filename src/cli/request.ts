import { basename } from "node:path";
import { type Command, Option } from "commander";
import { latin1Bytes } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { Role } from "../fastcgi/protocol.js";
import { type Address, parseAddress } from "../gateway/connector.js";
import { type GatewayFetchOptions, gatewayFetch } from "../gateway/fetch.js";
import type { GatewayResponse } from "../gateway/gateway-response.js";
import { ExitCode, exitCodeOf } from "./exit-codes.js";
import type { Io } from "./io.js";
import { parseDuration, parseHeader, parseParam } from "./parse-values.js";
import { visible } from "./render/visible.js";
import { errorLines } from "./report-error.js";
import { openFile, requestBody } from "./request-body.js";
import { tracer } from "./trace.js";

const roles = { responder: Role.Responder, authorizer: Role.Authorizer, filter: Role.Filter };

interface RequestCommandOptions {
  script?: string;
  method?: string;
  header?: [name: string, value: string][];
  data?: string;
  param?: [name: string, value: string][];
  include?: true;
  role: keyof typeof roles;
  dataFile?: string;
  path?: string;
  query?: string;
  timeout?: number;
  verbose?: true;
}

const help = `
The body goes to standard output as it comes, what the application writes to
its error stream to standard error. -v writes the records both ways to standard
error, "> " in front of what was sent and "< " of what was received.

The path of the URL is --path, or the name of the script, or that of the
address; it becomes SCRIPT_NAME, and without --script also SCRIPT_FILENAME.
--param replaces any variable that is made of the request, or adds one. -d makes
the method POST and the type a form's, unless said otherwise.

Exit status: 0 fine, 1 could not connect, 2 connected and failed, a status of
400 or more, an application that reports a failure (appStatus), or bad input.

Examples:
  fcgi-probe request unix:/run/php/www.sock --script /var/www/index.php -i
  fcgi-probe request 127.0.0.1:9000 --script /var/www/form.php -d 'name=value'
  fcgi-probe request 127.0.0.1:9000 --script /var/www/put.php -X PUT \\
    -d @photo.jpg -H 'Content-Type: image/jpeg'
  fcgi-probe request unix:/run/php/www.sock:/status --query full -v
  fcgi-probe request 127.0.0.1:9000 --script /srv/filter --role filter \\
    --data-file page.html
`;

export function defineRequest(
  command: Command,
  io: Io,
  finish: (exitCode: ExitCode) => void,
): void {
  command
    .argument("<TARGET>", "address of the application")
    .option("--script <file>", "SCRIPT_FILENAME: the script's path as the application sees it")
    .option("-X, --method <method>", "the method (default: GET, or POST with -d)")
    .option("-H, --header <header>", "'Name: value'; again for more", collect(parseHeader))
    .option("-d, --data <data>", "the body: text, @FILE, or @- for standard input")
    .option("--param <name=value>", "a variable; again for more", collect(parseParam))
    .option("-i, --include", "the response's head in front of its body")
    .addOption(
      new Option("--role <role>", "the FastCGI role")
        .choices(Object.keys(roles))
        .default("responder"),
    )
    .option("--data-file <file>", "the file that a filter filters")
    .option("--path <path>", "the path of the URL")
    .option("--query <query>", "QUERY_STRING, without a question mark")
    .option("--timeout <time>", "until the answer must be complete (default: 30s)", parseDuration)
    .option("-v, --verbose", "the records both ways, on standard error")
    .addHelpText("after", help)
    .action(async (target: string, options: RequestCommandOptions) => {
      finish(await runRequest(target, options, io));
    });
}

/** An option that may be given several times. */
function collect<Value>(parse: (text: string) => Value) {
  return (text: string, before: readonly Value[] = []) => [...before, parse(text)];
}

async function runRequest(
  target: string,
  options: RequestCommandOptions,
  io: Io,
): Promise<ExitCode> {
  try {
    const address = parseAddress(target);
    const { request, fetchOptions } = await buildRequest(address, options, io);
    const response = await gatewayFetch(address, request, fetchOptions);
    return await showResponse(response, target, options, io);
  } catch (error) {
    if (io.signal.aborted) return ExitCode.Interrupted;
    if (!(error instanceof GatewayError)) throw error;
    await io.stderr.writeLines(errorLines(error.with({ address: target }), io.stderr.style));
    return exitCodeOf(error.code);
  }
}

async function buildRequest(address: Address, options: RequestCommandOptions, io: Io) {
  const { script, data, dataFile, timeout, header = [] } = options;
  const body = data === undefined ? undefined : await requestBody(data, io);
  const request = createRequest(urlOf(address, options), body?.content, options);
  const fetchOptions: GatewayFetchOptions = {
    role: roles[options.role],
    scriptFilename: script,
    variables: options.param,
    contentLength: body?.length,
    timeout,
    connectTimeout: timeout,
    signal: io.signal,
    oddHeaderNames: "fold",
    onStderr: (bytes) => void io.stderr.write(bytes),
  };
  if (options.verbose) fetchOptions.trace = tracer(address.protocol, io.stderr);
  if (dataFile !== undefined) {
    const { content, length, stats } = await openFile(dataFile);
    fetchOptions.data = { content, length, lastModified: stats.mtime };
  }
  if (body !== undefined && !header.some(([name]) => name.toLowerCase() === "content-type")) {
    request.headers.set("content-type", "application/x-www-form-urlencoded");
  }
  return { request, fetchOptions };
}

function urlOf({ path }: Address, options: RequestCommandOptions): string {
  const { script, query } = options;
  // A path that came with the address is a status page's, more often than not.
  const asked = options.path ?? (script === undefined ? path : `/${basename(script)}`);
  if (asked === undefined) {
    throw new GatewayError(ErrorCode.BadInput, "the request has no path and no script", {
      hint: "give --script FILE, --path PATH, or an address with a path",
    });
  }
  const slash = asked.startsWith("/") ? "" : "/";
  const search = query === undefined ? "" : `?${query}`;
  // The path is given as it is to arrive: percent and what delimits a URL's parts are encoded.
  const encoded = options.path === undefined ? encodePath(asked) : asked;
  return `http://localhost${slash}${encoded}${search}`;
}

function encodePath(path: string): string {
  return path.replace(/[%?#]/g, encodeURIComponent);
}

function createRequest(
  url: string,
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | undefined,
  { method, header = [] }: RequestCommandOptions,
): Request {
  try {
    const headers = new Headers();
    for (const [name, value] of header) headers.append(name, headerValue(value));
    const withBody = body === undefined ? {} : { body, duplex: "half" };
    return new Request(url, { method: method ?? (body ? "POST" : "GET"), headers, ...withBody });
  } catch (cause) {
    throw new GatewayError(ErrorCode.BadInput, (cause as Error).message, { cause });
  }
}

/** Headers are byte strings: what was typed travels as UTF-8. */
function headerValue(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

async function showResponse(
  response: GatewayResponse,
  target: string,
  { include }: RequestCommandOptions,
  io: Io,
): Promise<ExitCode> {
  if (include) await io.stdout.write(headText(response));
  if (response.body !== null) {
    for await (const piece of response.body) await io.stdout.write(piece);
  }
  const { appStatus } = await response.ended;
  const problems: string[] = [];
  if (response.status >= 400) {
    problems.push(`the application answered ${response.status} ${response.statusText}`.trimEnd());
  }
  if (appStatus !== 0) problems.push(`the application reported the status ${appStatus}`);
  const name = `${io.stderr.style.bad("fcgi-probe:")} ${visible(target)}:`;
  await io.stderr.writeLines(problems.map((text) => `${name} ${visible(text)}`));
  await io.stderr.endLine();
  return problems.length > 0 ? ExitCode.Failed : ExitCode.Fine;
}

/** The head as a CGI program writes it. */
function headText({ status, statusText, headers }: Response): Uint8Array {
  const fields = Array.from(headers, ([name, value]) => `${name}: ${value}\r\n`);
  return latin1Bytes(`${`Status: ${status} ${statusText}`.trimEnd()}\r\n${fields.join("")}\r\n`);
}
