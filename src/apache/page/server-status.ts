import type { Scoreboard } from "./scoreboard.js";

/** A key that this package does not know, and its value as the page has it. */
export type UnknownField = readonly [key: string, value: string];

/**
 * What `/server-status?auto` says. Which keys a page has depends on httpd's version and settings: a
 * property is `undefined`, never 0, where the page lacks its key. Without `ExtendedStatus On` there
 * are no totals, no CPU times and no rates.
 */
export interface ServerStatus {
  /** The page's first line: the host name of the request. Since httpd 2.4.16. */
  readonly serverName: string | undefined;
  /** Such as `Apache/2.4.66 (Debian) OpenSSL/3.0.17`; ServerTokens may shorten it. */
  readonly serverVersion: string | undefined;
  /** The multi-processing module: `prefork`, `worker`, `event`, `WinNT`… */
  readonly serverMpm: string | undefined;
  /** When httpd was built, as the page has it. */
  readonly serverBuilt: string | undefined;
  /** The server's time, in its time zone: `Friday, 20-Nov-2026 18:36:21 UTC`. */
  readonly currentTime: string | undefined;
  /** When httpd was last restarted, in the same form. */
  readonly restartTime: string | undefined;
  /** How many times httpd has read its configuration. */
  readonly configGeneration: number | undefined;
  /** How many times the multi-processing module has restarted. */
  readonly mpmGeneration: number | undefined;
  /** Seconds since the last restart. */
  readonly uptime: number | undefined;
  /** The uptime in words, `7 minutes 25 seconds`; empty right after a restart. */
  readonly uptimeText: string | undefined;
  /** Load average of the last minute. `undefined` where the system has none (Windows). */
  readonly load1: number | undefined;
  /** Load average of the last 5 minutes. */
  readonly load5: number | undefined;
  /** Load average of the last 15 minutes. */
  readonly load15: number | undefined;
  /** Requests since the restart. */
  readonly totalAccesses: number | undefined;
  /** Bytes sent since the restart, counted by httpd in units of 1,024. */
  readonly totalTraffic: number | undefined;
  /** Milliseconds that all requests took together. Since httpd 2.4.35. */
  readonly totalDuration: number | undefined;
  /** Seconds of CPU time in user mode. */
  readonly cpuUser: number | undefined;
  /** Seconds of CPU time in system mode. */
  readonly cpuSystem: number | undefined;
  /** Seconds of CPU time in user mode, of children that have ended. */
  readonly cpuChildrenUser: number | undefined;
  /** Seconds of CPU time in system mode, of children that have ended. */
  readonly cpuChildrenSystem: number | undefined;
  /** Percent of one CPU since the restart. `undefined` while httpd has used none. */
  readonly cpuLoad: number | undefined;
  /** Requests a second, on average since the restart. */
  readonly requestsPerSecond: number | undefined;
  /** Bytes a second, on average since the restart. */
  readonly bytesPerSecond: number | undefined;
  /** Bytes a request, on average since the restart. */
  readonly bytesPerRequest: number | undefined;
  /** Milliseconds a request, on average since the restart. Since httpd 2.4.35. */
  readonly durationPerRequest: number | undefined;
  /** Slots with a request. httpd counts them at another instant than the scoreboard. */
  readonly busyWorkers: number | undefined;
  /** Slots that finish a request and then end. Since httpd 2.4.58; before, they counted as busy. */
  readonly gracefulWorkers: number | undefined;
  /** Slots that wait for a connection. */
  readonly idleWorkers: number | undefined;
  /** Busy threads as event counts them itself. httpd 2.4.35 to 2.4.57. */
  readonly asyncBusyWorkers: number | undefined;
  /** Idle threads as event counts them itself. httpd 2.4.35 to 2.4.57. */
  readonly asyncIdleWorkers: number | undefined;
  /** Processes of event. Since httpd 2.4.35. */
  readonly processes: number | undefined;
  /** Processes of event that are about to end. Since httpd 2.4.35. */
  readonly stopping: number | undefined;
  /** Connections of event, including those that no thread serves at the moment. */
  readonly connections: number | undefined;
  /** Connections without a thread that wait for I/O. Since httpd 2.4.63. */
  readonly connectionsWaitIo: number | undefined;
  /** Connections without a thread whose response is being written. */
  readonly connectionsWriting: number | undefined;
  /** Connections without a thread that are kept open for the next request. */
  readonly connectionsKeepAlive: number | undefined;
  /** Connections without a thread that are closing. */
  readonly connectionsClosing: number | undefined;
  /** What every slot does. */
  readonly scoreboard: Scoreboard | undefined;
  /** The load balancers, in the order of the page. Empty without `ProxyStatus On`. */
  readonly proxyBalancers: readonly ProxyBalancer[];
  /** The cache of TLS sessions (mod_ssl); `undefined` where the page has none. */
  readonly tlsSessionCache: SharedCache | undefined;
  /** The cache of mod_cache_socache; `undefined` where the page has none. */
  readonly socache: SharedCache | undefined;
  /** The certificates and staplings that mod_md manages, in the order of the page. */
  readonly managed: readonly UnknownField[];
  /** Keys that are not known or that came twice, in the order of the page. */
  readonly other: readonly UnknownField[];
  /** What could not be read on this page, a sentence each. */
  readonly warnings: readonly string[];
}

/** A load balancer of mod_proxy_balancer. */
export interface ProxyBalancer {
  /** Its place in the configuration, counted from 0. */
  readonly index: number;
  /** Its name, such as `balancer://pool1`. */
  readonly name: string | undefined;
  /** Its backends, in the order of the page. */
  readonly workers: readonly ProxyWorker[];
}

/** A backend of a load balancer. */
export interface ProxyWorker {
  /** Its place in the balancer, counted from 0. */
  readonly index: number;
  /** Its URL. */
  readonly name: string | undefined;
  /** Its flags, such as `Init Ok` or `Init Stby Ok`. */
  readonly status: string | undefined;
  /** Requests for which it was chosen. */
  readonly elected: number | undefined;
  /** Requests that it is serving. Since httpd 2.4.35. */
  readonly busy: number | undefined;
  /** Bytes sent to the backend, rounded to 1,024 or more. */
  readonly sent: number | undefined;
  /** Bytes received from the backend, rounded to 1,024 or more. */
  readonly received: number | undefined;
}

/** A cache that processes share (mod_socache_shmcb and others). */
export interface SharedCache {
  /** `SHMCB`; `undefined` for memcached and redis, whose lines are in `other`. */
  readonly type: string | undefined;
  /** Whether httpd could read its state. */
  readonly available: boolean;
  /** Bytes of shared memory. */
  readonly sharedMemory: number | undefined;
  /** Entries in the cache. */
  readonly currentEntries: number | undefined;
  /** Parts that the cache is divided into. */
  readonly subcaches: number | undefined;
  /** The number of entries that fit into the index of each part. */
  readonly indexesPerSubcache: number | undefined;
  /** Seconds until the oldest entries expire, on average over the parts. */
  readonly timeLeftOldestAverage: number | undefined;
  /** Seconds until the oldest entry expires, in the part where that is soonest. */
  readonly timeLeftOldestMinimum: number | undefined;
  /** Seconds until the oldest entry expires, in the part where that is latest. */
  readonly timeLeftOldestMaximum: number | undefined;
  /** Percent of the index in use. */
  readonly indexUsage: number | undefined;
  /** Percent of the cache in use. */
  readonly usage: number | undefined;
  /** Entries stored since the restart. */
  readonly stored: number | undefined;
  /** Entries that replaced others since the restart. */
  readonly replaced: number | undefined;
  /** Entries that expired since the restart. */
  readonly expired: number | undefined;
  /** Entries discarded before they expired, since the restart. */
  readonly discarded: number | undefined;
  /** Look-ups that found an entry, since the restart. */
  readonly retrieveHits: number | undefined;
  /** Look-ups that found none, since the restart. */
  readonly retrieveMisses: number | undefined;
  /** Removals that found an entry, since the restart. */
  readonly removeHits: number | undefined;
  /** Removals that found none, since the restart. */
  readonly removeMisses: number | undefined;
  /** The section's lines that are unknown or repeated, in the order of the page. */
  readonly other: readonly UnknownField[];
}
