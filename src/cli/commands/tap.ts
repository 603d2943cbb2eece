import { once } from "node:events";
import { type Command, Option } from "commander";
import { ScriptTable } from "../../tap/script-table.js";
import { startTap } from "../../tap/tap.js";
import { visible } from "../../terminal/text.js";
import { counted } from "../../terminal/units.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { parseDuration, parseWholeNumber } from "../parse-values.js";
import { reportErrors, warningLine } from "../report-error.js";
import { requestTitles, scriptLines } from "../reports/tap.js";
import { TapOutput } from "../reports/tap-output.js";

interface TapCommandOptions {
  listen: string;
  to: string;
  socketMode?: string;
  maxConnections: number;
  drain: number;
  slow?: number;
}

const help = `
Passes every byte on unchanged, and writes a line for each request as it ends:
when it began, its status, the time to the first byte of the response and in
all, the bytes of the response, method, URI and script. The application's error
stream follows, if it wrote to it. A table by script ends the output.

Point the front end to --listen, for example in nginx: fastcgi_pass
unix:/run/tap.sock. The protocol is that of --to: FastCGI, or SCGI and uwsgi
with scgi:// and uwsgi:// before the address.

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
    .option("--socket-mode <mode>", "the mode of the unix socket (default: by the umask)")
    .addOption(
      new Option("--max-connections <count>", "connections at a time; further ones wait")
        .argParser((text) => parseWholeNumber(text, 1))
        .default(1_024),
    )
    .option("--slow <time>", "show only requests that take at least this long", parseDuration)
    .addOption(
      new Option("--drain <time>", "how long open requests may take after a signal (default: 10s)")
        .argParser(parseDuration)
        .default(10_000, "10s"),
    )
    .addHelpText("after", help)
    .action(async (options: TapCommandOptions) => {
      finish(await reportErrors(io, () => runTap(options, io)));
    });
}

async function runTap(options: TapCommandOptions, io: Io): Promise<ExitCode> {
  const { slow = 0 } = options;
  const output = new TapOutput(io);
  const scripts = new ScriptTable();
  const tap = await startTap(
    {
      listen: options.listen,
      to: options.to,
      socketMode: options.socketMode,
      connections: options.maxConnections,
    },
    {
      request: (request) => {
        scripts.add(request);
        if (request.elapsed >= slow) output.request(request);
      },
      note: (text) => output.note(text),
    },
  );
  const { stderr, stdout, signal } = io;
  await stderr.writeLines([`tapping ${visible(tap.address)} -> ${visible(options.to)}`]);
  await stdout.writeLines([stdout.style.heading(requestTitles)]);
  if (!signal.aborted) await once(signal, "abort");
  if (tap.requests > 0) {
    const waiting = counted(tap.requests, "request", "requests");
    await stderr.writeLines([warningLine(`waiting for ${waiting} to end`, io)]);
  }
  await tap.stop(options.drain);
  output.end();
  const summaries = scripts.summaries();
  if (summaries.length > 0) await stdout.writeLines(["", ...scriptLines(summaries, stdout)]);
  return ExitCode.Interrupted;
}
