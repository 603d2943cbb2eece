/**
 * What a field holds: how it is read and written, and its unit. `state` is a word of PHP-FPM's own,
 * `uri` a text that JSON pages escape. A `date` is written as access logs do, and on JSON and XML
 * pages as seconds since 1970. Only `percent` has a fraction.
 */
export type FieldType =
  | ("text" | "uri" | "state")
  | "date"
  | ("pid" | "count" | "seconds" | "microseconds" | "bytes" | "percent");

/** A field of PHP-FPM's status page. */
export interface Field {
  /** Its key on text and JSON pages. XML has `-` for the spaces. */
  readonly key: string;
  /** Its key on text pages, where that differs. */
  readonly textKey?: string;
  readonly type: FieldType;
  /** The first minor version of PHP whose pages have it: 8.4 is PHP 8.4. */
  readonly since: number;
  /** A process may lack it in any version of PHP. */
  readonly isOptional?: true;
  readonly metric?: FieldMetric;
  /**
   * Its metric in the modern style, where its name, type or help do not follow from `metric` and the
   * unit; `false` where another metric shows the value.
   */
  readonly modern?: Partial<FieldMetric> | false;
  /** The heading of its column in tables for people. Fields without one are not shown. */
  readonly column?: string;
}

export interface FieldMetric {
  /** Without `phpfpm_`, of a process without `phpfpm_process_`. */
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
}

/** PHP 5.4 began the order of the fields that later versions keep, and add to. */
export const ORDERED_SINCE = 5.4;

const counter = (name: string, help: string): FieldMetric => ({ name, type: "counter", help });
const gauge = (name: string, help: string): FieldMetric => ({ name, type: "gauge", help });

/**
 * The fields of a pool by their names in `PoolStatus`, in the order of the page. The types, the
 * readers, the writers and the metrics are derived from this table, so that a field which PHP adds
 * is one more entry here. The metrics are those of PHP-FPM's OpenMetrics page. A page that is written
 * has the entries up to PHP 5.4, and the later ones for which it is given a value.
 */
export const poolFields = {
  /** The name of the pool. */
  pool: { key: "pool", type: "text", since: 5.3, column: "POOL" },
  /** The process manager: `static`, `dynamic` or `ondemand`. */
  processManager: { key: "process manager", type: "text", since: 5.3, column: "PM" },
  /** The moment at which the pool was started or reloaded. */
  startTime: {
    key: "start time",
    type: "date",
    since: 5.4,
    modern: gauge("start_time", "When the pool was started or reloaded, as Unix time."),
  },
  /** Seconds since the pool was started or reloaded. */
  startSince: {
    key: "start since",
    type: "seconds",
    since: 5.4,
    column: "UPTIME",
    modern: false,
    metric: counter("start_since", "The number of seconds since FPM has started."),
  },
  /** Requests (not connections) accepted since the start, including the one for this page. */
  acceptedConn: {
    key: "accepted conn",
    type: "count",
    since: 5.3,
    column: "REQUESTS",
    metric: counter("accepted_connections", "The number of requests accepted by the pool."),
  },
  /** Connections that wait for a process. Always 0 on unix sockets. */
  listenQueue: {
    key: "listen queue",
    type: "count",
    since: 5.4,
    column: "QUEUE",
    modern: false,
    metric: gauge("listen_queue", "The number of requests in the queue of pending connections."),
  },
  /** The most connections that have waited at once since the start. */
  maxListenQueue: {
    key: "max listen queue",
    type: "count",
    since: 5.4,
    modern: false,
    metric: counter(
      "max_listen_queue",
      "The maximum number of requests in the queue of pending connections since FPM has started.",
    ),
  },
  /** The size of the queue: the backlog of the socket. Always 0 on unix sockets. */
  listenQueueLen: {
    key: "listen queue len",
    type: "count",
    since: 5.4,
    modern: false,
    metric: gauge("listen_queue_length", "The size of the socket queue of pending connections."),
  },
  /** Processes without a request. */
  idleProcesses: {
    key: "idle processes",
    type: "count",
    since: 5.3,
    column: "IDLE",
    modern: false,
    metric: gauge("idle_processes", "The number of idle processes."),
  },
  /** Processes with a request, in any state but Idle. */
  activeProcesses: {
    key: "active processes",
    type: "count",
    since: 5.3,
    column: "ACTIVE",
    modern: false,
    metric: gauge("active_processes", "The number of active processes."),
  },
  /** Idle and active processes together. */
  totalProcesses: {
    key: "total processes",
    type: "count",
    since: 5.3,
    column: "TOTAL",
    modern: false,
    metric: gauge("total_processes", "The number of idle + active processes."),
  },
  /** The most processes that have been active at once since the start. */
  maxActiveProcesses: {
    key: "max active processes",
    type: "count",
    since: 5.4,
    column: "PEAK",
    modern: { name: "active_processes_peak", type: "gauge" },
    metric: counter(
      "max_active_processes",
      "The maximum number of active processes since FPM has started.",
    ),
  },
  /** How many times `pm.max_children` has kept the pool from starting a process. */
  maxChildrenReached: {
    key: "max children reached",
    type: "count",
    since: 5.4,
    column: "MAXED",
    metric: counter(
      "max_children_reached",
      "The number of times, the process limit has been reached, when pm tries to start more children (works only for pm 'dynamic' and 'ondemand').",
    ),
  },
  /** Requests that took longer than `request_slowlog_timeout`. */
  slowRequests: {
    key: "slow requests",
    type: "count",
    since: 5.4,
    column: "SLOW",
    metric: counter(
      "slow_requests",
      "The number of requests that exceeded your 'request_slowlog_timeout' value.",
    ),
  },
  /** The most memory that one request has taken since the start, in bytes. PHP 8.4 and later. */
  memoryPeak: {
    key: "memory peak",
    type: "bytes",
    since: 8.4,
    column: "MEMORY",
    metric: gauge("memory_peak", "The memory usage peak since FPM has started."),
  },
} as const satisfies Record<string, Field>;

/**
 * The fields of a process by their names in `ProcessStatus`, in the order of the page. Those from the
 * method to the script come from the client. The metrics are those of php-fpm_exporter.
 */
export const processFields = {
  /** The process id. 0 for an entry whose process is being created. */
  pid: { key: "pid", type: "pid", since: 5.4, column: "PID" },
  /**
   * The state in the words of the page: `processState` says what they mean in every version of PHP.
   * `Creating` where PHP printed `(null)`, because it had no word for that state yet.
   */
  state: { key: "state", type: "state", since: 5.4, column: "STATE" },
  /** The moment at which the process was started. `undefined` while it is being created. */
  startTime: { key: "start time", type: "date", since: 5.4, isOptional: true },
  /** Seconds since the process was started. `undefined` while it is being created. */
  startSince: { key: "start since", type: "seconds", since: 5.4, isOptional: true },
  /** Requests that this process has served. */
  requests: {
    key: "requests",
    type: "count",
    since: 5.4,
    column: "REQUESTS",
    metric: counter("requests", "Requests that the process has served."),
  },
  /**
   * Microseconds that the current request has taken, or if the process is idle, the last one.
   * `undefined` while the process is being created: PHP prints the machine's uptime then.
   */
  requestDuration: {
    key: "request duration",
    type: "microseconds",
    since: 5.4,
    column: "DURATION",
    isOptional: true,
    modern: { help: "Seconds that the request has taken." },
    metric: gauge("request_duration", "Microseconds that the request has taken."),
  },
  /** The method of the request, at most 15 bytes. `-` without a request. */
  requestMethod: { key: "request method", type: "text", since: 5.4, column: "METHOD" },
  /** The name of the script, and the query after a `?`. `-` without a request. */
  requestUri: {
    key: "request uri",
    textKey: "request URI",
    type: "uri",
    since: 5.4,
    column: "URI",
  },
  /** Bytes of the request's body. Above `Number.MAX_SAFE_INTEGER` it is the nearest double. */
  contentLength: { key: "content length", type: "count", since: 5.4 },
  /** The user of HTTP authentication (PHP_AUTH_USER), at most 31 bytes. `-` if there is none. */
  user: { key: "user", type: "text", since: 5.4, column: "USER" },
  /** The path of the script, at most 255 bytes. `-` if there is none. */
  script: { key: "script", type: "text", since: 5.4, column: "SCRIPT" },
  /**
   * Percent of one CPU that the last request took. 0 unless the process is idle. `undefined` in
   * versions of PHP 5 on systems without `times()`.
   */
  lastRequestCpu: {
    key: "last request cpu",
    type: "percent",
    since: 5.4,
    column: "CPU",
    isOptional: true,
    modern: { help: "CPUs that the last request kept busy: 1 is one CPU." },
    metric: gauge("last_request_cpu", "Percent of a CPU that the last request took."),
  },
  /** The most memory that the last request took, in bytes. 0 unless the process is idle. */
  lastRequestMemory: {
    key: "last request memory",
    type: "bytes",
    since: 5.4,
    column: "MEMORY",
    metric: gauge("last_request_memory", "The most memory, in bytes, that the last request took."),
  },
} as const satisfies Record<string, Field>;

export type PoolFieldName = keyof typeof poolFields;
export type ProcessFieldName = keyof typeof processFields;

/** The entries of a table of fields, in the order of the page. */
export function entriesOf<Name extends string>(
  fields: Readonly<Record<Name, Field>>,
): (readonly [name: Name, field: Field])[] {
  return Object.entries(fields) as [Name, Field][];
}

/** Whether values of a type are strings. */
export function isText(type: FieldType): boolean {
  return type === "text" || type === "uri" || type === "state";
}
