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
import { type ExitCode, exitStatusHelp } from "../exit-codes.js";
import type { Io } from "../io.js";
import { repeatable, timeoutOption, timeoutOr } from "../options.js";
import { parseByteSize, parseHeader, parseParam } from "../parse-values.js";
import { reportErrors } from "../report-error.js";
import { ErrorLines, explainLimit, showResponse } from "./request-answer.js";
import { bodyOf, fileBody } from "./request-body.js";
import { variablesOf } from "./request-variables.js";

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
Writes the body of the response to standard output as it arrives, and the error
stream of the application to standard error. -v also writes the records on the
wire to standard error: "> " marks what was sent, "< " what was received.

The path of the URL is --path, or else the name of the script, or else the path
of the address. It becomes SCRIPT_NAME (PATH_INFO with SCGI and uwsgi), and
without --script also SCRIPT_FILENAME. Write --path as a client does:
REQUEST_URI gets it unchanged, the other variables get it percent-decoded. -d
makes the method POST and the Content-Type that of a form, unless -X and -H set
them.

The application gets the variables of RFC 3875, and those that front ends add:
REQUEST_URI, DOCUMENT_ROOT, REMOTE_ADDR, SERVER_ADDR and others. --param
replaces any of these variables, or adds one.

${exitStatusHelp}
A response status of 400 or more is a failure, and so is an appStatus other
than 0.

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
    .option("--script <file>", "SCRIPT_FILENAME: the path of the script for the application")
    .option("-X, --method <method>", "the request method (default: GET, or POST with -d)")
    .option(
      "-H, --header <header>",
      "a header field, 'Name: value'; repeatable",
      repeatable(parseHeader),
    )
    .option("-d, --data <data>", "the body: text, @FILE, or @- for standard input")
    .option("--param <name=value>", "a variable; repeatable", repeatable(parseParam))
    .option("-i, --include", "also print the head of the response, as received")
    .addOption(
      new Option("--role <role>", "the FastCGI role")
        .choices(Object.keys(roles))
        .default("responder"),
    )
    .option("--data-file <file>", "the file for a filter to process (with --role filter)")
    .option("--path <path>", "the path of the URL, as a client writes it")
    .option("--query <query>", "QUERY_STRING, without a question mark")
    .option("--max-head <size>", "the longest head to accept (default: 64k)", parseByteSize)
    .addOption(timeoutOption("request"))
    .option("-v, --verbose", "print the records on the wire to standard error")
    .addHelpText("after", help)
    .showHelpAfterError(
      "hint: --path gives the path of the URL, and --script the script; see fcgi-probe request --help",
    )
    .action(async (target: string, options: RequestCommandOptions) => {
      finish(await runRequest(target, options, io));
    });
}

async function runRequest(
  target: string,
  options: RequestCommandOptions,
  io: Io,
): Promise<ExitCode> {
  const errors = new ErrorLines(io);
  const work = async (): Promise<ExitCode> => {
    try {
      const response = await send(targetAddress(target), options, errors, io);
      return await showResponse(response, target, errors, io);
    } finally {
      await errors.end();
    }
  };
  return reportErrors(io, work, target);
}

async function send(
  address: Address,
  options: RequestCommandOptions,
  errors: ErrorLines,
  io: Io,
): Promise<GatewayResponse> {
  const { data, dataFile, timeout, maxHead = defaultLimits.responseHead } = options;
  checkEncoding(options);
  const body = data === undefined ? undefined : await bodyOf(data, io);
  const method = options.method ?? (body === undefined ? "GET" : "POST");
  const made = variablesOf(address, {
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
      timeout: timeoutOr(timeout, "request"),
      connectTimeout: timeout,
      signal: io.signal,
      limits: {
        variables: MAX_ENVIRONMENT,
        responseHead: maxHead,
        // A field has at least four bytes, so the size limits the count too.
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

/** Refuses arguments that are not UTF-8. Node has replaced their bytes, so others would be sent. */
function checkEncoding({ path, query, data, header = [], param = [] }: RequestCommandOptions) {
  const texts = [path, query, data, ...header.flat(), ...param.flat()];
  const broken = texts.find((text) => text?.includes("\ufffd"));
  if (broken === undefined) return;
  throw new GatewayError(ErrorCode.BadInput, `"${broken}" has bytes that are not UTF-8`, {
    hint: "percent-encode them in a path or a query, and send a body with -d @FILE",
  });
}
