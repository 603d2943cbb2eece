import { ErrorCode, GatewayError } from "../errors.js";
import type { Collector } from "./collector.js";
import type { ExporterFacts } from "./metrics/exporter-metrics.js";
import { metricsText } from "./metrics/metrics-text.js";
import { negotiate } from "./metrics/negotiate.js";
import { packageVersion } from "./package-version.js";
import { pageRoutes } from "./page/page-routes.js";
import { PoolHealth } from "./pool-health.js";
import { RefusalLog } from "./probe/refusal-log.js";
import { serviceDiscovery } from "./probe/service-discovery.js";
import { answerProbe } from "./probe-route.js";
import { methodNotAllowed, streamedText, textResponse } from "./respond.js";
import type { Sample } from "./sample.js";
import { scrapeDeadline } from "./scrape-deadline.js";
import { type CompleteSettings, completeSettings, type LogListener } from "./settings.js";
import { shownAddress } from "./target.js";

/** What the routes need of an exporter. */
export interface RoutesContext {
  readonly collector: Collector;
  readonly log: LogListener;
  readonly reload: (() => Promise<void>) | undefined;
}

/** One request, and the settings at its start. */
interface Visit {
  readonly request: Request;
  readonly url: URL;
  readonly settings: CompleteSettings;
}

interface Route {
  readonly methods: readonly string[];
  readonly answer: (visit: Visit) => Response | Promise<Response>;
}

const NOT_READY = "not ready: the targets are still being discovered";
const READING = ["GET", "HEAD"];
const CHANGING = ["POST", "PUT"];

/** Answers the requests to an exporter by their paths. */
export class Routes {
  /** Replaced at a reload. */
  settings = completeSettings({ targets: [] });
  readonly #context: RoutesContext;
  readonly #version = packageVersion();
  readonly #refusals: RefusalLog;
  readonly #health: PoolHealth;
  #isClosed = false;
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(context: RoutesContext) {
    this.#context = context;
    this.#refusals = new RefusalLog(context.log);
    this.#health = new PoolHealth(context.collector);
    const health: Route = { methods: READING, answer: () => textResponse(200, "healthy") };
    this.#routes = new Map<string, Route>([
      ["/probe", { methods: ["GET", "HEAD", "POST"], answer: (visit) => this.#probe(visit) }],
      ["/sd", { methods: READING, answer: ({ settings }) => answerDiscovery(settings) }],
      ["/-/healthy", health],
      ["/healthz", health],
      ["/-/ready", { methods: READING, answer: (visit) => this.#ready(visit) }],
      ["/-/pool-healthy", { methods: READING, answer: (visit) => this.#poolHealth(visit) }],
      ["/-/reload", { methods: CHANGING, answer: (visit) => this.#reload(visit) }],
      ...[...pageRoutes(context.collector)].map(([path, answer]): [string, Route] => [
        path,
        { methods: READING, answer },
      ]),
    ]);
  }

  /** Answers one request. It never throws. */
  async answer(request: Request): Promise<Response> {
    try {
      const response = await this.#find(request);
      return request.method === "HEAD" && response.body !== null
        ? new Response(null, response)
        : response;
    } catch (error) {
      if (error instanceof GatewayError && error.code === ErrorCode.BadInput) {
        return textResponse(400, error.message);
      }
      const text = error instanceof Error ? error.message : String(error);
      this.#context.log({ level: "error", message: "a request failed", error: text });
      return textResponse(500, "the exporter failed: see its log");
    }
  }

  /** Makes `/-/ready` answer 503. */
  close(): void {
    this.#isClosed = true;
    this.#refusals.close();
  }

  #find(request: Request): Response | Promise<Response> {
    const { settings } = this;
    const url = new URL(request.url);
    const prefix = normalPrefix(settings.routePrefix);
    if (prefix !== "" && (url.pathname === "/" || url.pathname === prefix)) {
      return new Response(null, { status: 302, headers: { location: `${prefix}/` } });
    }
    const path = url.pathname.startsWith(`${prefix}/`) ? url.pathname.slice(prefix.length) : "";
    const route =
      path === settings.telemetryPath
        ? { methods: ["GET", "HEAD", "POST"], answer: (visit: Visit) => this.#metrics(visit) }
        : this.#routes.get(path);
    if (route === undefined) {
      return textResponse(
        404,
        `there is nothing here: the metrics are at ${prefix}${settings.telemetryPath}`,
      );
    }
    if (!route.methods.includes(request.method)) return methodNotAllowed(route.methods);
    return route.answer({ request, url, settings });
  }

  async #metrics(visit: Visit): Promise<Response> {
    const { request, settings } = visit;
    const timeout = scrapeDeadline(request.headers, settings, settings.targets.length);
    if (request.method === "HEAD") return this.#exposition(visit, []);
    const started = performance.now();
    const samples = await this.#context.collector.collect(timeout);
    const { lastReload: reload, sources } = settings;
    const elapsed = performance.now() - started;
    return this.#exposition(visit, samples, { version: this.#version, elapsed, reload, sources });
  }

  #probe(visit: Visit): Promise<Response> {
    const { request, url, settings } = visit;
    const timeout = scrapeDeadline(request.headers, settings);
    const { collector } = this.#context;
    const answer = (sample: Sample) => {
      // The labels of a target come with /sd, and Prometheus adds them.
      const unlabelled = { ...sample, target: { ...sample.target, labels: {} } };
      return this.#exposition(visit, [unlabelled]);
    };
    return answerProbe(
      { parameters: url.searchParams, timeout },
      { settings, collector, refusals: this.#refusals, answer },
    );
  }

  #exposition(
    { request, settings: { metricStyle: style, fixProcessCount } }: Visit,
    samples: readonly Sample[],
    exporter?: ExporterFacts,
  ): Response {
    const { format, contentType } = negotiate(request.headers.get("accept"), style);
    const text = metricsText(samples, { style, format, fixProcessCount, exporter });
    return streamedText(request, contentType, text);
  }

  #ready({ settings }: Visit): Response {
    if (this.#isClosed) return textResponse(503, "not ready: the exporter is stopping");
    return settings.ready ? textResponse(200, "ready") : textResponse(503, NOT_READY);
  }

  #poolHealth({ url }: Visit): Promise<Response> {
    return this.#health.answer(url.searchParams);
  }

  async #reload({ settings }: Visit): Promise<Response> {
    const { reload } = this.#context;
    if (!settings.lifecycle || reload === undefined) {
      return textResponse(403, "reloading over HTTP is not enabled: start with --enable-lifecycle");
    }
    try {
      await reload();
      return textResponse(200, "reloaded");
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      return textResponse(
        500,
        `the configuration was not reloaded, and the old one stays: ${text}`,
      );
    }
  }
}

/**
 * Passwords of httpds are not served. Prometheus keeps its last list while the answer is an error; a
 * list that is not complete would make it drop targets at each start of the exporter.
 */
function answerDiscovery({ targets, served = targets, ready }: CompleteSettings): Response {
  if (!ready) return textResponse(503, NOT_READY, { "retry-after": "1" });
  const shown = served.map((target) => ({ ...target, address: shownAddress(target) }));
  return new Response(serviceDiscovery(shown), { headers: { "content-type": "application/json" } });
}

/** `/a/b` for any way to write a path, or nothing for the root. */
function normalPrefix(prefix: string): string {
  const path = prefix.replace(/\/+$/, "");
  return path === "" || path.startsWith("/") ? path : `/${path}`;
}
