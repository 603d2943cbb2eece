import { parseDuration } from "../parse-values.js";
import {
  oneOf,
  parseBoolean,
  parseCommaList,
  parseCount,
  parseHeaderFlag,
  parseHttpPath,
  parseLogFormat,
  parseLogLevel,
  parseOffset,
  parsePoolPath,
  parsePushInterval,
  parseWebUrl,
} from "./flag-values.js";

/** The headings of the help, in its order. */
export const flagGroups = ["Targets", "Metrics", "HTTP", "Push", "Log", "Other"] as const;

/** A flag of the exporter. Parsing, the help and the documentation are derived from it. */
export interface Flag<Value = unknown> {
  readonly group: (typeof flagGroups)[number];
  /** The name without dashes. */
  readonly name: string;
  /** Other names of the same flag. */
  readonly aliases?: readonly string[];
  /** Names that old releases of apache_exporter use. They work, and cause a warning. */
  readonly oldNames?: readonly string[];
  /** What the help calls the value. A flag without it is a boolean. */
  readonly value?: string;
  /** Whether the flag may be given several times, and what it reads are lists. */
  readonly isList?: true;
  /** Environment variables that are read like the flag. An empty variable counts as unset. */
  readonly variables?: readonly string[];
  /** Whether the variable adds to the flag. Otherwise, the flag wins. */
  readonly variableAdds?: true;
  /** @throws GatewayError `bad_input` */
  readonly read: (text: string) => Value;
  /** What the flag does, for the help. */
  readonly text: string;
}

const text = (value: string): string => value;
const one = (value: string): string[] => [value];

export const exporterFlags = {
  config: {
    group: "Targets",
    name: "config",
    value: "FILE",
    read: text,
    text: "the YAML file with targets, discovery, modules and what /probe may read",
  },
  checkConfig: {
    group: "Targets",
    name: "check-config",
    aliases: ["config.check"],
    read: parseBoolean,
    text: "check the flags, --config and --web.config.file, and exit",
  },
  poolUris: {
    group: "Targets",
    name: "phpfpm.scrape-uri",
    value: "URI,...",
    isList: true,
    variables: ["PHP_FPM_SCRAPE_URI"],
    variableAdds: true,
    read: parseCommaList,
    text: "pools to read, as in tcp://127.0.0.1:9000/status",
  },
  httpdUris: {
    group: "Targets",
    name: "scrape_uri",
    value: "URL",
    isList: true,
    variables: ["SCRAPE_URI"],
    read: one,
    text: "a status page of httpd, as in http://127.0.0.1/server-status?auto",
  },
  hostOverride: {
    group: "Targets",
    name: "host_override",
    value: "HOST",
    variables: ["HOST_OVERRIDE"],
    read: text,
    text: "the host name of the requests to httpds",
  },
  insecure: {
    group: "Targets",
    name: "insecure",
    variables: ["INSECURE"],
    read: parseBoolean,
    text: "accept any certificate of httpds",
  },
  customHeaders: {
    group: "Targets",
    name: "custom_headers",
    value: "NAME=VALUE",
    isList: true,
    read: (field: string) => [parseHeaderFlag(field)],
    text: "a header field of the requests to httpds",
  },
  metricStyle: {
    group: "Metrics",
    name: "metric-style",
    value: "STYLE",
    read: oneOf("drop-in", "modern"),
    text: "drop-in: names of php-fpm_exporter and apache_exporter (default); modern: base units, OpenMetrics",
  },
  scrapeTimeout: {
    group: "Metrics",
    name: "scrape.timeout",
    value: "TIME",
    read: parseDuration,
    text: "the longest time until /metrics answers (default: 10s)",
  },
  timeoutOffset: {
    group: "Metrics",
    name: "timeout-offset",
    value: "TIME",
    read: parseOffset,
    text: "how much earlier than Prometheus' own timeout it answers (default: 500ms)",
  },
  maxProcesses: {
    group: "Metrics",
    name: "processes.max",
    value: "COUNT",
    read: parseCount,
    text: "processes of a pool that have series of their own (default: 64)",
  },
  fixProcessCount: {
    group: "Metrics",
    name: "phpfpm.fix-process-count",
    variables: ["PHP_FPM_FIX_PROCESS_COUNT"],
    read: parseBoolean,
    text: "count idle and active processes by their states; only those that wait are idle",
  },
  opcacheScript: {
    group: "Metrics",
    name: "phpfpm.opcache-script",
    value: "PATH",
    read: parsePoolPath,
    text: "opcache.php as the pools see it, for metrics of OPcache (default: not read)",
  },
  listenAddresses: {
    group: "HTTP",
    name: "web.listen-address",
    oldNames: ["telemetry.address"],
    value: "ADDRESS",
    isList: true,
    variables: ["PHP_FPM_WEB_LISTEN_ADDRESS"],
    read: one,
    text: "where to listen (default: :9253, or :9117 where only httpds are configured); empty: nowhere",
  },
  systemdSocket: {
    group: "HTTP",
    name: "web.systemd-socket",
    read: parseBoolean,
    text: "listen on the sockets that systemd passes, instead of --web.listen-address",
  },
  webConfig: {
    group: "HTTP",
    name: "web.config.file",
    oldNames: ["web.config"],
    value: "FILE",
    read: text,
    text: "TLS, passwords, headers and rate limit, as in Prometheus' web configuration",
  },
  telemetryPath: {
    group: "HTTP",
    name: "web.telemetry-path",
    aliases: ["telemetry.endpoint"],
    value: "PATH",
    variables: ["PHP_FPM_WEB_TELEMETRY_PATH", "METRICS_ENDPOINT"],
    read: parseHttpPath,
    text: "the path of the metrics (default: /metrics)",
  },
  externalUrl: {
    group: "HTTP",
    name: "web.external-url",
    value: "URL",
    read: parseWebUrl,
    text: "the URL under which a proxy shows the exporter",
  },
  routePrefix: {
    group: "HTTP",
    name: "web.route-prefix",
    value: "PATH",
    read: parseHttpPath,
    text: "the prefix of all paths (default: the path of --web.external-url)",
  },
  enableLifecycle: {
    group: "HTTP",
    name: "web.enable-lifecycle",
    aliases: ["enable-lifecycle"],
    read: parseBoolean,
    text: "let POST /-/reload read the configuration again",
  },
  textfile: {
    group: "Push",
    name: "textfile",
    value: "PATH",
    read: text,
    text: "also write the metrics to this file, for node_exporter's textfile collector",
  },
  textfileInterval: {
    group: "Push",
    name: "textfile.interval",
    value: "TIME",
    read: parsePushInterval,
    text: "how often --textfile is written (default: 15s)",
  },
  otlpEndpoint: {
    group: "Push",
    name: "otlp.endpoint",
    value: "URL",
    read: parseWebUrl,
    text: "also send the metrics, in the modern style, to this OTLP receiver",
  },
  otlpInterval: {
    group: "Push",
    name: "otlp.interval",
    value: "TIME",
    read: parsePushInterval,
    text: "how often --otlp.endpoint gets the metrics (default: 15s)",
  },
  logLevel: {
    group: "Log",
    name: "log.level",
    value: "LEVEL",
    variables: ["PHP_FPM_LOG_LEVEL"],
    read: parseLogLevel,
    text: "debug, info (default), warn or error",
  },
  logFormat: {
    group: "Log",
    name: "log.format",
    value: "FORMAT",
    read: parseLogFormat,
    text: "logfmt (default) or json",
  },
  out: {
    group: "Other",
    name: "out",
    value: "FORMAT",
    read: oneOf("text", "json", "spew"),
    text: "of get: text (default) or json",
  },
  version: {
    group: "Other",
    name: "version",
    read: parseBoolean,
    text: "show the version and exit",
  },
  help: {
    group: "Other",
    name: "help",
    aliases: ["h"],
    read: parseBoolean,
    text: "show this help and exit",
  },
} as const satisfies Record<string, Flag>;

export type FlagKey = keyof typeof exporterFlags;
type ReadValue<Key extends FlagKey> = ReturnType<(typeof exporterFlags)[Key]["read"]>;

/** What was given, by flags and by variables. A list is empty where nothing was given. */
export type FlagValues = {
  readonly [Key in FlagKey]: (typeof exporterFlags)[Key] extends { isList: true }
    ? ReadValue<Key>
    : ReadValue<Key> | undefined;
};

/** All flags, in the order of the help. */
export const allFlags: readonly (readonly [FlagKey, Flag])[] = Object.entries(
  exporterFlags,
) as unknown as [FlagKey, Flag][];
