import { once } from "node:events";
import type { Command } from "commander";
import { createExporter } from "../../exporter/create-exporter.js";
import { kindOf, targetDefaults } from "../../exporter/target.js";
import { listenHttp } from "../../exporter/web/listener.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { repeatable } from "../options.js";

interface ExporterCommandOptions {
  "phpfpm.scrapeUri"?: string[];
  scrape_uri?: string[];
}

export function defineExporter(
  command: Command,
  io: Io,
  finish: (exitCode: ExitCode) => void,
): void {
  command
    .option("--phpfpm.scrape-uri <uri>", "a pool to read", repeatable(String))
    .option("--scrape_uri <url>", "the status page of an httpd to read", repeatable(String))
    .action(async (options: ExporterCommandOptions) => {
      finish(await runExporter(options, io));
    });
}

async function runExporter(options: ExporterCommandOptions, io: Io): Promise<ExitCode> {
  const addresses = [...(options["phpfpm.scrapeUri"] ?? []), ...(options.scrape_uri ?? [])];
  const targets = addresses.map((address) => ({
    ...targetDefaults,
    address,
    kind: kindOf(address),
    source: "the command line",
  }));
  const { fetch } = createExporter({ targets });
  const server = await listenHttp(fetch, { host: undefined, port: 9253 });
  if (!io.signal.aborted) await once(io.signal, "abort");
  server.close();
  server.closeAllConnections();
  return ExitCode.Fine;
}
