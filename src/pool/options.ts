import { basename, extname } from "node:path";
import { fileURLToPath } from "node:url";
import { type ListenAddress, Protocol } from "../address.js";
import type { ServeOptions } from "../server/options.js";
import { parseListenAddress } from "../transport/listen-address.js";
import {
  type FilePermissions,
  filePermissions,
  type SocketPermissionOptions,
} from "../transport/socket-permissions.js";
import { type Identity, identityOf, isRootByDefault } from "./identity.js";
import { moduleUrl } from "./load-application.js";
import { checkNumbers, whole, wrong } from "./option-checks.js";

/** When workers are started and ended, in PHP-FPM's words. */
export const ProcessManager = {
  /** Always `maxChildren`. */
  Static: "static",
  /** From `startServers` on, so many that the idle ones are within the spare bounds. */
  Dynamic: "dynamic",
  /** When a connection finds none idle; ended after `processIdleTimeout`. */
  Ondemand: "ondemand",
} as const;
export type ProcessManager = (typeof ProcessManager)[keyof typeof ProcessManager];

/** How connections come to workers. */
export const PoolMode = {
  /** Workers accept on one socket: whoever grabs it. */
  Shared: "shared",
  /** The master accepts, and passes the connection to a worker that said it is ready. */
  Delegate: "delegate",
} as const;
export type PoolMode = (typeof PoolMode)[keyof typeof PoolMode];

/** What workers do as servers, see {@link ServeOptions}. */
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

/** Times are milliseconds; 0 is for ever, or never. */
export interface PoolOptions extends SocketPermissionOptions {
  /**
   * The module whose default export is the handler: a function, or an object with `fetch`. Messages
   * that it sends by `process.send` reach no process.
   */
  application: string | URL;
  /** An address, or a descriptor that listens already. */
  listen: string | ListenAddress | { fd: number };
  /** Default: what the address says, else FastCGI. */
  protocol?: Protocol | undefined;
  /** The pool's name on its status page and in its log. Default: that of the module's file. */
  name?: string | undefined;
  /** Default `shared`; `delegate` for ondemand, because somebody has to accept. */
  mode?: PoolMode | undefined;
  /**
   * Default `static`. In delegate mode it is `ondemand`, with one worker at the start and none
   * ended for being idle.
   */
  pm?: ProcessManager | undefined;
  /** Workers at most. Default 5. */
  maxChildren?: number | undefined;
  /** Workers at the start of a dynamic pool: halfway between the spare bounds; ondemand: 0. */
  startServers?: number | undefined;
  /** Idle workers that a dynamic pool has at least. Default 1. */
  minSpareServers?: number | undefined;
  /** Idle workers that a dynamic pool has at most. Default 3, or `maxChildren` if less. */
  maxSpareServers?: number | undefined;
  /** Requests after which a worker is replaced. Default 0: never. */
  maxRequests?: number | undefined;
  /** After which an idle worker of an ondemand pool ends. Default 10,000. */
  processIdleTimeout?: number | undefined;
  /** After which the worker of a request is killed, and others that it has with it. Default 0. */
  requestTerminateTimeout?: number | undefined;
  /** After which a request is written to the slow log, with the stack of its worker. Default 0. */
  requestSlowlogTimeout?: number | undefined;
  /** The slow log's file. Default: the pool's log. */
  slowlog?: string | undefined;
  /**
   * Requests that one worker runs at once. Default 1, so that all numbers mean what they mean in
   * PHP-FPM: `maxChildren` is what runs at once, and a worker that hangs, crashes or is killed
   * takes one request along. Raise it for handlers that wait more than they compute.
   */
  concurrency?: number | undefined;
  /** Connections that may wait in the master for a worker; further ones are refused. Default 511. */
  queueLimit?: number | undefined;
  /** That a connection may wait there, before it is refused as overload. Default 30,000. */
  queueTimeout?: number | undefined;
  /**
   * Delegate mode: connections of one session go to one worker. The session is the value of the
   * cookie `session`, else X-Forwarded-For, else REMOTE_ADDR, of a connection's first request.
   */
  affinity?: boolean | undefined;
  /**
   * Where workers serve the pool's status page, as PHP-FPM's `pm.status_path`: a path of letters,
   * digits and `/_-.~`, compared with what the client has written (REQUEST_URI). Default: nowhere.
   */
  statusPath?: string | undefined;
  /** Where workers serve the ping page, as PHP-FPM's `ping.path`. Default: nowhere. */
  pingPath?: string | undefined;
  /** Default `pong`. */
  pingResponse?: string | undefined;
  /** A listener of the master's own for both pages, as `pm.status_listen`: it works when all are busy. */
  statusListen?: string | ListenAddress | undefined;
  /**
   * For requests under way when workers are to end. Default 60,000: front ends wait no longer.
   * What is left then is killed.
   */
  drainTimeout?: number | undefined;
  /** That a worker may take to load the application. Default 60,000. */
  startTimeout?: number | undefined;
  /** Connections that may wait in the kernel. Default 511. */
  backlog?: number | undefined;
  /**
   * The user that workers run as: a name, or a number. Only root can give another than its own.
   * Default: that of this process.
   */
  user?: string | number | undefined;
  /** The group that workers run as: a name, or a number. Default: that of `user`. */
  group?: string | number | undefined;
  serve?: WorkerServeOptions | undefined;
  /** The log: a file, which `reopenLogs` opens again, or whoever takes its lines. Default: stderr. */
  log?: string | ((line: string) => void) | undefined;
  /**
   * Has the master's process id from when the pool is ready until it ends. A link is not followed.
   * Default: none.
   */
  pidFile?: string | undefined;
  /** Ends the start when it aborts, and is not looked at any more when the pool is ready. */
  signal?: AbortSignal | undefined;
  /** Default: that of this process. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Arguments for the workers' Node. Default: those of this process. */
  execArgv?: readonly string[] | undefined;
}

/** Options with all that they leave open decided. */
export interface PoolSettings {
  application: string;
  target: ListenAddress | { fd: number };
  protocol: Protocol;
  name: string;
  mode: PoolMode;
  pm: ProcessManager;
  maxChildren: number;
  startServers: number;
  minSpareServers: number;
  maxSpareServers: number;
  maxRequests: number;
  processIdleTimeout: number;
  requestTerminateTimeout: number;
  requestSlowlogTimeout: number;
  slowlog: string | undefined;
  concurrency: number;
  queueLimit: number;
  queueTimeout: number;
  affinity: boolean;
  statusPath: string | undefined;
  pingPath: string | undefined;
  pingResponse: string;
  statusListen: ListenAddress | undefined;
  drainTimeout: number;
  startTimeout: number;
  backlog: number;
  permissions: FilePermissions;
  /** Undefined: workers run as this process does. */
  identity: Identity | undefined;
  /** Whether workers run as root because no user is given. */
  isRootByDefault: boolean;
  serve: WorkerServeOptions;
  log: string | ((line: string) => void) | undefined;
  pidFile: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  execArgv: readonly string[];
}

/** The most requests that may run at once in a pool: the scoreboard has room for twice as many. */
const MAX_PLACES = 16_384;

/**
 * A kept connection that carries nothing costs its worker no place, but a front end that keeps many
 * keeps descriptors: they are closed sooner than by a server alone.
 */
const IDLE_TIMEOUT = 60_000;

/** @throws GatewayError `bad_input` when options contradict each other, `bad_address` */
export function settle(options: PoolOptions): PoolSettings {
  const target =
    typeof options.listen === "string" ? parseListenAddress(options.listen) : options.listen;
  const named = "endpoint" in target ? target.protocol : Protocol.FastCgi;
  const application = moduleUrl(options.application);
  if (!application.startsWith("file:")) {
    throw wrong(`the application "${application}" is no file`, "name its module by its path");
  }
  const pm = options.pm ?? (options.mode === "delegate" ? "ondemand" : "static");
  const mode = options.mode ?? (pm === "ondemand" ? "delegate" : "shared");
  // Left to us, delegating pools are as scgi_server's: one worker, and more when all are busy.
  const isGrowing = options.pm === undefined && pm === "ondemand";
  const maxChildren = options.maxChildren ?? 5;
  const maxSpareServers = options.maxSpareServers ?? Math.min(3, maxChildren);
  const minSpareServers = options.minSpareServers ?? Math.min(1, maxSpareServers);
  const settings: PoolSettings = {
    application,
    target,
    protocol: options.protocol ?? named,
    name: options.name ?? basename(fileURLToPath(application), extname(application)),
    mode,
    pm,
    maxChildren,
    minSpareServers,
    maxSpareServers,
    startServers: startServers(options, {
      pm,
      isGrowing,
      maxChildren,
      minSpareServers,
      maxSpareServers,
    }),
    maxRequests: options.maxRequests ?? 0,
    processIdleTimeout: options.processIdleTimeout ?? (isGrowing ? 0 : 10_000),
    requestTerminateTimeout: options.requestTerminateTimeout ?? 0,
    requestSlowlogTimeout: options.requestSlowlogTimeout ?? 0,
    slowlog: options.slowlog,
    concurrency: options.concurrency ?? 1,
    queueLimit: options.queueLimit ?? 511,
    queueTimeout: options.queueTimeout ?? 30_000,
    affinity: options.affinity ?? false,
    statusPath: options.statusPath,
    pingPath: options.pingPath,
    pingResponse: options.pingResponse ?? "pong",
    statusListen: listenAddress(options.statusListen),
    drainTimeout: options.drainTimeout ?? 60_000,
    startTimeout: options.startTimeout ?? 60_000,
    backlog: options.backlog ?? 511,
    permissions: filePermissions(options),
    identity: identityOf(options),
    isRootByDefault: isRootByDefault(options),
    serve: { idleTimeout: IDLE_TIMEOUT, ...options.serve },
    log: options.log,
    pidFile: options.pidFile,
    env: options.env ?? process.env,
    execArgv: options.execArgv ?? process.execArgv,
  };
  check(settings, options);
  return settings;
}

function listenAddress(address: string | ListenAddress | undefined): ListenAddress | undefined {
  return typeof address === "string" ? parseListenAddress(address) : address;
}

function startServers(
  options: PoolOptions,
  settled: Pick<PoolSettings, "pm" | "maxChildren" | "minSpareServers" | "maxSpareServers"> & {
    isGrowing: boolean;
  },
): number {
  const { pm, isGrowing, maxChildren, minSpareServers, maxSpareServers } = settled;
  if (pm === "static") return maxChildren;
  if (options.startServers !== undefined) return options.startServers;
  if (pm === "ondemand") return isGrowing ? 1 : 0;
  return minSpareServers + Math.floor((maxSpareServers - minSpareServers) / 2);
}

function check(settings: PoolSettings, given: PoolOptions): void {
  const { pm, maxChildren, concurrency } = settings;
  for (const name of ["maxChildren", "concurrency"] as const) whole(name, settings[name], 1);
  for (const name of ["startServers", "maxRequests", "queueLimit"] as const) {
    whole(name, settings[name], 0);
  }
  if (maxChildren * concurrency > MAX_PLACES) {
    throw wrong(
      `maxChildren ${maxChildren} by concurrency ${concurrency} is more than ${MAX_PLACES} requests at once`,
      "lower one of them",
    );
  }
  checkNumbers(settings, given);
  if (pm === "ondemand" && settings.mode === "shared") {
    throw wrong(
      "an ondemand pool cannot be shared: no worker is there to accept the first connection",
      "use mode delegate, or pm dynamic",
    );
  }
  if (settings.affinity && settings.mode !== "delegate") {
    throw wrong("affinity: sessions need a master that hands out connections", "use mode delegate");
  }
  if (
    hasOwner(settings.permissions) &&
    !isUnix(settings.target) &&
    !isUnix(settings.statusListen)
  ) {
    throw wrong("a socket's owner and group are those of a unix socket", "listen on a path");
  }
  for (const name of ["statusPath", "pingPath"] as const) {
    const path = settings[name];
    // As PHP-FPM has it: what a client would have to encode, or a server resolve, is never asked for.
    if (path !== undefined && !/^\/[\w.~/-]+$/.test(path)) {
      throw wrong(`${name}: "${path}" is not the path of a page`, "write it as /status");
    }
  }
}

function hasOwner({ uid, gid }: FilePermissions): boolean {
  return uid !== undefined || gid !== undefined;
}

function isUnix(target: PoolSettings["target"] | PoolSettings["statusListen"]): boolean {
  return target !== undefined && "endpoint" in target && "socketPath" in target.endpoint;
}
