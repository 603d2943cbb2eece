import type { SharedCache } from "../apache/page/server-status.js";
import type { Metric } from "./exposition.js";
import type { StatusMetric } from "./status-metric.js";

type CacheNumber = {
  [Key in keyof SharedCache]: SharedCache[Key] extends number | undefined ? Key : never;
}[keyof SharedCache];

type Row = readonly [name: string, type: Metric["type"], field: CacheNumber, help: string];

const rows: readonly Row[] = [
  ["current_entries", "gauge", "currentEntries", "TLS sessions in the cache."],
  ["discards_total", "counter", "discarded", "TLS sessions that were discarded unread."],
  ["expires_total", "counter", "expired", "TLS sessions that expired."],
  ["index_usage_percent", "gauge", "indexUsage", "Percent of the cache's index in use."],
  ["remove_hits_total", "counter", "removeHits", "Removals of TLS sessions that were there."],
  ["remove_misses_total", "counter", "removeMisses", "Removals of TLS sessions that were not."],
  ["replaces_total", "counter", "replaced", "TLS sessions that replaced others."],
  ["retrieve_hits_total", "counter", "retrieveHits", "TLS sessions that were found."],
  ["retrieve_misses_total", "counter", "retrieveMisses", "TLS sessions that were not found."],
  ["shared_memory_bytes", "gauge", "sharedMemory", "The size of the cache."],
  ["stores_total", "counter", "stored", "TLS sessions that were stored."],
  ["usage_percent", "gauge", "usage", "Percent of the cache in use."],
];

/** The cache of TLS sessions, of which apache_exporter tells nothing. */
export const tlsCacheMetrics: readonly StatusMetric[] = rows.map(([name, type, field, help]) => ({
  name: `apache_tls_session_cache_${name}`,
  type,
  help,
  samples: ({ tlsSessionCache }) => [[{}, tlsSessionCache?.[field]]],
}));
