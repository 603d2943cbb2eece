/** A key that this program does not know, and its value as the page has it. */
export type OtherField = readonly [key: string, value: string];

/**
 * A PHP-FPM pool, as its status page tells it. What a page lacks is `undefined`: keys came with
 * the versions of PHP, and an OpenMetrics page has no start time. Counters come from shared
 * memory without a lock and drift: nothing here promises that active is at most total, or that
 * total is at most `pm.max_children`.
 */
export interface PoolStatus {
  /** The name of the pool. */
  readonly pool: string | undefined;
  /** `static`, `dynamic` or `ondemand`. */
  readonly processManager: string | undefined;
  /** When the pool was started or reloaded. */
  readonly startTime: Date | undefined;
  /** Seconds since then. */
  readonly startSince: number | undefined;
  /** Requests (not connections) accepted since the start, this page's own included. */
  readonly acceptedConn: number | undefined;
  /** Connections that wait for a worker. Always 0 on unix sockets. */
  readonly listenQueue: number | undefined;
  /** The most connections that waited at once since the start. */
  readonly maxListenQueue: number | undefined;
  /** The size of the queue: its backlog. 0 on unix sockets. */
  readonly listenQueueLen: number | undefined;
  /** Workers without a request. */
  readonly idleProcesses: number | undefined;
  /** Workers with a request, in any state but Idle. */
  readonly activeProcesses: number | undefined;
  /** Idle and active together. */
  readonly totalProcesses: number | undefined;
  /** The most workers that were active at once since the start. */
  readonly maxActiveProcesses: number | undefined;
  /** How many times `pm.max_children` kept the pool from starting a worker. */
  readonly maxChildrenReached: number | undefined;
  /** Requests that took longer than `request_slowlog_timeout`. */
  readonly slowRequests: number | undefined;
  /** The most memory that one request took since the start, in bytes. PHP 8.4 and later. */
  readonly memoryPeak: number | undefined;
  /** Keys that are not known, or that came twice, in the order of the page. */
  readonly other: readonly OtherField[];
  /** In the order of the page, duplicates kept. `undefined` where the page was not asked for them. */
  readonly processes: readonly ProcessStatus[] | undefined;
  /** What does not add up on this page, in sentences. */
  readonly warnings: readonly string[];
  /** Plain data: dates as ISO 8601, and the keys of `fcgi-probe status --format json`. */
  toJSON(): PoolStatusJson;
}

/**
 * A worker of a pool. Its texts come from whoever sent the request, not only from PHP: expect
 * control characters, and markup, in them. Bytes that are not UTF-8 become U+FFFD.
 */
export interface ProcessStatus {
  /** 0 for a place in the list whose process is being created. */
  readonly pid: number;
  /**
   * As the page words it: {@link processState} tells what that means in every version. Where PHP
   * had no word yet and printed `(null)`, it is `Creating`.
   */
  readonly state: string;
  /** `undefined` while the process is being created. */
  readonly startTime: Date | undefined;
  /** Seconds since the worker was started. `undefined` while the process is being created. */
  readonly startSince: number | undefined;
  /** Requests served by this worker. */
  readonly requests: number;
  /**
   * Microseconds: of the request at hand, or, when Idle, of the last one. `undefined` while the
   * process is being created: PHP prints the machine's uptime then.
   */
  readonly requestDuration: number | undefined;
  /** At most 15 bytes; `-` without a request. */
  readonly requestMethod: string;
  /** The script's name, and the query behind a `?`. */
  readonly requestUri: string;
  /** Bytes. Beyond `Number.MAX_SAFE_INTEGER` it is the nearest double. */
  readonly contentLength: number;
  /** PHP_AUTH_USER, at most 31 bytes; `-` where there is none. */
  readonly user: string;
  /** The path of the script, at most 255 bytes; `-` where there is none. */
  readonly script: string;
  /** Percent of one CPU that the last request took. 0 unless Idle; `undefined` in some PHP 5. */
  readonly lastRequestCpu: number | undefined;
  /** The most memory that the last request took, in bytes. 0 unless Idle. */
  readonly lastRequestMemory: number;
  readonly other: readonly OtherField[];
  /** Plain data, dates as ISO 8601. */
  toJSON(): ProcessStatusJson;
}

/** {@link PoolStatus} as plain data. */
export interface PoolStatusJson {
  pool: string | undefined;
  processManager: string | undefined;
  startTime: string | undefined;
  startSince: number | undefined;
  acceptedConn: number | undefined;
  listenQueue: number | undefined;
  maxListenQueue: number | undefined;
  listenQueueLen: number | undefined;
  idleProcesses: number | undefined;
  activeProcesses: number | undefined;
  totalProcesses: number | undefined;
  maxActiveProcesses: number | undefined;
  maxChildrenReached: number | undefined;
  slowRequests: number | undefined;
  memoryPeak?: number;
  processes?: ProcessStatusJson[];
}

/** {@link ProcessStatus} as plain data. */
export interface ProcessStatusJson {
  pid: number;
  state: string;
  startTime: string | undefined;
  startSince: number | undefined;
  requests: number;
  requestDuration: number | undefined;
  requestMethod: string;
  requestUri: string;
  contentLength: number;
  user: string;
  script: string;
  lastRequestCpu: number | undefined;
  lastRequestMemory: number;
}

/** What a worker does. */
export const ProcessState = {
  Idle: "Idle",
  ReadingHeaders: "Reading headers",
  GettingRequestInformation: "Getting request information",
  Running: "Running",
  Ending: "Ending",
  Finishing: "Finishing",
  /** A process that is not there yet: nothing else on its row means anything. */
  Creating: "Creating",
} as const;

export type ProcessState = (typeof ProcessState)[keyof typeof ProcessState];

const states = new Map<string, ProcessState>([
  ...Object.values(ProcessState).map((state) => [state, state] as const),
  // PHP 7.3 and earlier.
  ["Getting request informations", ProcessState.GettingRequestInformation],
  // What printf made of a state without a name, before there was one for it.
  ["(null)", ProcessState.Creating],
]);

/** The state behind the words of any PHP version; `undefined` where they are new. */
export function processState(text: string): ProcessState | undefined {
  return states.get(text);
}
