import type { MetricStyle } from "../settings.js";
import type { MetricsFormat } from "./exposition.js";

/** A format of metrics, and the media type that describes it. */
export interface Negotiated {
  readonly format: MetricsFormat;
  readonly contentType: string;
}

/** The ways to write names that Prometheus' old formats cannot. All of ours are the same in each. */
const escapings: ReadonlySet<string> = new Set(["allow-utf-8", "underscores", "dots", "values"]);

/**
 * Chooses the format for a header `Accept`. The drop-in style is never OpenMetrics, in which counters
 * would get other names. Whatever is asked for, there is an answer: the text format 0.0.4.
 */
export function negotiate(accept: string | null, style: MetricStyle): Negotiated {
  const offers = readAccept(accept ?? "");
  const best = style === "modern" ? offers.find(isOurs) : undefined;
  // A scraper that prefers the text format may name an escaping for it, too.
  const escaping = escapingOf(best ?? offers.find(({ type }) => type === "text/plain"));
  return best?.type === "application/openmetrics-text"
    ? {
        format: "openmetrics",
        contentType: `application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=${escaping}`,
      }
    : {
        format: "text",
        contentType: `text/plain; version=0.0.4; charset=utf-8; escaping=${escaping}`,
      };
}

interface Offer {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

/** The offers of a header, the preferred one first. One that is refused (`q=0`) is left out. */
function readAccept(accept: string): Offer[] {
  return accept
    .slice(0, 4_096)
    .split(",")
    .map((part): Offer => {
      const [type = "", ...rest] = part.split(";").map((each) => each.trim().toLowerCase());
      const parameters = new Map(
        rest.map((each) => {
          const [name = "", value = ""] = each.split("=", 2);
          return [name.trim(), value.trim().replace(/^"(.*)"$/, "$1")];
        }),
      );
      const quality = Number(parameters.get("q") ?? 1);
      return { type, parameters, quality: Number.isNaN(quality) ? 0 : quality };
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality);
}

/** Whether an offered format is one that we write, or close to it: text 1.0.0 reads 0.0.4. */
function isOurs({ type, parameters }: Offer): boolean {
  const version = parameters.get("version");
  switch (type) {
    case "application/openmetrics-text":
      return version === undefined || version === "1.0.0";
    case "text/plain":
      return version === undefined || version === "0.0.4" || version === "1.0.0";
    default:
      return type === "*/*" || type === "text/*";
  }
}

/** The escaping that an offer of version 1.0.0 or later names. */
function escapingOf(offer: Offer | undefined): string {
  const asked = offer?.parameters.get("escaping") ?? "";
  return escapings.has(asked) ? asked : "underscores";
}
