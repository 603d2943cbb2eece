import { type Command, Option } from "commander";
import { ProcFileSystem } from "../../../apache/processes/process-table.js";
import { addDefine, discoverLocalHttpd } from "../../../discovery/discover-httpd.js";
import { ExitCode } from "../../exit-codes.js";
import type { Io } from "../../io.js";
import { parseDuration } from "../../parse-values.js";
import {
  readStatusRound,
  type StatusFormat,
  statusFormats,
} from "../../reports/apache/status-round.js";
import { addPageOptions, type PageOptions, requestOf } from "./options.js";

interface StatusCommandOptions extends PageOptions {
  config?: string;
  define?: readonly string[];
  format?: StatusFormat;
  timeout?: number;
  watch?: number;
}

const help = `
Formats:
  table       the numbers of the server, and a map of its slots: a letter each,
              coloured by what it does, with a legend
  text        the page exactly as the server sent it; of several servers, each
              behind its URL
  json        an array with an object per server
  prometheus  metrics as apache_exporter names them; of several servers each
              has the label scrape_uri
The default is table on a terminal and for several URLs, and text for one URL
in a pipe.

Without a URL, httpd's configuration on this machine says where its page is.
The URL may be that of either page, with ?auto or without, and may have a name
and a password in it. A redirect to another server is followed, and said.
No proxy is used. --watch ends with q or Ctrl-C.

Exit status: 0 fine, 1 could not connect, 2 connected and failed, or bad input;
of several servers the worst.

Examples:
  fcgi-probe apache status
  fcgi-probe apache status --watch 10s http://127.0.0.1/server-status
  fcgi-probe apache status --format json http://web{1,2}/server-status
  fcgi-probe apache status --host www.example.com https://127.0.0.1/server-status
`;

export function defineStatus(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  addPageOptions(command.argument("[URL...]", "status pages"))
    .addOption(new Option("--format <form>", "how to show it").choices(statusFormats))
    .option("--config <file>", "httpd's configuration, where no URL is given")
    .option("--define <name>", "a name it was started with (-D); again for more", addDefine)
    .option("--timeout <time>", "until a page must be here (default: 5s)", parseDuration)
    .option("--watch <time>", "read it again and again, this often", parseDuration)
    .addHelpText("after", help)
    .action(async (urls: string[], options: StatusCommandOptions) => {
      finish(await runStatus(urls, options, io));
    });
}

async function runStatus(
  given: readonly string[],
  { config, define, format, timeout, watch: interval, ...page }: StatusCommandOptions,
  io: Io,
): Promise<ExitCode> {
  const found =
    given.length > 0 ? undefined : discoverLocalHttpd({ config, define }, new ProcFileSystem());
  const urls = found === undefined ? given : [found.statusUrl];
  const request = requestOf(page);
  const isTable = io.stdout.isTerminal || urls.length > 1;
  const options = {
    format: format ?? (isTable ? "table" : "text"),
    timeout,
    request: { ...request, host: request.host ?? found?.statusHost },
  };
  const round = () => readStatusRound(urls, options, io);
  if (interval !== undefined) {
    const { watch } = await import("../../reports/watch.js");
    return watch(round, interval, io, "fcgi-probe apache status");
  }
  const { render, problems, exitCode } = await round();
  if (io.signal.aborted) return ExitCode.Interrupted;
  await io.stdout.write(render());
  await io.stderr.writeLines(problems);
  return exitCode;
}
