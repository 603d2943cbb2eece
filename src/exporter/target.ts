import { shownUrl } from "../apache/fetch/status-url.js";
import type { PoolConfiguration } from "../discovery/pool-configuration.js";

/** What a target is: a PHP-FPM pool, or an Apache httpd. */
export type TargetKind = "phpfpm" | "apache";

/** How the status page of an httpd is requested. */
export interface HttpSettings {
  /** The host name of the request. Default: the host of the URL. */
  readonly host?: string | undefined;
  /** More header fields. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Whether to accept any certificate, with any name. Default: false. */
  readonly insecure?: boolean | undefined;
  /** Whether to follow redirects to the same server. Default: true. */
  readonly redirects?: boolean | undefined;
}

/** One pool or one httpd that the exporter reads. */
export interface ScrapeTarget {
  /** The address as it was written. It is the label `scrape_uri`, and unique in an exporter. */
  readonly address: string;
  readonly kind: TargetKind;
  /**
   * The address to connect to, with the path of the page, where it is not {@link address}: one whose
   * host name is resolved. Default: `address`.
   */
  readonly connectTo?: string | undefined;
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
  /** The path of `opcache.php` as the pool sees it. Default: OPcache is not read. */
  readonly opcache?: string | undefined;
  /** How the page of an httpd is requested. Pools have none. */
  readonly http?: HttpSettings | undefined;
}

/** What a target has where nothing else is said. */
export const targetDefaults = { labels: {}, timeout: 3_000, processes: 64 } as const;

/** The kind of an address without a module: URLs of HTTP are httpds, all else is a pool. */
export function kindOf(address: string): TargetKind {
  return /^https?:\/\//i.test(address) ? "apache" : "phpfpm";
}

/** The address for logs and pages: without the password of a URL. */
export function shownAddress({ kind, address }: Pick<ScrapeTarget, "kind" | "address">): string {
  return kind === "apache" ? shownUrl(address) : address;
}

/** An address without a target for logs and messages: {@link shownAddress}. */
export function shownText(address: string): string {
  return shownAddress({ kind: kindOf(address), address });
}

/** The address of a page of a pool. */
export function pageAddress(listen: string, path: string): string {
  return listen.startsWith("unix:") ? `${listen}:${path}` : `${listen}${path}`;
}
