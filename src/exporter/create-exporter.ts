import { Collector } from "./collector.js";
import { metricsText } from "./metrics/metrics-text.js";
import { negotiate } from "./metrics/negotiate.js";
import type { Sample } from "./sample.js";
import { type ExporterSettings, exporterDefaults, type LogListener } from "./settings.js";

export interface ExporterOptions extends ExporterSettings {
  /** Called when something changes: once when a target goes down, not at every scrape. */
  readonly log?: LogListener | undefined;
  /** What `POST /-/reload` does. Its error is the answer. Default: there is no reload. */
  readonly reload?: (() => Promise<void>) | undefined;
}

export interface SubscribeOptions {
  /** Milliseconds from one scrape to the next. */
  readonly interval: number;
}

/** An exporter, as a Fetch handler for any server. */
export interface Exporter {
  /** Answers one request. */
  fetch(request: Request): Promise<Response>;
  /**
   * Replaces all settings. Targets whose address stays keep their series: the pool's last known name
   * and the count of failures.
   */
  update(settings: ExporterSettings): void;
  /**
   * Reads all targets, as `/metrics` does, in the order of the configuration.
   *
   * @param timeout milliseconds after which it returns what is there. Default: `scrapeTimeout`
   */
  collect(timeout?: number): Promise<readonly Sample[]>;
  /** What the last scrapes gave, without a new one. Targets that were never read are not there. */
  snapshot(): readonly Sample[];
  /**
   * Scrapes on an interval, and calls `listener` after each scrape, until the returned function is
   * called. Subscribers share scrapes.
   */
  subscribe(listener: (samples: readonly Sample[]) => void, options: SubscribeOptions): () => void;
  /** Cancels what is being read. Afterwards `/-/ready` answers 503. */
  close(): void;
}

/** Makes an exporter of Prometheus metrics. It reads its targets when it is asked, and only then. */
export function createExporter(options: ExporterOptions): Exporter {
  const collector = new Collector();
  let settings: ExporterSettings = options;
  const collect = (timeout = settings.scrapeTimeout ?? exporterDefaults.scrapeTimeout) =>
    collector.collect(settings.targets, timeout);
  return {
    async fetch(request) {
      const { telemetryPath = exporterDefaults.telemetryPath, fixProcessCount } = settings;
      const style = settings.metricStyle ?? exporterDefaults.metricStyle;
      const { pathname } = new URL(request.url);
      if (pathname !== telemetryPath) return new Response("not found\n", { status: 404 });
      const { format, contentType } = negotiate(request.headers.get("accept"), style);
      const text = metricsText(await collect(), { style, format, fixProcessCount });
      return new Response([...text].join(""), { headers: { "content-type": contentType } });
    },
    collect,
    snapshot: () => [],
    subscribe: () => () => {},
    update(next) {
      settings = next;
    },
    close() {},
  };
}
