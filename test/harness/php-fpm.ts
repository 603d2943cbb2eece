import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./ports.js";
import { makeFolder, ServerProcess, until } from "./server-process.js";
import { requireServer } from "./servers.js";

export interface PoolOptions {
  readonly name: string;
  readonly pm: "static" | "dynamic" | "ondemand";
  readonly maxChildren: number;
  readonly listen: "unix" | "tcp";
  /** Serve the status page on a socket of its own too (`pm.status_listen`). */
  readonly statusListen?: boolean | "unix" | "tcp";
  readonly backlog?: number;
  /** Seconds after which a request is killed. */
  readonly requestTerminateTimeout?: number;
  /** Seconds after which a request counts as slow. */
  readonly requestSlowlogTimeout?: number;
  /** More directives of the pool as php-fpm spells them; they win over ours. */
  readonly extra?: Readonly<Record<string, string>>;
}

/** What to give to `net.connect`. */
export type Endpoint = { readonly path: string } | { readonly host: string; readonly port: number };

export interface Pool {
  readonly name: string;
  /** With the status path: `unix:/…/x.sock:/status` or `fcgi://127.0.0.1:9000/status`. */
  readonly address: string;
  /** Without it: the socket's path, or `127.0.0.1:9000`. */
  readonly bareAddress: string;
  readonly endpoint: Endpoint;
  readonly statusPath: string;
  readonly pingPath: string;
  /** The address of the pool's own status socket, with the status path. */
  readonly statusListenAddress?: string;
  readonly statusListenBareAddress?: string;
}

/** A line of php-fpm's log about the end of a worker. */
export interface ExitedChild {
  readonly level: string;
  readonly pool: string;
  readonly pid: number;
  readonly code?: number;
  readonly signal?: number;
  /** Seconds it lived. */
  readonly age: number;
}

export interface PhpFpm {
  readonly pools: readonly Pool[];
  readonly pid: number;
  readonly folder: string;
  /** The folder of the scripts that its pools may run. */
  readonly documentRoot: string;
  /** The pool of that name. */
  pool(name: string): Pool;
  log(): string;
  /** The slow log of a pool with `requestSlowlogTimeout`. */
  slowLog(pool: string): string;
  /** Workers that ended and that php-fpm did not retire itself, in order. */
  exitedChildren(): ExitedChild[];
  /** Reloads by SIGUSR2 and waits until php-fpm is ready again. */
  reload(): Promise<void>;
  /** Ends it, waits until it is gone, and removes its folder. May be called twice. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface PhpFpmOptions {
  readonly pools: readonly PoolOptions[];
  /** More directives of the `[global]` section. */
  readonly global?: Readonly<Record<string, string>>;
  /** More directives of php.ini. */
  readonly ini?: Readonly<Record<string, string>>;
  /** More variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Our PHP scripts: what each does is in its first line. */
const documentRoot = fileURLToPath(new URL("www", import.meta.url));
/** The full path of one of our PHP scripts, for SCRIPT_FILENAME. */
export const phpScript = (name: string): string => join(documentRoot, name);

const STATUS_PATH = "/status";
const PING_PATH = "/ping";
const READY = "ready to handle connections";
const START_ATTEMPTS = 3;

interface Listener {
  readonly bareAddress: string;
  readonly address: string;
  readonly endpoint: Endpoint;
}

async function makeListener(kind: "unix" | "tcp", path: string): Promise<Listener> {
  if (kind === "unix") {
    if (path.length >= 100) throw new Error(`socket path too long: ${path}`);
    return { bareAddress: path, address: `unix:${path}:${STATUS_PATH}`, endpoint: { path } };
  }
  const port = await freePort();
  const bareAddress = `127.0.0.1:${port}`;
  return {
    bareAddress,
    address: `fcgi://${bareAddress}${STATUS_PATH}`,
    endpoint: { host: "127.0.0.1", port },
  };
}

const section = (title: string, directives: Readonly<Record<string, string | undefined>>) =>
  `[${title}]\n${Object.entries(directives)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join("")}\n`;

/** The directives that the process manager insists on, for any number of workers. */
function processManager({ pm, maxChildren }: PoolOptions): Record<string, string> {
  const base = { pm, "pm.max_children": String(maxChildren) };
  if (pm !== "dynamic") return base;
  return {
    ...base,
    "pm.start_servers": String(Math.min(2, maxChildren)),
    "pm.min_spare_servers": "1",
    "pm.max_spare_servers": String(Math.min(3, maxChildren)),
  };
}

async function makePool(options: PoolOptions, folder: string) {
  const { name, statusListen = false, requestTerminateTimeout, requestSlowlogTimeout } = options;
  const main = await makeListener(options.listen, join(folder, `${name}.sock`));
  const statusKind = statusListen === true ? options.listen : statusListen;
  const status =
    statusKind === false
      ? undefined
      : await makeListener(statusKind, join(folder, `${name}-status.sock`));
  const isRoot = process.getuid?.() === 0;
  const configuration = section(name, {
    user: isRoot ? "root" : undefined,
    group: isRoot ? "root" : undefined,
    listen: main.bareAddress,
    "listen.mode": "0666",
    "listen.backlog": options.backlog?.toString(),
    ...processManager(options),
    "pm.status_path": STATUS_PATH,
    "pm.status_listen": status?.bareAddress,
    "ping.path": PING_PATH,
    clear_env: "yes",
    request_terminate_timeout: requestTerminateTimeout && `${requestTerminateTimeout}s`,
    request_slowlog_timeout: requestSlowlogTimeout && `${requestSlowlogTimeout}s`,
    slowlog: requestSlowlogTimeout && join(folder, `${name}.slow.log`),
    ...options.extra,
  } as Record<string, string | undefined>);
  const pool: Pool = {
    name,
    ...main,
    statusPath: STATUS_PATH,
    pingPath: PING_PATH,
    ...(status && {
      statusListenAddress: status.address,
      statusListenBareAddress: status.bareAddress,
    }),
  };
  return { pool, configuration };
}

const EXITED =
  /(\w+): \[pool ([^\]]+)\] child (\d+) exited (?:with code (\d+)|on signal (\d+)[^\n]*?) after ([\d.]+) seconds/g;

/** Reads the lines about workers that ended out of a log of php-fpm. */
export function parseExitedChildren(log: string): ExitedChild[] {
  return [...log.matchAll(EXITED)].map(([, level = "", pool = "", pid, code, signal, age]) => ({
    level,
    pool,
    pid: Number(pid),
    ...(code !== undefined && { code: Number(code) }),
    ...(signal !== undefined && { signal: Number(signal) }),
    age: Number(age),
  }));
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

const countReady = (log: string) => log.split(READY).length - 1;

async function launch(program: string, options: PhpFpmOptions): Promise<PhpFpm> {
  const folder = makeFolder();
  const logPath = join(folder, "error.log");
  const log = () => readText(logPath);
  const made = await Promise.all(options.pools.map((pool) => makePool(pool, folder)));
  const configuration = [
    section("global", {
      error_log: logPath,
      log_level: "notice",
      daemonize: "no",
      ...options.global,
    }),
    ...made.map((pool) => pool.configuration),
  ].join("");
  mkdirSync(join(folder, "tmp"));
  writeFileSync(join(folder, "php-fpm.conf"), configuration);
  writeFileSync(
    join(folder, "php.ini"),
    `log_errors = on\ndisplay_errors = off\nexpose_php = off\nsys_temp_dir = ${folder}/tmp\n${Object.entries(
      options.ini ?? {},
    )
      .map(([name, value]) => `${name} = ${value}\n`)
      .join("")}`,
  );
  const root = process.getuid?.() === 0 ? ["--allow-to-run-as-root"] : [];
  const server = new ServerProcess(
    program,
    ["--nodaemonize", ...root, "-c", join(folder, "php.ini"), "-y", join(folder, "php-fpm.conf")],
    folder,
    options.env,
  );
  await server.ready(() => countReady(log()) > 0, log);

  const pools = made.map(({ pool }) => pool);
  let lastLog = "";
  const stop = () =>
    server.stop(() => {
      lastLog = anyLog();
    });
  const anyLog = () => log() || lastLog;
  return {
    pools,
    pid: server.pid,
    folder,
    documentRoot,
    pool(name) {
      const found = pools.find((pool) => pool.name === name);
      if (found === undefined) throw new Error(`no pool is named ${name}`);
      return found;
    },
    log: anyLog,
    slowLog: (pool) => readText(join(folder, `${pool}.slow.log`)),
    exitedChildren: () => parseExitedChildren(anyLog()),
    async reload() {
      const before = countReady(log());
      server.signal("SIGUSR2");
      await until(
        () => countReady(log()) > before,
        () => `php-fpm did not reload:\n${log()}`,
      );
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/**
 * Starts a php-fpm of our own, in the foreground, with its own folder, sockets and loopback ports,
 * as the user who runs the tests. Stop it in the test; if the test process dies first, it is stopped too.
 */
export async function startPhpFpm(options: PhpFpmOptions): Promise<PhpFpm> {
  const program = requireServer("php-fpm");
  for (let attempt = 1; ; attempt++) {
    try {
      return await launch(program, options);
    } catch (error) {
      // Somebody else took the free port before php-fpm did.
      const isTaken = /Address already in use/.test(String(error));
      if (!isTaken || attempt === START_ATTEMPTS) throw error;
    }
  }
}
