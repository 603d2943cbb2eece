// Over 300 lines: it is one table, with the documentation that users of `startPool` read.
import { type ListenAddress, Protocol } from "../address.js";
import type { ServeOptions } from "../server/options.js";
import type { SocketPermissionOptions } from "../transport/socket-permissions.js";
import { custom, type OptionValue, type PoolOptionSpec } from "./option-types.js";

/** When workers are started and ended, in PHP-FPM's words. */
export const ProcessManager = {
  /** `maxChildren` workers run all the time. */
  Static: "static",
  /** As many workers run as keep the number of idle ones within the spare bounds. */
  Dynamic: "dynamic",
  /** A worker is started when a connection finds none idle, and ends after `processIdleTimeout`. */
  Ondemand: "ondemand",
} as const;
export type ProcessManager = (typeof ProcessManager)[keyof typeof ProcessManager];

/** How connections reach workers. */
export const PoolMode = {
  /** All workers accept connections from one listening socket. */
  Shared: "shared",
  /** The master accepts connections and passes each to a worker that is ready for it. */
  Delegate: "delegate",
} as const;
export type PoolMode = (typeof PoolMode)[keyof typeof PoolMode];

/** The options of workers as servers, see {@link ServeOptions}. In a pool, `idleTimeout` is 60,000. */
export type WorkerServeOptions = Pick<
  ServeOptions,
  | "limits"
  | "multiplex"
  | "headerTimeout"
  | "idleTimeout"
  | "bodyTimeout"
  | "responseTimeout"
  | "writeTimeout"
  | "bodyBuffer"
>;

const protocols: readonly Protocol[] = [
  Protocol.FastCgi,
  Protocol.Scgi,
  Protocol.Uwsgi,
  Protocol.Http,
];

/**
 * Every option of a pool, once. {@link PoolOptions}, the settings that workers get, the checks of
 * `settleOptions`, and the flags and the help of `fcgi-probe serve` are derived from it.
 */
export const poolOptions = {
  /**
   * The path or URL of the module whose default export is the handler: a function, or an object with
   * `fetch`. Messages that the module sends with `process.send` are discarded.
   */
  application: {
    type: custom<string | URL>(),
    isForWorkers: true,
    noFlag: "it is the command's argument",
  },
  /** The address to listen on, or the descriptor of a socket that listens already. */
  listen: {
    type: custom<string | ListenAddress | { fd: number }>(),
    flag: "--listen <ADDR>",
    help: "where to listen",
  },
  /** The protocol that front ends speak to the pool. Default: the address's, or else FastCGI. */
  protocol: {
    type: protocols,
    isForWorkers: true,
    flag: "--protocol <name>",
    help: "fcgi, scgi, uwsgi or http (default: from the address)",
  },
  /** The most workers that run at once. Default: 5. */
  maxChildren: {
    type: "count",
    default: 5,
    least: 1,
    flag: "--workers <n>",
    help: "the most workers that run at once",
  },
  /**
   * The most requests that one worker runs at once. Default: 1, so that every number means what it
   * means in PHP-FPM: `maxChildren` is the number of requests that run at once, and a worker that
   * hangs, crashes or is killed loses one request. Raise it for handlers that wait more than they
   * compute.
   */
  concurrency: {
    type: "count",
    default: 1,
    least: 1,
    isForWorkers: true,
    flag: "--concurrency <n>",
    help: "the most requests that a worker runs at once",
  },
  /** How connections reach workers. Default: `shared`, or `delegate` if `pm` is `ondemand`. */
  mode: {
    type: Object.values(PoolMode),
    isForWorkers: true,
    flag: "--mode <mode>",
    help: "shared: workers accept (default); delegate: the master does",
  },
  /**
   * When workers start and end. Default: `static`. In delegate mode the default is `ondemand` with
   * one worker at the start and a `processIdleTimeout` of 0.
   */
  pm: {
    type: Object.values(ProcessManager),
    flag: "--pm <kind>",
    help: "when workers start: static (default), dynamic or ondemand (default of delegate)",
  },
  /**
   * The number of workers that the pool starts with. Default in a dynamic pool: halfway between
   * `minSpareServers` and `maxSpareServers`; in an ondemand pool: 0, or 1 if `pm` is not given. A static pool ignores it.
   */
  startServers: {
    type: "count",
    flag: "--start-servers <n>",
    help: "workers at the start, if dynamic or ondemand",
  },
  /** The least number of idle workers in a dynamic pool. Default: 1. */
  minSpareServers: {
    type: "count",
    default: 1,
    least: 1,
    flag: "--min-spare <n>",
    help: "the fewest idle workers, if dynamic",
  },
  /** The most idle workers in a dynamic pool. Default: 3, or `maxChildren` if that is less. */
  maxSpareServers: {
    type: "count",
    default: 3,
    least: 1,
    flag: "--max-spare <n>",
    help: "the most idle workers, if dynamic",
  },
  /** The number of requests after which a worker is replaced. Default: 0, which replaces none. */
  maxRequests: {
    type: "count",
    default: 0,
    isForWorkers: true,
    flag: "--max-requests <n>",
    help: "replace a worker after so many requests; 0 is no limit",
  },
  /**
   * Milliseconds after which an idle worker of an ondemand pool ends. Default: 10,000, or 0 if
   * `pm` is not given; 0 ends none.
   */
  processIdleTimeout: {
    type: "milliseconds",
    default: 10_000,
    flag: "--idle-timeout <time>",
    help: "how long an idle worker is kept, if ondemand",
  },
  /**
   * Milliseconds after which the worker of a request is killed, with all other requests that it runs.
   * Default: 0, which kills none.
   */
  requestTerminateTimeout: {
    type: "milliseconds",
    default: 0,
    isForWorkers: true,
    flag: "--terminate-timeout <time>",
    help: "how long a request may take before its worker is killed",
  },
  /**
   * Milliseconds after which a request is written to the slow log, with the JavaScript stack of its
   * worker. Default: 0, which logs none.
   */
  requestSlowlogTimeout: {
    type: "milliseconds",
    default: 0,
    isForWorkers: true,
    flag: "--slowlog-timeout <time>",
    help: "how long a request may take before it is logged as slow",
  },
  /** The slow log's file. Default: slow requests are written to the pool's log. */
  slowlog: {
    type: "text",
    isForWorkers: true,
    flag: "--slowlog <file>",
    help: "the slow log (default: the log)",
  },
  /**
   * Milliseconds that requests may still run when their worker has to end; then it is killed.
   * Default: 60,000, because front ends wait no longer; 0 waits forever.
   */
  drainTimeout: {
    type: "milliseconds",
    default: 60_000,
    isForWorkers: true,
    flag: "--drain-timeout <time>",
    help: "how long workers that end may take to finish requests",
  },
  /**
   * Milliseconds that a worker may take to load the application; then it is killed. Default: 60,000;
   * 0 waits forever.
   */
  startTimeout: {
    type: "milliseconds",
    default: 60_000,
    flag: "--start-timeout <time>",
    help: "how long a worker may take to load the application",
  },
  /**
   * Delegate mode: the most connections that wait in the master for a worker; further ones are
   * refused. Default: 511; 0 refuses connections for which no worker is free.
   */
  queueLimit: {
    type: "count",
    default: 511,
    flag: "--queue-limit <n>",
    help: "delegate: the most connections that wait for a worker",
  },
  /**
   * Delegate mode: milliseconds that a connection may wait for a worker; then it is refused as
   * overload. Default: 30,000; 0 waits forever.
   */
  queueTimeout: {
    type: "milliseconds",
    default: 30_000,
    flag: "--queue-timeout <time>",
    help: "delegate: how long a connection may wait",
  },
  /**
   * Delegate mode: whether all connections of a session go to the same worker. The session is the
   * value of the cookie `session`, else X-Forwarded-For, else REMOTE_ADDR, of the connection's first
   * request: the front end must not keep connections. A worker that sets the cookie has its session
   * from then on. Default: false.
   */
  affinity: {
    type: "boolean",
    default: false,
    isForWorkers: true,
    flag: "--affinity",
    help: "delegate: a session's connections go to one worker",
  },
  /**
   * Whether workers make `Request` and `Response` objects that create their parts on demand (see
   * `ServeOptions.lazyFetch`): small requests take a quarter to two thirds of the CPU. Default: true.
   */
  lazyFetch: {
    type: "boolean",
    default: true,
    isForWorkers: true,
    flag: "--no-lazy-fetch",
    help: "use Node's own Request and Response in workers",
  },
  /**
   * The path at which workers serve the pool's status page, as PHP-FPM's `pm.status_path`: letters,
   * digits and `/_-.~`. It is compared with REQUEST_URI, as the client wrote it. Default: no page.
   */
  statusPath: {
    type: "text",
    isForWorkers: true,
    flag: "--status-path <path>",
    help: "serve the pool's status page at this path",
  },
  /** The path at which workers serve the ping page, as PHP-FPM's `ping.path`. Default: no page. */
  pingPath: {
    type: "text",
    isForWorkers: true,
    flag: "--ping-path <path>",
    help: "answer pings at this path",
  },
  /** The text of the ping page, as PHP-FPM's `ping.response`. Default: `pong`. */
  pingResponse: {
    type: "text",
    default: "pong",
    isForWorkers: true,
    flag: "--ping-response <text>",
    help: "the answer to a ping (default: pong)",
  },
  /**
   * An address at which the master itself serves both pages, as PHP-FPM's `pm.status_listen`: it
   * answers when all workers are busy. Default: none.
   */
  statusListen: {
    type: custom<string | ListenAddress>(),
    flag: "--status-listen <ADDR>",
    help: "a second address for status and pings, which answers while workers are busy",
  },
  /** The pool's name on its status page and in its log. Default: the name of the module's file. */
  name: {
    type: "text",
    isForWorkers: true,
    flag: "--name <name>",
    help: "the pool's name (default: the module's)",
  },
  /** The most connections that wait in the kernel to be accepted. Default: 511. */
  backlog: {
    type: "count",
    default: 511,
    least: 1,
    isForWorkers: true,
    flag: "--backlog <n>",
    help: "the most connections that wait in the kernel",
  },
  // The three of SocketPermissionOptions, which documents them.
  socketOwner: {
    type: custom<SocketPermissionOptions["socketOwner"]>(),
    flag: "--socket-owner <user>",
    help: "the unix socket's owner: a name, or a number",
  },
  socketGroup: {
    type: custom<SocketPermissionOptions["socketGroup"]>(),
    flag: "--socket-group <group>",
    help: "the unix socket's group: a name, or a number",
  },
  socketMode: {
    type: custom<SocketPermissionOptions["socketMode"]>(),
    flag: "--socket-mode <mode>",
    help: "the unix socket's mode (default: 0660 with an owner or a group)",
  },
  /**
   * The user that workers run as, by name or number. Only root can choose another than its own.
   * Default: the user of this process.
   */
  user: {
    type: custom<string | number>(),
    flag: "--user <user>",
    help: "run workers as this user, if started by root",
  },
  /** The group that workers run as, by name or number. Default: the group of `user`. */
  group: {
    type: custom<string | number>(),
    flag: "--group <group>",
    help: "run workers as this group (default: the user's)",
  },
  /**
   * A file that holds the master's process id from when the pool is ready until it ends. A symbolic
   * link is not followed. Default: none.
   */
  pidFile: {
    type: "text",
    flag: "--pid-file <file>",
    help: "write the master's process id to this file",
  },
  /**
   * The pool's log: a file, which `reopenLogs` opens again, or a function that is called with each
   * line. Default: standard error.
   */
  log: {
    type: custom<string | ((line: string) => void)>(),
    flag: "--log <file>",
    help: "the log (default: standard error)",
  },
  /** Limits and timeouts of the workers as servers. */
  serve: {
    type: custom<WorkerServeOptions>(),
    isForWorkers: true,
    noFlag: "the command has a flag for one part of it, --multiplex",
  },
  /** Ends the start when it aborts. It is ignored once the pool is ready. */
  signal: { type: custom<AbortSignal>(), noFlag: "the command is ended by signals of the system" },
  /** The environment of the workers. Default: the environment of this process. */
  env: {
    type: custom<Readonly<Record<string, string | undefined>>>(),
    noFlag: "the command's own environment is passed on",
  },
  /** Arguments for the workers' Node. Default: the arguments of this process's Node. */
  execArgv: {
    type: custom<readonly string[]>(),
    noFlag: "the arguments of the command's own Node are passed on",
  },
} as const satisfies Record<string, PoolOptionSpec>;

type PoolOptionTable = typeof poolOptions;
export type PoolOptionName = keyof PoolOptionTable;

/** The options that every pool needs. Each keeps the documentation of its entry in the table. */
export type RequiredPoolOptions = {
  -readonly [Name in keyof typeof poolOptions as Extract<
    Name,
    "application" | "listen"
  >]: OptionValue<(typeof poolOptions)[Name]>;
};

/** The options of the table that may be left out. */
export type OptionalPoolOptions = {
  -readonly [Name in keyof typeof poolOptions as Exclude<
    Name,
    keyof RequiredPoolOptions | keyof SocketPermissionOptions
  >]?: OptionValue<(typeof poolOptions)[Name]> | undefined;
};

/**
 * Options of `startPool`. Times are milliseconds.
 *
 * A pool isolates requests and uses several processors, and pays for that with CPU: a worker that
 * runs one request at a time pauses accepting for each, and records it on the scoreboard, which takes
 * 12 system calls a request where `serve` takes 7. Workers that are half idle sleep between requests
 * besides. On two processors, two workers made 0.88 of the requests of one process whose handler
 * computes for 50 µs, 1.1 times as many for 200 µs and 1.7 times as many for 1 ms. For handlers that
 * are quicker than 0.15 ms, or that mostly wait, use `serve`, or raise `concurrency`.
 */
export interface PoolOptions
  extends RequiredPoolOptions,
    OptionalPoolOptions,
    SocketPermissionOptions {}

/** Options as given, or with the default that the table has for them. */
export type DefaultedOptions = {
  -readonly [Name in PoolOptionName]: PoolOptionTable[Name] extends { default: unknown }
    ? OptionValue<PoolOptionTable[Name]>
    : OptionValue<PoolOptionTable[Name]> | undefined;
};

/** The names of the options that worker processes get. */
export type WorkerOptionName = {
  [Name in PoolOptionName]: PoolOptionTable[Name] extends { isForWorkers: true } ? Name : never;
}[PoolOptionName];
