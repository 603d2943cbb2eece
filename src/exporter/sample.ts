import type { ServerStatus } from "../apache/page/server-status.js";
import type { GatewayError } from "../errors.js";
import type { Diagnosis } from "../phpfpm/diagnosis.js";
import type { OpcacheStatus } from "../phpfpm/opcache.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import type { FailureReason } from "./failure-reason.js";
import type { ScrapeTarget } from "./target.js";

/** What one scrape of a target gave: a status, or an error. */
export interface Scrape<Status> {
  readonly target: ScrapeTarget;
  readonly status: Status | undefined;
  readonly error: GatewayError | undefined;
  /** Why there is no status. `undefined` if there is one. */
  readonly reason: FailureReason | undefined;
  /** When the scrape ended, in milliseconds since 1970. */
  readonly time: number;
  /** Milliseconds that the scrape took. */
  readonly elapsed: number;
  /** How many scrapes of the target have failed since the exporter has known it. */
  readonly failures: number;
  /** Since when the exporter has known the target, in milliseconds since 1970. */
  readonly knownSince?: number | undefined;
}

/** The accept queue of a pool's socket. What is unknown is `undefined`. */
export interface PoolQueue {
  /** Connections that wait to be accepted. */
  readonly waiting: number;
  /** Connections of these whose client has closed. */
  readonly abandoned?: number | undefined;
  /** How many connections may wait: the lower of `listen.backlog` and the system's limit. */
  readonly limit?: number | undefined;
}

export interface PoolSample extends Scrape<PoolStatus> {
  readonly kind: "phpfpm";
  /** The name of the pool: the last one that was read, or empty before the first success. */
  readonly pool: string;
  /** The accept queue, where the kernel shows it. */
  readonly queue?: PoolQueue | undefined;
  /** What is wrong with the pool. */
  readonly diagnoses?: readonly Diagnosis[] | undefined;
  /** OPcache and the realpath cache, where a script of the pool was asked for them. */
  readonly opcache?: OpcacheStatus | undefined;
  /** Why there is no `opcache`, although a script was asked. */
  readonly opcacheError?: GatewayError | undefined;
}

export interface ApacheSample extends Scrape<ServerStatus> {
  readonly kind: "apache";
}

/** What is known of a target: the result of its last scrape. */
export type Sample = PoolSample | ApacheSample;
