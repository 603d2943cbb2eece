/** What a pool's status page tells. Times are milliseconds since 1970 unless they say otherwise. */
export interface PoolCounters {
  pool: string;
  processManager: string;
  startTime: number;
  /** The moment that the page shows. */
  now: number;
  /** Requests accepted. */
  acceptedConn: number;
  listenQueue: number;
  maxListenQueue: number;
  listenQueueLen: number;
  idleProcesses: number;
  activeProcesses: number;
  maxActiveProcesses: number;
  maxChildrenReached: number;
  slowRequests: number;
  /** What the full page adds. */
  processes: readonly ProcessCounters[];
}

export interface ProcessCounters {
  pid: number;
  /** As PHP-FPM spells it: `Idle`, `Running`. */
  state: string;
  startTime: number;
  requests: number;
  /** Microseconds, of the request that runs, else of the last one. */
  requestDuration: number;
  requestMethod: string;
  requestUri: string;
  /** Bytes of the request's body. */
  contentLength: number;
  /** `-` for none. */
  user: string;
  /** `-` for none. */
  script: string;
  /** Per cent of a processor. */
  lastRequestCpu: number;
  /** Bytes. */
  lastRequestMemory: number;
}
