import { type Command, Option } from "commander";
import type { Address } from "../../address.js";
import { withGiven } from "../../cgi/variables-from-request.js";
import { targetAddress } from "../../client/connect.js";
import { gatewaySend } from "../../client/fetch.js";
import type { GatewayResponse } from "../../client/response-receiver.js";
import { filterVariables } from "../../client/send-request.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { Role } from "../../fastcgi/protocol.js";
import { defaultLimits, MAX_ENVIRONMENT } from "../../limits.js";
import { tracer } from "../decode/trace.js";
import { ErrorLines } from "../error-lines.js";
import { ExitCode, exitCodeOf } from "../exit-codes.js";
import type { Io } from "../io.js";
import { parseDuration, parseHeader, parseParam, parseSize } from "../parse-values.js";
import { errorLines } from "../report-error.js";
import { visible } from "../terminal/text.js";
import { fileBody, requestBody } from "./request-body.js";
import { requestVariables } from "./request-variables.js";

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
  maxHead?: number;
  timeout?: number;
  verbose?: true;
}

const help = `
The body goes to standard output as it comes, what the application writes to
its error stream to standard error. -v writes the records both ways to standard
error, "> " in front of what was sent and "< " of what was received.

The path of the URL is --path, or the name of the script, or that of the
address; it becomes SCRIPT_NAME (of SCGI and uwsgi PATH_INFO), and without
--script also SCRIPT_FILENAME. --path is the path as a client writes it: it goes
into REQUEST_URI as it is, and percent-decoded into the others. -d makes the
method POST and the type a form's, unless said otherwise.

Besides the variables of RFC 3875, what front ends send is sent: REQUEST_URI,
DOCUMENT_ROOT, REMOTE_ADDR, SERVER_ADDR and the like. --param replaces any
variable that is made of the request, or adds one.

Exit status: 0 fine, 1 could not connect, 2 connected and failed, a status of
400 or more, an application that reports a failure (appStatus), or bad input.

Examples:
  fcgi-probe request unix:/run/php/www.sock --script /var/www/index.php -i
  fcgi-probe request 127.0.0.1:9000 --script /var/www/form.php -d 'name=value'
  fcgi-probe request 127.0.0.1:9000 --script /var/www/put.php -X PUT \\
    -d @photo.jpg -H 'Content-Type: image/jpeg'
  fcgi-probe request unix:/run/php/www.sock:/status --query full -v
  fcgi-probe request scgi://127.0.0.1:4000 --path '/search?q=%20' -H 'Host: a.test'
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
    .option("-i, --include", "the response's head as it came, in front of its body")
    .addOption(
      new Option("--role <role>", "the FastCGI role")
        .choices(Object.keys(roles))
        .default("responder"),
    )
    .option("--data-file <file>", "the file that a filter filters")
    .option("--path <path>", "the path of the URL, as a client would write it")
    .option("--query <query>", "QUERY_STRING, without a question mark")
    .option("--max-head <size>", "the longest head of a response (default: 64k)", parseSize)
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
  const errors = new ErrorLines(io);
  try {
    const response = await send(targetAddress(target), options, errors, io);
    return await showResponse(response, target, errors, io);
  } catch (error) {
    await errors.end();
    if (io.signal.aborted) return ExitCode.Interrupted;
    if (!(error instanceof GatewayError)) throw error;
    await io.stderr.writeLines(errorLines(error.with({ address: target }), io.stderr.style));
    return exitCodeOf(error.code);
  }
}

async function send(
  address: Address,
  options: RequestCommandOptions,
  errors: ErrorLines,
  io: Io,
): Promise<GatewayResponse> {
  const { data, dataFile, timeout, maxHead = defaultLimits.responseHead } = options;
  checkEncoding(options);
  const body = data === undefined ? undefined : await requestBody(data, io);
  const method = options.method ?? (body === undefined ? "GET" : "POST");
  const made = requestVariables(address, {
    ...options,
    method,
    headers: options.header ?? [],
    bodyLength: body?.length,
  });
  const file = dataFile === undefined ? undefined : await fileBody(dataFile, io.signal);
  const filtered = file && { ...file, lastModified: file.stats.mtime };
  const variables = withGiven([...made, ...filterVariables(filtered)], options.param ?? []);
  const { content, length } = body ?? { content: undefined, length: undefined };
  const response = gatewaySend(
    address,
    { method, variables, body: { content, length } },
    {
      role: roles[options.role],
      data: filtered,
      timeout,
      connectTimeout: timeout,
      signal: io.signal,
      limits: {
        variables: MAX_ENVIRONMENT,
        responseHead: maxHead,
        // A field takes four bytes at least: the size bounds them.
        headerCount: Math.ceil(maxHead / 4),
        responseBody: Number.MAX_SAFE_INTEGER,
        records: Number.MAX_SAFE_INTEGER,
        stderr: Number.MAX_SAFE_INTEGER,
      },
      onHead: (bytes) => options.include && void io.stdout.write(bytes),
      onStderr: (bytes) => errors.push(bytes),
      trace: options.verbose && tracer(address.protocol, io.stderr),
    },
  );
  return response.catch(explainLimit);
}

/** The one limit with an offset in the answer is that of its head. */
function explainLimit(error: unknown): never {
  if (!(error instanceof GatewayError) || error.code !== ErrorCode.LimitExceeded) throw error;
  const { code, message, offset, address, stderr } = error;
  if (offset === undefined) throw error;
  const hint = "if the application means to send it, allow more by --max-head";
  throw new GatewayError(code, message, { hint, offset, address, stderr, cause: error });
}

/** Node reads arguments as UTF-8, and makes U+FFFD of all else: other bytes would be sent. */
function checkEncoding({ path, query, data, header = [], param = [] }: RequestCommandOptions) {
  const texts = [path, query, data, ...header.flat(), ...param.flat()];
  const broken = texts.find((text) => text?.includes("\ufffd"));
  if (broken === undefined) return;
  throw new GatewayError(ErrorCode.BadInput, `"${broken}" has bytes that are not UTF-8`, {
    hint: "percent-encode them in a path or a query, and give a body by -d @FILE",
  });
}

async function showResponse(
  response: GatewayResponse,
  target: string,
  errors: ErrorLines,
  io: Io,
): Promise<ExitCode> {
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += piece.length;
    await io.stdout.write(piece);
  }
  const { appStatus } = await response.ended;
  await errors.end();
  const problems: string[] = [];
  if (response.status >= 400) {
    problems.push(`the application answered ${response.status} ${response.statusText}`.trimEnd());
  }
  if (appStatus !== 0) problems.push(`the application reported the status ${appStatus}`);
  const lines = [...problems, ...lengthWarning(response, length)];
  if (lines.length > 0 && io.stderr.isTerminal) await io.stdout.endLine();
  const name = `${io.stderr.style.bad("fcgi-probe:")} ${visible(target)}:`;
  await io.stderr.writeLines(lines.map((text) => `${name} ${visible(text)}`));
  await io.stderr.endLine();
  return problems.length > 0 ? ExitCode.Failed : ExitCode.Fine;
}

/** FastCGI marks the end of an answer: one with another length is whole, and yet not as it says. */
function lengthWarning({ body, headers }: GatewayResponse, length: number): string[] {
  const promised = headers.get("content-length");
  if (body === null || promised === null || Number(promised) === length) return [];
  return [`warning: the body has ${length} bytes, and its Content-Length is ${promised}`];
}
