import type { ProxyBalancer, ProxyWorker, SharedCache, UnknownField } from "./server-status.js";

/** The lines that modules add to `/server-status?auto`: balancers, caches and certificates. */

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type MutableBalancerWorker = Mutable<ProxyWorker>;
type MutableBalancer = Mutable<ProxyBalancer> & { readonly workers: MutableBalancerWorker[] };
type MutableCache = Mutable<SharedCache> & { readonly other: UnknownField[] };

/** What is read from a page in addition to the fields of {@link statusFields}. */
export class StatusSections {
  serverName: string | undefined = undefined;
  asyncBusyWorkers: number | undefined = undefined;
  asyncIdleWorkers: number | undefined = undefined;
  readonly proxyBalancers: MutableBalancer[] = [];
  tlsSessionCache: MutableCache | undefined = undefined;
  socache: MutableCache | undefined = undefined;
  readonly managed: UnknownField[] = [];
  readonly other: UnknownField[] = [];
  readonly warnings: string[] = [];
}

const balancerKey =
  /^ProxyBalancer\[(\d{1,9})\](?:Name|Worker\[(\d{1,9})\](Name|Status|Elected|Busy|Sent|Rcvd))$/;

/** Reads a line of mod_proxy_balancer; `false` if it is not one. */
export function readBalancerField(
  balancers: MutableBalancer[],
  key: string,
  value: string,
): boolean {
  if (!key.startsWith("ProxyBalancer[")) return false;
  const match = balancerKey.exec(key);
  if (match === null) return false;
  const [, balancerIndex, workerIndex, name] = match;
  const balancer = balancerOf(balancers, Number(balancerIndex));
  if (workerIndex === undefined) {
    balancer.name = value;
    return true;
  }
  const worker = workerOf(balancer, Number(workerIndex));
  switch (name) {
    case "Name":
      worker.name = value;
      break;
    case "Status":
      worker.status = value.trimEnd();
      break;
    case "Elected":
      worker.elected = count(value);
      break;
    case "Busy":
      worker.busy = count(value);
      break;
    case "Sent":
      worker.sent = parseTraffic(value);
      break;
    case "Rcvd":
      worker.received = parseTraffic(value);
  }
  return true;
}

/** The lines of one balancer follow each other, and so do those of one worker. */
function balancerOf(balancers: MutableBalancer[], index: number): MutableBalancer {
  const last = balancers.at(-1);
  if (last?.index === index) return last;
  const balancer: MutableBalancer = { index, name: undefined, workers: [] };
  balancers.push(balancer);
  return balancer;
}

function workerOf(balancer: MutableBalancer, index: number): MutableBalancerWorker {
  const last = balancer.workers.at(-1);
  if (last?.index === index) return last;
  const worker: MutableBalancerWorker = {
    index,
    name: undefined,
    status: undefined,
    elected: undefined,
    busy: undefined,
    sent: undefined,
    received: undefined,
  };
  balancer.workers.push(worker);
  return worker;
}

/** httpd can count busy requests below zero, and prints them as 2^64 - n. They are read as 0. */
function count(text: string): number | undefined {
  if (!/^\d{1,20}$/.test(text)) return undefined;
  return Number(text) < 2 ** 63 ? Number(text) : 0;
}

const units = "KMGTPE";

/**
 * Reads a size such as `4K`, in bytes, and the forms of httpd 2.4.16 to 2.4.34 (`5.5M`, ` 12K`,
 * `  0 `). `  - `, which APR prints for negative sizes, is `undefined`.
 */
export function parseTraffic(text: string): number | undefined {
  const match = /^\s*(\d{1,20}(?:\.\d{1,9})?)\s*([KMGTPE]?)\s*$/i.exec(text);
  if (match === null) return undefined;
  const [, number, unit = ""] = match;
  const power = unit === "" ? 0 : units.indexOf(unit.toUpperCase()) + 1;
  return Number(number) * 1024 ** power;
}

type CacheProperty = Exclude<keyof SharedCache, "type" | "available" | "other">;

/** A line of a cache that has a number: its key, its property, and its metric. */
export interface CacheField {
  readonly key: string;
  readonly property: CacheProperty;
  /** The name of the metric without `apache_tls_session_cache_`; `undefined` where there is none. */
  readonly metric?: string;
  readonly help?: string;
}

/** In the order of the page. */
export const cacheFields: readonly CacheField[] = [
  {
    key: "CacheSharedMemory",
    property: "sharedMemory",
    metric: "shared_memory_bytes",
    help: "Bytes of shared memory of the cache.",
  },
  {
    key: "CacheCurrentEntries",
    property: "currentEntries",
    metric: "current_entries",
    help: "TLS sessions in the cache.",
  },
  { key: "CacheSubcaches", property: "subcaches" },
  { key: "CacheIndexesPerSubcaches", property: "indexesPerSubcache" },
  { key: "CacheTimeLeftOldestAvg", property: "timeLeftOldestAverage" },
  { key: "CacheTimeLeftOldestMin", property: "timeLeftOldestMinimum" },
  { key: "CacheTimeLeftOldestMax", property: "timeLeftOldestMaximum" },
  {
    key: "CacheIndexUsage",
    property: "indexUsage",
    metric: "index_usage_percent",
    help: "Percent of the cache's index in use.",
  },
  {
    key: "CacheUsage",
    property: "usage",
    metric: "usage_percent",
    help: "Percent of the cache in use.",
  },
  {
    key: "CacheStoreCount",
    property: "stored",
    metric: "stores_total",
    help: "TLS sessions that were stored.",
  },
  {
    key: "CacheReplaceCount",
    property: "replaced",
    metric: "replaces_total",
    help: "TLS sessions that replaced others.",
  },
  {
    key: "CacheExpireCount",
    property: "expired",
    metric: "expires_total",
    help: "TLS sessions that expired.",
  },
  {
    key: "CacheDiscardCount",
    property: "discarded",
    metric: "discards_total",
    help: "TLS sessions that were discarded before they expired.",
  },
  {
    key: "CacheRetrieveHitCount",
    property: "retrieveHits",
    metric: "retrieve_hits_total",
    help: "TLS sessions that were found.",
  },
  {
    key: "CacheRetrieveMissCount",
    property: "retrieveMisses",
    metric: "retrieve_misses_total",
    help: "TLS sessions that were not found.",
  },
  {
    key: "CacheRemoveHitCount",
    property: "removeHits",
    metric: "remove_hits_total",
    help: "Removals of TLS sessions that were in the cache.",
  },
  {
    key: "CacheRemoveMissCount",
    property: "removeMisses",
    metric: "remove_misses_total",
    help: "Removals of TLS sessions that were not in the cache.",
  },
];

const cacheProperties = new Map(cacheFields.map(({ key, property }) => [key, property]));
const noCacheNumbers = Object.fromEntries(
  cacheFields.map(({ property }) => [property, undefined]),
) as Record<CacheProperty, undefined>;

/** Begins the section of a cache if a line is its title; otherwise returns `undefined`. */
export function beginCache(line: string, sections: StatusSections): MutableCache | undefined {
  if (line !== "TLSSessionCacheStatus" && line !== "ModCacheSocacheStatus") return undefined;
  const cache: MutableCache = { type: undefined, available: true, ...noCacheNumbers, other: [] };
  if (line === "TLSSessionCacheStatus") sections.tlsSessionCache ??= cache;
  else sections.socache ??= cache;
  return cache;
}

/** Reads a line of a cache; `false` if it is not one, or repeats one. */
export function readCacheField(cache: MutableCache, key: string, value: string): boolean {
  if (key === "CacheType" && cache.type === undefined) {
    cache.type = value;
    return true;
  }
  const property = cacheProperties.get(key);
  if (property === undefined || cache[property] !== undefined) return false;
  if (!/^\d{1,20}%?$/.test(value)) return false;
  cache[property] = Number.parseInt(value, 10);
  return true;
}

/** Whether a key is one of mod_md's. */
export function isManaged(key: string): boolean {
  return /^Managed(?:Certificates|Domain|Stapling)/.test(key);
}

/** Where the next line should begin: mod_md leaves out some of its newlines. */
const glued =
  /(?=Managed(?:Certificates[A-Z]|Staplings[A-Z]|Domain\[\d|Stapling\[\d)|(?:TLSSessionCache|ModCacheSocache)Status$)/;

/** The fields in a line of mod_md, and the title of the next section if the line contains it. */
export function splitManaged(
  key: string,
  value: string,
): { fields: UnknownField[]; title: string | undefined } {
  const fields: UnknownField[] = [];
  let title: string | undefined;
  for (const line of `${key}: ${value}`.split(glued)) {
    const colon = line.indexOf(":");
    if (colon < 0) title = line;
    else fields.push([line.slice(0, colon), line.slice(colon + 1).trim()]);
  }
  return { fields, title };
}
