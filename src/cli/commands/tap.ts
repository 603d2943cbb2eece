import { once } from "node:events";
import { type Command, Option } from "commander";
import { ConnectionsDescriber } from "../../describe/connections.js";
import { CaptureFile } from "../../tap/capture-file.js";
import { filterFields, parseFilter, type RequestFilter } from "../../tap/request-filter.js";
import { ScriptTable } from "../../tap/script-table.js";
import { startTap, type Tap, tappedProtocol } from "../../tap/tap.js";
import type { TapHandlers } from "../../tap/tapped-connection.js";
import { visible } from "../../terminal/text.js";
import { counted } from "../../terminal/units.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { repeatable } from "../options.js";
import { parseDuration, parseWholeNumber } from "../parse-values.js";
import { reportErrors } from "../report-error.js";
import { requestTitles, scriptLines } from "../reports/tap.js";
import { TapOutput } from "../reports/tap-output.js";

interface TapCommandOptions {
  listen: string;
  to: string;
  socketMode?: string;
  maxConnections: number;
  drain: number;
  slow?: number;
  filter?: RequestFilter[];
  save?: string;
  verbose?: true;
}

/** How many bytes of a content --verbose shows. */
const SHOWN = 64;

const help = `
Passes every byte on unchanged, and writes a line for each request as it ends:
when it began, its status, the time to the first byte of the response and in
all, the bytes of the response, method, URI and script. The application's error
stream follows, if it wrote to it. A table by script ends the output. A reader
of the output that is slow, or leaves, costs lines and no requests.

Point the front end to --listen, for example in nginx: fastcgi_pass
unix:/run/tap.sock. The protocol is that of --to: FastCGI, or SCGI and uwsgi
with scgi:// and uwsgi:// before the address.

--filter shows only requests for which a condition holds, and several only those
for which all hold: FIELD, = != < <= > or >=, and VALUE. The fields are
${wrapped(filterFields)}.
Times are in milliseconds, and * in a text stands for any characters. The table
counts all requests.

-v also shows the records as they pass: "#3 > " marks what the front end sent on
connection 3, "#3 < " what the backend sent. --save writes all bytes to a new
file, which fcgi-probe decode reads. Both may show passwords and cookies.

The unix socket takes owner, group and mode of that of --to, if this user may
give them and --socket-mode is not given; else a line says who may connect.

Ctrl-C, TERM and HUP stop accepting and remove the socket. Requests that are
open may end within --drain; a second signal ends them at once.

Exit status: 2 could not start, or bad input; 130 ended by Ctrl-C, 143 by TERM.

Examples:
  fcgi-probe tap --listen unix:/run/tap.sock --to unix:/run/php/www.sock
  fcgi-probe tap --listen 127.0.0.1:9001 --to 127.0.0.1:9000 --slow 500ms
  fcgi-probe tap --listen unix:/run/tap.sock --to uwsgi:///run/app.sock
`;

export function defineTap(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .requiredOption("--listen <address>", "where the front end connects to")
    .requiredOption("--to <address>", "the address of the backend")
    .option("--socket-mode <mode>", "the mode of the unix socket (default: that of --to)")
    .addOption(
      new Option("--max-connections <count>", "connections at a time; further ones wait")
        .argParser((text) => parseWholeNumber(text, 1))
        .default(1_024),
    )
    .option(
      "--filter <condition>",
      "show only requests for which it holds; repeatable",
      repeatable(parseFilter),
    )
    .option("--slow <time>", "show only requests that take at least this long", parseDuration)
    .option("--save <file>", "save all bytes to a new file, for fcgi-probe decode")
    .option("-v, --verbose", "show the records as they pass")
    .addOption(
      new Option("--drain <time>", "how long open requests may take after a signal")
        .argParser(parseDuration)
        .default(10_000, "10s"),
    )
    .addHelpText("after", help)
    .action(async (options: TapCommandOptions) => {
      finish(await reportErrors(io, () => runTap(options, io)));
    });
}

async function runTap(options: TapCommandOptions, io: Io): Promise<ExitCode> {
  const { slow = 0, filter = [] } = options;
  const output = new TapOutput(io);
  const scripts = new ScriptTable();
  const protocol = tappedProtocol(options.to);
  const note = (text: string): void => output.note(text);
  const save =
    options.save === undefined ? undefined : new CaptureFile(options.save, protocol, note);
  const records = options.verbose && new ConnectionsDescriber(protocol, SHOWN);
  try {
    const tap = await startTap(
      {
        listen: options.listen,
        to: options.to,
        socketMode: options.socketMode,
        connections: options.maxConnections,
      },
      {
        note,
        request: (request) => {
          scripts.add(request);
          const isShown = request.elapsed >= slow && filter.every((holds) => holds(request));
          if (isShown) output.request(request);
        },
        ...watchBytes(save, records, output),
      },
    ).catch(async (error: unknown) => {
      await save?.remove();
      throw error;
    });
    await untilEnded(tap, options, output, io);
  } finally {
    const summaries = scripts.summaries();
    output.end(summaries.length > 0 ? ["", ...scriptLines(summaries, io.stdout)] : []);
    await save?.close();
  }
  return ExitCode.Interrupted;
}

/** What ends the wait for open requests, after the one that has ended the command. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Waits for the end of the command, and then for the requests that are open. */
async function untilEnded(
  tap: Tap,
  { to, drain }: TapCommandOptions,
  output: TapOutput,
  { stdout, signal }: Io,
): Promise<void> {
  output.begin(`tapping ${visible(tap.address)} -> ${visible(to)}`);
  output.lines([stdout.style.heading(requestTitles)]);
  if (!signal.aborted) await once(signal, "abort");
  if (tap.requests > 0) {
    output.note(`waiting for ${counted(tap.requests, "request", "requests")} to end`);
  }
  const hurry = (): void => void tap.stop(0);
  for (const name of signals) process.once(name, hurry);
  await tap.stop(drain);
  for (const name of signals) process.off(name, hurry);
}

/** Whoever wants the bytes: without any, the tap passes them to no one. */
function watchBytes(
  save: CaptureFile | undefined,
  records: ConnectionsDescriber | undefined,
  output: TapOutput,
): Pick<TapHandlers, "bytes" | "closed"> {
  if (save === undefined && records === undefined) return {};
  return {
    bytes: (connection, side, bytes) => {
      save?.bytes(connection, side, bytes);
      if (records !== undefined) output.lines(records.take(connection, side, bytes));
    },
    closed: (connection) => {
      save?.closed(connection);
      if (records !== undefined) output.lines(records.closed(connection));
    },
  };
}

function wrapped(names: readonly string[]): string {
  const half = Math.ceil(names.length / 2);
  return `${names.slice(0, half).join(", ")},\n${names.slice(half).join(", ")}`;
}
