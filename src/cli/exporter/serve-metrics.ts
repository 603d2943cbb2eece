import { once } from "node:events";
import { ErrorCode, GatewayError } from "../../errors.js";
import { createExporter } from "../../exporter/create-exporter.js";
import type { ExporterSettings } from "../../exporter/settings.js";
import type { ScrapeTarget } from "../../exporter/target.js";
import { listenHttp } from "../../exporter/web/listener.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { errorLines } from "../report-error.js";
import type { FlagValues } from "./flags.js";
import { createLog, type WriteLog } from "./log.js";
import type { CommandLine } from "./parse-flags.js";
import { handleSignals } from "./signals.js";
import { flagTargets } from "./targets.js";

/** The ports of php-fpm_exporter and of apache_exporter. */
const PORT = 9253;
const HTTPD_PORT = 9117;

/** Serves metrics until a signal ends it. */
export async function serveMetrics(
  line: CommandLine,
  command: string | undefined,
  io: Io,
): Promise<ExitCode> {
  const { values, warnings } = line;
  const log = logTo(io, values);
  for (const message of warnings) log({ level: "warn", message });
  const targets = flagTargets(line, command);
  const isHttpdOnly = targets.length > 0 && targets.every(({ kind }) => kind === "apache");
  const exporter = createExporter({
    ...settingsOf(values, targets),
    log: (record) => log({ ...record }),
  });
  const signals = handleSignals(io, () => {});
  try {
    const server = await listen(exporter.fetch, values, isHttpdOnly ? HTTPD_PORT : PORT);
    const { address, port } = server.address() as { address: string; port: number };
    const shown = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
    log({ level: "info", message: "listening", address: shown, targets: targets.length });
    if (!signals.stop.aborted) await once(signals.stop, "abort");
    server.close();
    server.closeAllConnections();
    return ExitCode.Fine;
  } catch (error) {
    const isCode = error instanceof Error && "code" in error && !(error instanceof GatewayError);
    if (!isCode) throw error;
    const refused = new GatewayError(ErrorCode.BadInput, error.message, {
      hint: "give another address with --web.listen-address",
    });
    await io.stderr.writeLines(errorLines(refused, io.stderr.style));
    return ExitCode.NotConnected;
  } finally {
    exporter.close();
    signals.release();
  }
}

/** Where to listen: the last address wins. */
function listen(
  handler: (request: Request) => Promise<Response>,
  { listenAddresses }: FlagValues,
  port: number,
) {
  const address = listenAddresses.at(-1) ?? `:${port}`;
  const [, host = "", digits = ""] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  return listenHttp(handler, { host: host === "" ? undefined : host, port: Number(digits) });
}

function settingsOf(values: FlagValues, targets: readonly ScrapeTarget[]): ExporterSettings {
  return {
    targets,
    metricStyle: values.metricStyle,
    fixProcessCount: values.fixProcessCount,
    telemetryPath: values.telemetryPath,
    routePrefix: values.routePrefix,
    scrapeTimeout: values.scrapeTimeout,
    timeoutOffset: values.timeoutOffset,
    lifecycle: values.enableLifecycle,
  };
}

/** How many bytes of the log may wait for its reader. Further lines are dropped, and counted. */
const MAX_PENDING = 1_048_576;

/** The log on standard error. A reader that stops reading does not stop the exporter. */
function logTo(
  io: Io,
  { logFormat: format = "logfmt", logLevel: least = "info" }: FlagValues,
): WriteLog {
  let dropped = 0;
  const write = (line: string): void => {
    if (!io.stderr.writeAtOnce(line, MAX_PENDING)) dropped++;
  };
  const log = createLog(write, { format, least });
  return (line) => {
    if (dropped > 0 && io.stderr.writeAtOnce("", MAX_PENDING)) {
      const lines = dropped;
      dropped = 0;
      log({ level: "warn", message: "lines of this log were dropped: nobody read it", lines });
    }
    log(line);
  };
}
