import type { FailureReason } from "./failure-reason.js";
import type { ReloadFacts, SourceFacts } from "./metrics/exporter-metrics.js";
import { type HttpSettings, type ScrapeTarget, type TargetKind, targetDefaults } from "./target.js";

/** The names of the metrics: those of php-fpm_exporter and apache_exporter, or names in base units. */
export type MetricStyle = "drop-in" | "modern";

/** How `/probe` reads a target: one of the configuration's `modules`. */
export interface ProbeModule {
  readonly kind: TargetKind;
  /** Milliseconds that a scrape may take. */
  readonly timeout: number;
  /** How many processes of a pool get series of their own. */
  readonly processes: number;
  /** The path of `opcache.php` as the pools see it. Default: OPcache is not read. */
  readonly opcache?: string | undefined;
  /** How the page of an httpd is requested. */
  readonly http?: HttpSettings | undefined;
}

/** The module of a name, else the first one of the kind, else one with the defaults. */
export function chooseModule(
  kind: TargetKind,
  modules: ReadonlyMap<string, ProbeModule>,
  name?: string,
): ProbeModule {
  const named = name === undefined ? undefined : modules.get(name);
  if (named?.kind === kind) return named;
  for (const module of modules.values()) if (module.kind === kind) return module;
  return { ...targetDefaults, kind };
}

/** What `/probe` may read. Targets that `/sd` serves need no rule. */
export interface ProbeSettings {
  /** The modules by their names. */
  readonly modules: ReadonlyMap<string, ProbeModule>;
  /**
   * Decides whether a target may be read, and resolves its host: the connection goes to `connectTo`
   * of what it returns, which is the address that was checked.
   *
   * @param signal is aborted when the request is over
   * @returns `undefined` for a target that no rule allows
   * @throws Error why a target is refused: the log has the message, the answer never
   */
  readonly allow: (
    target: string,
    module: ProbeModule,
    signal: AbortSignal,
  ) => Promise<ScrapeTarget | undefined>;
  /** Whether `debug=true` shows how a target was read. Default: false. */
  readonly debug?: boolean | undefined;
}

/** What an exporter reads and how it answers. All of it may change while it runs. */
export interface ExporterSettings {
  /** The pools and httpds of `/metrics`, in the order of the configuration. */
  readonly targets: readonly ScrapeTarget[];
  /** What `/sd` serves, and what `/probe` may read without a rule. Default: `targets`. */
  readonly served?: readonly ScrapeTarget[] | undefined;
  /** What else `/probe` may read. Default: nothing. */
  readonly probe?: ProbeSettings | undefined;
  /** The names of the metrics. Default: `drop-in`. */
  readonly metricStyle?: MetricStyle | undefined;
  /** Whether only processes that wait for a request count as idle. Default: false. */
  readonly fixProcessCount?: boolean | undefined;
  /** The path of the metrics, below the prefix. Default: `/metrics`. */
  readonly telemetryPath?: string | undefined;
  /** The path before all routes: `/php`. Default: none. */
  readonly routePrefix?: string | undefined;
  /** Milliseconds within which `/metrics` answers. Default: 10,000. */
  readonly scrapeTimeout?: number | undefined;
  /**
   * Milliseconds by which an answer is earlier than the timeout that Prometheus announces. Default:
   * 500.
   */
  readonly timeoutOffset?: number | undefined;
  /** Milliseconds that a result may be old. Default and most: 1,000; 0 reads at every request. */
  readonly cacheAge?: number | undefined;
  /** How many targets are read at once. Default: 256. */
  readonly concurrency?: number | undefined;
  /** The longest page to accept, in bytes. Default: 8,388,608. */
  readonly maxLength?: number | undefined;
  /** Whether `/-/reload` is enabled. Default: false. */
  readonly lifecycle?: boolean | undefined;
  /** How the last reading of the configuration went. Default: there is none to read. */
  readonly lastReload?: ReloadFacts | undefined;
  /** How the last reading of each source of targets went. Default: there is none. */
  readonly sources?: readonly SourceFacts[] | undefined;
  /** Whether the targets are complete, as `/-/ready` says. Default: true. */
  readonly ready?: boolean | undefined;
}

export const exporterDefaults = {
  metricStyle: "drop-in",
  fixProcessCount: false,
  telemetryPath: "/metrics",
  routePrefix: "",
  scrapeTimeout: 10_000,
  timeoutOffset: 500,
  cacheAge: 1_000,
  concurrency: 256,
  maxLength: 8_388_608,
  lifecycle: false,
  ready: true,
} as const satisfies Partial<ExporterSettings>;

type Defaulted = keyof typeof exporterDefaults;

/** Settings, each of which has a value. */
export type CompleteSettings = Omit<ExporterSettings, Defaulted> & {
  readonly [Name in Defaulted]: NonNullable<ExporterSettings[Name]>;
};

/** Puts the default where a setting is not set. */
export function completeSettings(settings: ExporterSettings): CompleteSettings {
  const set = Object.entries(settings).filter(([, value]) => value !== undefined);
  return { ...exporterDefaults, ...Object.fromEntries(set) } as CompleteSettings;
}

/** One line of a log. */
export interface LogRecord {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  /** The address of the target that it is about, as it was written. */
  readonly target?: string | undefined;
  readonly pool?: string | undefined;
  readonly reason?: FailureReason | undefined;
  /** The error of the target, in words. */
  readonly error?: string | undefined;
  /** What to check. */
  readonly hint?: string | undefined;
  /** Where the target is configured. */
  readonly source?: string | undefined;
  /** How many targets there are now. */
  readonly targets?: number | undefined;
  /** How many probes were refused since the last such line. */
  readonly refused?: number | undefined;
  /** How many changes of targets of `/probe` have no line of their own. */
  readonly changes?: number | undefined;
  /** The file or the endpoint to which metrics are pushed. */
  readonly destination?: string | undefined;
}

export type LogListener = (record: LogRecord) => void;
