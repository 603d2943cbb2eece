import { checkFunction, checkObject } from "../arguments.js";
import { notify } from "../listeners.js";
import { checkMilliseconds } from "../numbers.js";
import { Collector } from "./collector.js";
import { Routes } from "./routes.js";
import type { Sample } from "./sample.js";
import { completeSettings, type LogListener } from "./settings.js";
import { Subscriptions } from "./subscriptions.js";
import { type ExporterInput, settingsOfInput } from "./target-input.js";

export interface ExporterOptions extends ExporterInput {
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
  update(settings: ExporterInput): void;
  /**
   * Reads all targets, as `/metrics` does, in the order of the configuration.
   *
   * @param timeout milliseconds after which it returns what is there. Default: `scrapeTimeout`
   */
  collect(timeout?: number): Promise<readonly Sample[]>;
  /**
   * What the last scrapes gave, without a new one. Targets that were never read are not there. The
   * scrapes of `/metrics` leave the texts of requests out.
   */
  snapshot(): readonly Sample[];
  /**
   * Scrapes on an interval, and calls `listener` after each scrape, until the returned function is
   * called. Subscribers share scrapes.
   */
  subscribe(listener: (samples: readonly Sample[]) => void, options: SubscribeOptions): () => void;
  /** Cancels what is being read. Afterwards `/-/ready` answers 503. */
  close(): void;
}

/**
 * Makes an exporter of Prometheus metrics. It reads its targets when it is asked, and only then.
 *
 * @throws GatewayError `bad_input`, `bad_address` for targets that are none; TypeError without options
 */
export function createExporter(options: ExporterOptions): Exporter {
  checkObject("options", options);
  const { reload } = options;
  for (const name of ["log", "reload"] as const) {
    if (options[name] !== undefined) checkFunction(name, options[name]);
  }
  const log: LogListener = (record) => notify(options.log, record);
  const collector = new Collector({ log });
  const subscriptions = new Subscriptions(() => collect(), log);
  const routes = new Routes({ collector, log, reload });
  const update = (settings: ExporterInput) => {
    routes.settings = completeSettings(settingsOfInput(settings));
    collector.update(routes.settings);
  };
  const collect = (timeout = routes.settings.scrapeTimeout) => collector.collect(timeout, true);
  update(options);
  return {
    fetch: (request) => routes.answer(request),
    update,
    collect,
    snapshot: () => collector.snapshot(),
    subscribe(listener, { interval }) {
      checkMilliseconds("interval", interval);
      return subscriptions.add(listener, interval);
    },
    close() {
      subscriptions.close();
      routes.close();
      collector.close();
    },
  };
}
