import type { PoolConfiguration } from "../discovery/pool-configuration.js";

/** What a target is: a PHP-FPM pool, or an Apache httpd. */
export type TargetKind = "phpfpm" | "apache";

/** One pool or one httpd that the exporter reads. */
export interface ScrapeTarget {
  /** The address as it was written. It is the label `scrape_uri`, and unique in an exporter. */
  readonly address: string;
  readonly kind: TargetKind;
  /** Labels that every series of the target gets. */
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds that a scrape of the target may take. */
  readonly timeout: number;
  /** How many processes of a pool get series of their own. */
  readonly processes: number;
  /** Where the target is written: `--phpfpm.scrape-uri`, `site.yaml:3`, `php-fpm's www.conf:4`. */
  readonly source: string;
  /** What the configuration says about the pool, where that was read. */
  readonly configuration?: PoolConfiguration | undefined;
}

/** What a target has where nothing else is said. */
export const targetDefaults = { labels: {}, timeout: 3_000, processes: 64 } as const;

/** The kind of an address without a module: URLs of HTTP are httpds, all else is a pool. */
export function kindOf(address: string): TargetKind {
  return /^https?:\/\//i.test(address) ? "apache" : "phpfpm";
}
