import type { Scoreboard } from "./scoreboard.js";

/** A key that this program does not know, and its value as the page has it. */
export type UnknownField = readonly [key: string, value: string];

/**
 * What httpd tells of itself on `/server-status?auto`. Keys came with its versions, and went with
 * its settings: what a page lacks is `undefined`, never 0. Without `ExtendedStatus On` there are
 * no totals, no CPU times and no rates.
 */
export interface ServerStatus {
  /** The page's first line: the name that the server was asked by. 2.4.16 and later. */
  readonly serverName: string | undefined;
  /** Such as `Apache/2.4.66 (Debian) OpenSSL/3.0.17`, as far as ServerTokens lets it show. */
  readonly serverVersion: string | undefined;
  /** `prefork`, `worker`, `event`, `WinNT`… */
  readonly serverMpm: string | undefined;
  readonly serverBuilt: string | undefined;
  /** As the page has it, in the server's time zone: `Friday, 20-Nov-2026 18:36:21 UTC`. */
  readonly currentTime: string | undefined;
  readonly restartTime: string | undefined;
  /** How many times the configuration was read. */
  readonly configGeneration: number | undefined;
  readonly mpmGeneration: number | undefined;
  /** Seconds since the restart. */
  readonly uptime: number | undefined;
  /** In words: `7 minutes 25 seconds`; empty right after a restart. */
  readonly uptimeText: string | undefined;
  /** Load average of 1, 5 and 15 minutes. `undefined` where the system has none (Windows). */
  readonly load1: number | undefined;
  readonly load5: number | undefined;
  readonly load15: number | undefined;
  /** Requests since the restart. */
  readonly totalAccesses: number | undefined;
  /** Bytes sent since the restart. httpd counts them in units of 1,024. */
  readonly totalTraffic: number | undefined;
  /** Milliseconds that all requests took together. 2.4.35 and later. */
  readonly totalDuration: number | undefined;
  /** Seconds of CPU time. */
  readonly cpuUser: number | undefined;
  readonly cpuSystem: number | undefined;
  readonly cpuChildrenUser: number | undefined;
  readonly cpuChildrenSystem: number | undefined;
  /** Percent of one CPU since the restart. httpd leaves it out while it has used none. */
  readonly cpuLoad: number | undefined;
  /** Averages since the restart. */
  readonly requestsPerSecond: number | undefined;
  readonly bytesPerSecond: number | undefined;
  readonly bytesPerRequest: number | undefined;
  /** Milliseconds. 2.4.35 and later. */
  readonly durationPerRequest: number | undefined;
  /** Slots with a request. They were counted at another instant than the scoreboard's. */
  readonly busyWorkers: number | undefined;
  /** Slots that finish a request before they end. 2.4.58 and later; before, they were busy. */
  readonly gracefulWorkers: number | undefined;
  readonly idleWorkers: number | undefined;
  /** What event counted a second time, in another way, from 2.4.35 to 2.4.57. */
  readonly asyncBusyWorkers: number | undefined;
  readonly asyncIdleWorkers: number | undefined;
  /** Processes, and those of them that are about to end. event, 2.4.35 and later. */
  readonly processes: number | undefined;
  readonly stopping: number | undefined;
  /** event: connections, and those of them that no thread has at the moment. */
  readonly connections: number | undefined;
  /** 2.4.63 and later. */
  readonly connectionsWaitIo: number | undefined;
  readonly connectionsWriting: number | undefined;
  readonly connectionsKeepAlive: number | undefined;
  readonly connectionsClosing: number | undefined;
  readonly scoreboard: Scoreboard | undefined;
  /** In the order of the page. Needs `ProxyStatus On`. */
  readonly proxyBalancers: readonly ProxyBalancer[];
  /** The cache of TLS sessions (mod_ssl). */
  readonly tlsSessionCache: SharedCache | undefined;
  /** The cache of mod_cache_socache. */
  readonly socache: SharedCache | undefined;
  /** The certificates and staplings that mod_md manages, in the order of the page. */
  readonly managed: readonly UnknownField[];
  /** Keys that are not known, or that came twice, in the order of the page. */
  readonly other: readonly UnknownField[];
  /** What could not be read on this page, in sentences. */
  readonly warnings: readonly string[];
}

/** A load balancer of mod_proxy_balancer. */
export interface ProxyBalancer {
  /** Its place in the configuration. */
  readonly index: number;
  /** Such as `balancer://pool1`. */
  readonly name: string | undefined;
  readonly workers: readonly ProxyWorker[];
}

export interface ProxyWorker {
  readonly index: number;
  /** Its URL. */
  readonly name: string | undefined;
  /** Its flags, such as `Init Ok` or `Init Stby Ok`. */
  readonly status: string | undefined;
  /** Requests that it was chosen for. */
  readonly elected: number | undefined;
  /** Requests that it has at the moment. 2.4.35 and later. */
  readonly busy: number | undefined;
  /** Bytes sent to the backend, and received from it: exact to a unit of 1,024 at best. */
  readonly sent: number | undefined;
  readonly received: number | undefined;
}

/** A cache that processes share (mod_socache_shmcb and others). */
export interface SharedCache {
  /** `SHMCB`; `undefined` for memcached and redis, whose lines are among the others. */
  readonly type: string | undefined;
  /** Whether httpd could look into it. */
  readonly available: boolean;
  /** Bytes. */
  readonly sharedMemory: number | undefined;
  readonly currentEntries: number | undefined;
  readonly subcaches: number | undefined;
  readonly indexesPerSubcache: number | undefined;
  /** Seconds until the oldest entries expire. */
  readonly timeLeftOldestAverage: number | undefined;
  readonly timeLeftOldestMinimum: number | undefined;
  readonly timeLeftOldestMaximum: number | undefined;
  /** Percent. */
  readonly indexUsage: number | undefined;
  readonly usage: number | undefined;
  /** Counted since the restart. */
  readonly stored: number | undefined;
  readonly replaced: number | undefined;
  readonly expired: number | undefined;
  readonly discarded: number | undefined;
  readonly retrieveHits: number | undefined;
  readonly retrieveMisses: number | undefined;
  readonly removeHits: number | undefined;
  readonly removeMisses: number | undefined;
  readonly other: readonly UnknownField[];
}
