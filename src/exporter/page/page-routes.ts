import { pageAssets } from "#page";
import type { Collector } from "../collector.js";
import { streamedText, textResponse } from "../respond.js";
import type { CompleteSettings } from "../settings.js";
import { shownAddress } from "../target.js";
import { pageDetail, pageState } from "./page-state.js";

const types = {
  "index.html": "text/html; charset=utf-8",
  "page.css": "text/css; charset=utf-8",
  "page.js": "text/javascript; charset=utf-8",
  "page.svg": "image/svg+xml",
} as const;

/** Everything comes from the exporter itself, and nothing may be inline. */
const headers = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};

/** A request for the page, or for its data. */
export interface PageVisit {
  readonly request: Request;
  readonly url: URL;
  readonly settings: CompleteSettings;
}

type Answer = (visit: PageVisit) => Response | Promise<Response>;

/** The routes of the page, by their paths. */
export function pageRoutes(collector: Collector): ReadonlyMap<string, Answer> {
  return new Map<string, Answer>([
    ["/", asset("index.html")],
    ["/page.css", asset("page.css")],
    ["/page.js", asset("page.js")],
    ["/page.svg", asset("page.svg")],
    ["/-/page/targets", (visit) => answerTargets(collector, visit)],
    ["/-/page/target", (visit) => answerTarget(collector, visit)],
  ]);
}

function asset(name: keyof typeof types) {
  return ({ request }: PageVisit): Response =>
    withHeaders(streamedText(request, types[name], [pageAssets[name]]));
}

async function answerTargets(
  collector: Collector,
  { request, settings }: PageVisit,
): Promise<Response> {
  const { telemetryPath, scrapeTimeout } = settings;
  const samples = await collector.collect(Math.min(scrapeTimeout, MOST_WAIT));
  const links = [telemetryPath.replace(/^\//, ""), "sd"];
  return json(request, pageState(samples, links));
}

/** Milliseconds that the page waits for targets: those that are slow are shown as such. */
const MOST_WAIT = 2_000;

async function answerTarget(
  collector: Collector,
  { request, url, settings }: PageVisit,
): Promise<Response> {
  const address = url.searchParams.get("address");
  const target = settings.targets.find((each) => shownAddress(each) === address);
  if (target === undefined) return textResponse(404, "no target has this address");
  const timeout = Math.min(settings.scrapeTimeout, MOST_WAIT);
  const sample = await collector.collectOne(target, timeout, true);
  return json(request, pageDetail(sample));
}

function json(request: Request, value: unknown): Response {
  return withHeaders(streamedText(request, "application/json", [JSON.stringify(value)]));
}

function withHeaders(response: Response): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}
