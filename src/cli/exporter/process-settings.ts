import { dirname, resolve } from "node:path";
import type { ExporterConfiguration } from "../../exporter/config/schema.js";
import type { ExporterSettings, ProbeSettings } from "../../exporter/settings.js";
import { badFlagValue } from "./flag-values.js";
import type { FlagValues } from "./flags.js";

/** What is settled once, at the start: where to listen, where to push, and the log. */
export interface ProcessSettings {
  /** Where to listen. Empty: on the default port; undefined: nowhere, and the metrics are pushed. */
  readonly listen: readonly string[] | undefined;
  readonly systemdSocket: boolean;
  /** The path of the web configuration. */
  readonly webConfig: string | undefined;
  /** The file to write the metrics to, and how often, in milliseconds. */
  readonly textfile: { readonly path: string; readonly interval: number } | undefined;
  /** The OTLP receiver to send the metrics to, and how often, in milliseconds. */
  readonly otlp: { readonly endpoint: string; readonly interval: number } | undefined;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly logFormat: "logfmt" | "json";
}

const PUSH_INTERVAL = 15_000;

/**
 * Joins flags and the configuration file: a flag wins.
 *
 * @throws GatewayError `bad_input` where the metrics would go nowhere
 */
export function processSettings(
  values: FlagValues,
  configuration: ExporterConfiguration | undefined,
): ProcessSettings {
  const { web, otlp, log, textfile } = configuration ?? {};
  const folder = values.config === undefined ? "." : dirname(values.config);
  const { listenAddresses } = values;
  const listen = listenAddresses.length > 0 ? listenAddresses : (web?.listen ?? []);
  const systemdSocket = values.systemdSocket ?? web?.systemd_socket ?? false;
  const path = values.textfile ?? inFolder(folder, textfile?.path);
  const textfileInterval = values.textfileInterval ?? textfile?.interval ?? PUSH_INTERVAL;
  const endpoint = values.otlpEndpoint ?? otlp?.endpoint;
  const otlpInterval = values.otlpInterval ?? otlp?.interval ?? PUSH_INTERVAL;
  // An empty address is no address.
  const isMute = !systemdSocket && listen.length > 0 && listen.every((address) => address === "");
  if (isMute && path === undefined && endpoint === undefined) {
    const message = "there is no address to listen on, so the metrics go nowhere";
    throw badFlagValue(message, "give --textfile or --otlp.endpoint, or an address");
  }
  return {
    listen: isMute ? undefined : listen,
    systemdSocket,
    webConfig: values.webConfig ?? inFolder(folder, web?.config_file),
    textfile: path === undefined ? undefined : { path, interval: textfileInterval },
    otlp: endpoint === undefined ? undefined : { endpoint, interval: otlpInterval },
    logLevel: values.logLevel ?? log?.level ?? "info",
    logFormat: values.logFormat ?? log?.format ?? "logfmt",
  };
}

/** A path in a configuration file is relative to the file. */
function inFolder(folder: string, path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(folder, path);
}

/** Puts flags over the settings of a configuration file: a flag wins. */
export function withFlags(
  settings: ExporterSettings,
  values: FlagValues,
  configuration: ExporterConfiguration,
): ExporterSettings {
  const { maxProcesses, opcacheScript } = values;
  const externalUrl = values.externalUrl ?? configuration.web.external_url;
  const prefix = externalUrl === undefined ? undefined : new URL(externalUrl).pathname;
  return {
    ...settings,
    targets: settings.targets.map((target) => ({
      ...target,
      processes: maxProcesses ?? target.processes,
      // The script is an attribute of a pool: what a configuration says of one is more exact.
      opcache: target.opcache ?? (target.kind === "phpfpm" ? opcacheScript : undefined),
    })),
    probe: settings.probe && withProcesses(settings.probe, maxProcesses),
    metricStyle: values.metricStyle ?? settings.metricStyle,
    fixProcessCount: values.fixProcessCount ?? settings.fixProcessCount,
    telemetryPath: values.telemetryPath ?? settings.telemetryPath,
    routePrefix: values.routePrefix ?? settings.routePrefix ?? prefix,
    scrapeTimeout: values.scrapeTimeout ?? settings.scrapeTimeout,
    timeoutOffset: values.timeoutOffset ?? settings.timeoutOffset,
    lifecycle: values.enableLifecycle ?? settings.lifecycle,
  };
}

function withProcesses(probe: ProbeSettings, processes: number | undefined): ProbeSettings {
  if (processes === undefined) return probe;
  const modules = [...probe.modules].map(
    ([name, module]) => [name, { ...module, processes }] as const,
  );
  return { ...probe, modules: new Map(modules) };
}

/** Whether nothing but httpds is configured, whose exporters have another port. */
export function isHttpdOnly(
  { targets }: ExporterSettings,
  { discover, modules }: ExporterConfiguration,
): boolean {
  const { php_fpm, apache, sockets, dns, files, http } = discover;
  const others = [...sockets, ...dns, ...files, ...http];
  const kinds = [...targets, ...Object.values(modules)].map(({ kind }) => kind);
  if (php_fpm || others.length > 0 || kinds.includes("phpfpm")) return false;
  return apache || kinds.includes("apache");
}
