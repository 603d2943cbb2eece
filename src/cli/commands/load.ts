import { type Command, Option } from "commander";
import { type Address, Protocol } from "../../address.js";
import { noBytes } from "../../bytes.js";
import { withGiven } from "../../cgi/variables-from-request.js";
import { targetAddress } from "../../client/connect.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { PoolWatch } from "../../load/pool-watch.js";
import { type LoadResult, MAX_CONCURRENCY, runLoad } from "../../load/run-load.js";
import { visible } from "../../terminal/text.js";
import { ExitCode, exitCodeOf, exitStatusHelp } from "../exit-codes.js";
import type { Io } from "../io.js";
import { formatOption, repeatable } from "../options.js";
import { parseDuration, parseHeader, parseParam, parseWholeNumber } from "../parse-values.js";
import { reportErrors } from "../report-error.js";
import { loadJson, loadLines } from "../reports/load.js";
import { bodyOf } from "./request-body.js";
import { variablesOf } from "./request-variables.js";

interface LoadCommandOptions {
  script?: string;
  concurrency: number;
  duration?: number;
  requests?: number;
  rate?: number;
  keep?: true;
  method?: string;
  header?: [name: string, value: string][];
  data?: string;
  param?: [name: string, value: string][];
  path?: string;
  query?: string;
  timeout: number;
  status: string | boolean;
  format: "text" | "json";
}

/** Milliseconds that a run takes without --duration and --requests, and the longest it may take. */
const DEFAULT_DURATION = 10_000;
const MAX_DURATION = 86_400_000;
const MAX_RATE = 100_000;

const help = `
Sends the same request again and again, -c of them at once, for --duration or
until --requests are sent. Reports answers a second, how long they took, errors
by their codes, and what the status page of the pool says before, during and
after. The request is made as that of fcgi-probe request.

With --rate, requests are due at fixed times, and an answer's latency counts
from when its request was due, so that a stall of the backend shows in all
requests that had to wait; "service" counts from when it was sent. Timers have a
resolution of a millisecond.

Each request has a connection of its own unless --keep is given: then -c
connections occupy as many workers of a php-fpm pool. Ctrl-C ends the run:
requests that are open have a second to be answered.

${exitStatusHelp}
Errors and statuses of 400 or more are failures.

Examples:
  fcgi-probe load unix:/run/php/www.sock --script /var/www/index.php
  fcgi-probe load 127.0.0.1:9000 --script /var/www/index.php -c 32 -d 30s --rate 500
  fcgi-probe load unix:/run/php/www.sock --script /var/www/api.php -n 10000 \\
    --data @order.json -H 'Content-Type: application/json'
  fcgi-probe load uwsgi://127.0.0.1:3031 --path /search --query q=x
`;

export function defineLoad(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .argument("<TARGET>", "address of the application")
    .option("--script <file>", "SCRIPT_FILENAME: the path of the script for the application")
    .addOption(
      new Option("-c, --concurrency <count>", `requests at once, 1 to ${MAX_CONCURRENCY}`)
        .argParser((text) => upTo(text, MAX_CONCURRENCY))
        .default(16),
    )
    .option("-d, --duration <time>", "how long to send requests (default: 10s)", parseRunTime)
    .option("-n, --requests <count>", "how many requests to send", (text) =>
      parseWholeNumber(text, 1),
    )
    .option("--rate <count>", "requests a second (default: as fast as possible)", (text) =>
      upTo(text, MAX_RATE),
    )
    .option("--keep", "keep connections for further requests (FastCGI only)")
    .option("-X, --method <method>", "the request method (default: GET, or POST with --data)")
    .option("-H, --header <header>", "a header field; repeatable", repeatable(parseHeader))
    .option("--data <data>", "the body: text, @FILE, or @- for standard input")
    .option("--param <name=value>", "a variable; repeatable", repeatable(parseParam))
    .option("--path <path>", "the path of the URL, as a client writes it")
    .option("--query <query>", "QUERY_STRING, without a question mark")
    .addOption(
      new Option("--timeout <time>", "how long an answer may take")
        .argParser(parseDuration)
        .default(10_000, "10s"),
    )
    .option("--status <target>", "the pool's status page (default: /status of a FastCGI target)")
    .option("--no-status", "do not read the pool's status page")
    .addOption(formatOption(["text", "json"]).default("text"))
    .addHelpText("after", help)
    .action(async (target: string, options: LoadCommandOptions) => {
      finish(await reportErrors(io, () => runLoadCommand(target, options, io), target));
    });
}

async function runLoadCommand(
  target: string,
  options: LoadCommandOptions,
  io: Io,
): Promise<ExitCode> {
  const address = targetAddress(target);
  const { requests, rate, concurrency, timeout, keep = false } = options;
  const body = await bodyBytes(options.data, io);
  const given = {
    ...options,
    method: options.method ?? (body === undefined ? "GET" : "POST"),
    headers: options.header ?? [],
    bodyLength: body?.length,
  };
  const variables = withGiven(variablesOf(address, given), options.param ?? []);
  const isTimed = requests === undefined;
  const duration = options.duration ?? (isTimed ? DEFAULT_DURATION : MAX_DURATION);
  const watch = poolWatch(address, options);
  await watch?.start(io.signal);
  let result: LoadResult;
  try {
    result = await runLoad(target, {
      variables,
      body: body ?? noBytes,
      keep,
      concurrency,
      timeout,
      requests,
      duration,
      rate,
      signal: io.signal,
    });
  } catch (error) {
    await watch?.finish(true);
    throw error;
  }
  const pool = await watch?.finish(io.signal.aborted);
  await io.stdout.writeLines(
    options.format === "json"
      ? [JSON.stringify(loadJson(result, pool), undefined, 2)]
      : [
          io.stdout.style.heading(`${visible(target)}, ${concurrency} at once`),
          ...loadLines(result, pool, io.stdout.style),
        ],
  );
  return exitCode(result);
}

/** @throws GatewayError `limit_exceeded` for a body that is not kept in memory */
async function bodyBytes(data: string | undefined, io: Io): Promise<Uint8Array | undefined> {
  if (data === undefined) return undefined;
  const { content, length } = await bodyOf(data, io);
  if (content instanceof Uint8Array) return content;
  throw new GatewayError(ErrorCode.LimitExceeded, `the body has ${length} bytes`, {
    hint: "a body that is sent many times may have up to 1 MiB",
  });
}

/** Only php-fpm has the page, and it speaks FastCGI. */
function poolWatch(address: Address, { status }: LoadCommandOptions): PoolWatch | undefined {
  if (status === false) return undefined;
  if (typeof status === "string") return new PoolWatch(status, address.endpoint);
  if (address.protocol !== Protocol.FastCgi) return undefined;
  return new PoolWatch(address.text, address.endpoint);
}

function exitCode({ tally }: LoadResult): ExitCode {
  const codes = [...tally.errors.keys()].map(exitCodeOf);
  const isConnected = tally.answers > 0 || codes.includes(ExitCode.Failed);
  if (!isConnected && codes.length > 0) return ExitCode.NotConnected;
  const isBad = (status: number) => status === 0 || status >= 400;
  const failed = codes.length > 0 || [...tally.statuses.keys()].some(isBad);
  return failed ? ExitCode.Failed : ExitCode.Fine;
}

function parseRunTime(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds <= MAX_DURATION) return milliseconds;
  throw new GatewayError(ErrorCode.BadInput, `"${text}" is longer than a day`, {
    hint: "write a time such as 10s, 5m or 1h",
  });
}

function upTo(text: string, most: number): number {
  const value = parseWholeNumber(text, 1);
  if (value <= most) return value;
  throw new GatewayError(ErrorCode.BadInput, `"${text}" is more than ${most}`, {
    hint: `write a number from 1 to ${most}`,
  });
}
