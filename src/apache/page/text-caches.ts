import { SharedCacheRecord, type StatusSections } from "./status-record.js";

type CacheNumber = Exclude<keyof SharedCacheRecord, "type" | "available" | "other">;

const cacheNumbers: ReadonlyMap<string, CacheNumber> = new Map<string, CacheNumber>([
  ["CacheSharedMemory", "sharedMemory"],
  ["CacheCurrentEntries", "currentEntries"],
  ["CacheSubcaches", "subcaches"],
  ["CacheIndexesPerSubcaches", "indexesPerSubcache"],
  ["CacheTimeLeftOldestAvg", "timeLeftOldestAverage"],
  ["CacheTimeLeftOldestMin", "timeLeftOldestMinimum"],
  ["CacheTimeLeftOldestMax", "timeLeftOldestMaximum"],
  ["CacheIndexUsage", "indexUsage"],
  ["CacheUsage", "usage"],
  ["CacheStoreCount", "stored"],
  ["CacheReplaceCount", "replaced"],
  ["CacheExpireCount", "expired"],
  ["CacheDiscardCount", "discarded"],
  ["CacheRetrieveHitCount", "retrieveHits"],
  ["CacheRetrieveMissCount", "retrieveMisses"],
  ["CacheRemoveHitCount", "removeHits"],
  ["CacheRemoveMissCount", "removeMisses"],
]);

/** Begins the section that a line without a colon is the title of; `undefined` where it is none. */
export function sectionOf(line: string, sections: StatusSections): SharedCacheRecord | undefined {
  const cache = new SharedCacheRecord();
  switch (line) {
    case "TLSSessionCacheStatus":
      sections.tlsSessionCache ??= cache;
      return cache;
    case "ModCacheSocacheStatus":
      sections.socache ??= cache;
      return cache;
    default:
      return undefined;
  }
}

/** Reads a line of a cache; `false` where it is none, or repeats one. */
export function readCacheField(cache: SharedCacheRecord, key: string, value: string): boolean {
  if (key === "CacheType" && cache.type === undefined) {
    cache.type = value;
    return true;
  }
  const name = cacheNumbers.get(key);
  if (name === undefined || cache[name] !== undefined) return false;
  if (!/^\d{1,20}%?$/.test(value)) return false;
  cache[name] = Number.parseInt(value, 10);
  return true;
}
