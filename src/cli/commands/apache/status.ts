import type { Command } from "commander";
import {
  type FetchServerStatusOptions,
  fetchServerStatusPage,
} from "../../../apache/fetch/fetch-status.js";
import { ledElsewhere, StatusSource } from "../../../apache/fetch/status-source.js";
import { shownUrl, textStatusUrl } from "../../../apache/fetch/status-url.js";
import type { ServerStatus } from "../../../apache/page/server-status.js";
import { parseServerStatus } from "../../../apache/page/text-page.js";
import { ProcFileSystem } from "../../../apache/processes/process-table.js";
import { discoverLocalHttpd } from "../../../discovery/which-httpd.js";
import { withAddress } from "../../../errors.js";
import { type ExitCode, worstStatusHelp } from "../../exit-codes.js";
import type { Io } from "../../io.js";
import {
  formatOption,
  jsonOption,
  type OutputFormat,
  outputFormats,
  quietOption,
  timeoutOption,
  timeoutOr,
  verboseOption,
  watchHelp,
  watchOption,
} from "../../options.js";
import { readRound, type StatusReader } from "../../reports/round.js";
import { isScreen, showRounds } from "../../reports/watch.js";
import { type TopOptions, topDefaults } from "../../top/top-options.js";
import {
  addConfigOptions,
  addPageOptions,
  type ConfigOptions,
  type PageRequestOptions,
  pageRequest,
} from "./options.js";

interface StatusCommandOptions extends PageRequestOptions, ConfigOptions {
  format?: OutputFormat;
  timeout?: number;
  watch?: number;
  verbose?: true;
  quiet?: true;
}

const help = `
Formats:
  table       the default: the numbers of the server, and a map of its slots: a
              letter each, coloured by what the slot does, with a legend
  text        the page as the server sent it; with several servers, each page
              after its URL; on a terminal, control characters are escaped
  json        an array with one object per server; elapsed is in milliseconds
  ndjson      the same objects, one per line
  prometheus  metrics with the names of apache_exporter; with several servers,
              each has the label scrape_uri

Without a URL, the page is found in the configuration of httpd on this machine.
Give the URL with ?auto or without; it may contain a user name and a password.
A redirect to another server is followed, with a warning. No proxy is used.

${watchHelp}

${worstStatusHelp}

Examples:
  fcgi-probe apache status
  fcgi-probe apache status --watch 10s http://127.0.0.1/server-status
  fcgi-probe apache status --format json http://web{1,2}/server-status
  fcgi-probe apache status --host www.example.com https://127.0.0.1/server-status
`;

export function defineApacheStatus(
  command: Command,
  io: Io,
  finish: (exitCode: ExitCode) => void,
): void {
  addPageOptions(command.argument("[URL...]", "status pages"))
    .addOption(formatOption(outputFormats))
    .addOption(jsonOption());
  addConfigOptions(command)
    .addOption(timeoutOption("status"))
    .addOption(watchOption())
    .addOption(verboseOption())
    .addOption(quietOption("show only what failed"))
    .addHelpText("after", help)
    .action(async (given: string[], options: StatusCommandOptions) => {
      const found =
        given.length > 0 ? undefined : discoverLocalHttpd(options, new ProcFileSystem());
      const urls = found === undefined ? given : [found.statusUrl];
      const request = pageRequest(options);
      if (isScreen(options, io)) {
        const { runTop } = await import("../../top/run-top.js");
        finish(await runTop(screenOf(urls, found?.statusHost, options), io));
        return;
      }
      const reader = serverReader({ ...request, host: request.host ?? found?.statusHost });
      const timeout = timeoutOr(options.timeout, "status");
      const round = () => readRound(reader, urls, { ...options, timeout }, io);
      finish(await showRounds(round, options.watch, "fcgi-probe apache status", io));
    });
}

/** The screen of `top`, which `--watch` of a table shows, too. */
function screenOf(
  urls: readonly string[],
  host: string | undefined,
  options: StatusCommandOptions,
): TopOptions {
  return {
    ...topDefaults,
    places: urls.map((address) => ({ kind: "apache", address, host })),
    timeout: timeoutOr(options.timeout, "status"),
    request: pageRequest(options),
    ...(options.watch !== undefined && { interval: options.watch }),
  };
}

/** How the status of Apache httpd is read and shown. */
function serverReader(request: FetchServerStatusOptions): StatusReader<ServerStatus> {
  const how = { ...request, followOrigins: true };
  return {
    nouns: ["server", "servers"],
    read: (url, limits) => new StatusSource(url, { ...how, ...limits }).status(),
    readPage: async (target, limits) => {
      const address = textStatusUrl(target);
      const { page, url, isElsewhere } = await fetchServerStatusPage(address, {
        ...how,
        ...limits,
      });
      try {
        // A response with status 200 may still be another page.
        parseServerStatus(page);
      } catch (error) {
        throw withAddress(error, shownUrl(target));
      }
      return { page, warnings: isElsewhere ? [ledElsewhere(url)] : [] };
    },
    shown: shownUrl,
    newMetrics: async () => (await import("../../reports/result-metrics.js")).serverResultMetrics(),
    table: async (results, io) => {
      const { serverReport } = await import("../../reports/apache/server-report.js");
      const { style } = io.stdout;
      return () =>
        results
          .flatMap((result) => (result.ok ? [result] : []))
          .map(({ target, value }) => serverReport(target, value, style, io.stdout.columns))
          .map((lines) => `${lines.join("\n")}\n`)
          .join("\n");
    },
  };
}
