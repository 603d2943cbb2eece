import type { Command } from "commander";
import { ErrorCode, GatewayError } from "../../errors.js";
import { inheritedTarget } from "../../pool/inherited-target.js";
import type { PoolOptions } from "../../pool/options.js";
import type { Pool } from "../../pool/pool.js";
import { controlBySignals } from "../../pool/pool.js";
import { serveCgiModule } from "../../pool/serve-cgi-module.js";
import { startPool } from "../../pool/start-pool.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { nameOptions } from "../name-options.js";
import { parseCount, parseDuration } from "../parse-values.js";
import { errorLines } from "../report-error.js";
import { checkPoolOptions } from "./check-pool-options.js";

interface ServeCommandOptions {
  listen?: string;
  protocol?: NonNullable<PoolOptions["protocol"]>;
  mode?: NonNullable<PoolOptions["mode"]>;
  pm?: NonNullable<PoolOptions["pm"]>;
  workers?: number;
  concurrency?: number;
  startServers?: number;
  minSpare?: number;
  maxSpare?: number;
  maxRequests?: number;
  idleTimeout?: number;
  terminateTimeout?: number;
  slowlogTimeout?: number;
  slowlog?: string;
  drainTimeout?: number;
  queueLimit?: number;
  queueTimeout?: number;
  affinity?: true;
  multiplex?: true;
  statusPath?: string;
  pingPath?: string;
  statusListen?: string;
  name?: string;
  backlog?: number;
  everyone?: true;
  socketOwner?: string;
  socketGroup?: string;
  socketMode?: string;
  user?: string;
  group?: string;
  pidFile?: string;
  log?: string;
  cgi?: true;
}

/** SCGI's own port, where its servers have always listened when nothing was said. */
const SCGI_ADDRESS = "127.0.0.1:4000";

const help = `
MODULE exports its handler as default: a function (request, context) => Response,
or an object with fetch. ADDR is unix:/run/app.sock or 127.0.0.1:9000, or the port
alone (9000, :9000, *:9000) for all addresses of this machine, with scgi:// or
uwsgi:// before it for those protocols, http:// for plain HTTP, and fcgi:// if you
like.

Without --listen, the socket is taken that this was started with: systemd's
(LISTEN_FDS), or descriptor 0 under spawn-fcgi, mod_fcgid and lighttpd. When
there is none, --protocol scgi listens on ${SCGI_ADDRESS}.

Signals: TERM, QUIT and INT let requests be answered, and end; a second one ends
at once, and while the application loads the first one does. HUP and USR2
replace the workers without losing a request. USR1 opens the log again.

Exit status: 0 ended by a signal, 2 could not start.

Examples:
  fcgi-probe serve app.mjs --listen unix:/run/app.sock --workers 4
  fcgi-probe serve app.mjs --listen scgi://127.0.0.1:4000 --mode delegate
  fcgi-probe serve app.mjs --listen http://127.0.0.1:8080 --status-path /status
  fcgi-probe serve app.mjs --listen 127.0.0.1:9000 --status-path /status \\
    --status-listen 127.0.0.1:9001 --slowlog-timeout 5s --slowlog slow.log
`;

export function defineServe(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  command
    .argument("<MODULE>", "the application's file")
    .option("--listen <ADDR>", "where to listen")
    .option(
      "--protocol <name>",
      "fcgi, scgi, uwsgi or http, whatever the address says",
      oneOf(protocols),
    )
    .option("--workers <n>", "workers at most (default: 5)", parseCount)
    .option("--concurrency <n>", "requests that a worker runs at once (default: 1)", parseCount)
    .option(
      "--mode <mode>",
      "shared: workers accept (default); delegate: the master does",
      oneOf(modes),
    )
    .option(
      "--pm <kind>",
      "when workers start: static (default), dynamic or ondemand (default of delegate)",
      oneOf(managers),
    )
    .option("--start-servers <n>", "workers at the start, unless static", parseNumber)
    .option("--min-spare <n>", "idle workers at least, if dynamic (default: 1)", parseCount)
    .option("--max-spare <n>", "idle workers at most, if dynamic (default: 3)", parseCount)
    .option(
      "--max-requests <n>",
      "requests until a worker is replaced (default: 0, never)",
      parseNumber,
    )
    .option("--idle-timeout <time>", "until an idle worker ends, if ondemand", parseDuration)
    .option("--terminate-timeout <time>", "until a request's worker is killed", parseDuration)
    .option("--slowlog-timeout <time>", "until a request is logged as slow", parseDuration)
    .option("--slowlog <file>", "the slow log (default: the log)")
    .option("--drain-timeout <time>", "for requests when workers end (default: 60s)", parseDuration)
    .option("--queue-limit <n>", "delegate: connections that may wait (default: 511)", parseNumber)
    .option("--queue-timeout <time>", "delegate: how long, at most (default: 30s)", parseDuration)
    .option("--affinity", "delegate: a session's connections go to one worker")
    .option("--multiplex", "several requests at once on a FastCGI connection")
    .option("--status-path <path>", "serve the pool's status page there")
    .option("--ping-path <path>", "serve a sign of life there")
    .option("--status-listen <ADDR>", "a listener for both, answered while workers are busy")
    .option("--name <name>", "the pool's name (default: the module's)")
    .option("--backlog <n>", "connections that may wait in the kernel (default: 511)", parseCount)
    .option("--socket-owner <user>", "the unix socket's owner: a name, or a number")
    .option("--socket-group <group>", "the unix socket's group: a name, or a number")
    .option("--socket-mode <mode>", "its mode (default: 0660 with an owner or a group)")
    .option("--everyone", "let all users connect to the unix socket: mode 0666")
    .option("--user <user>", "run workers as this user, if started by root")
    .option("--group <group>", "run workers as this group (default: the user's)")
    .option("--pid-file <file>", "write the master's process id there")
    .option("--log <file>", "the log (default: standard error)")
    .option("--cgi", "be a CGI program: answer one request, and end")
    .addHelpText("after", help)
    .action(async (module: string, options: ServeCommandOptions) => {
      finish(await runServe(module, options, io));
    });
  nameOptions(command);
}

const protocols = ["fcgi", "scgi", "uwsgi", "http"] as const;
const modes = ["shared", "delegate"] as const;
const managers = ["static", "dynamic", "ondemand"] as const;

async function runServe(module: string, options: ServeCommandOptions, io: Io): Promise<ExitCode> {
  if (options.cgi) return runCgi(module, io);
  const report = (error: unknown): void => {
    if (!(error instanceof GatewayError)) throw error;
    void io.stderr.writeLines(errorLines(error, io.stderr.style));
  };
  const start = new AbortController();
  const abort = (): void => start.abort();
  io.signal.addEventListener("abort", abort);
  if (io.signal.aborted) abort();
  const pool = poolOptions(module, options);
  checkPoolOptions(pool);
  const starting = startPool({ ...pool, signal: start.signal });
  io.releaseSignals();
  const release = controlBySignals(starting, report, start);
  try {
    const started = await starting;
    const stop = (): void => void started.stop();
    io.signal.addEventListener("abort", stop);
    if (io.signal.aborted) stop();
    await ended(started);
    return ExitCode.Fine;
  } catch (error) {
    if (start.signal.aborted) return ExitCode.Fine;
    report(error);
    return ExitCode.Failed;
  } finally {
    release();
  }
}

async function ended(pool: Pool): Promise<void> {
  // An ondemand pool that has no worker has nothing else that keeps this process.
  const awake = setInterval(() => {}, 2_147_483_647);
  await pool.ended;
  clearInterval(awake);
}

async function runCgi(module: string, io: Io): Promise<ExitCode> {
  const exitCode = await serveCgiModule(module, { signal: io.signal });
  return exitCode === 0 ? ExitCode.Fine : ExitCode.Failed;
}

function poolOptions(application: string, options: ServeCommandOptions): PoolOptions {
  return {
    application,
    listen: options.listen ?? inheritedTarget() ?? usual(options.protocol),
    protocol: options.protocol,
    mode: options.mode,
    pm: options.pm,
    name: options.name,
    maxChildren: options.workers,
    concurrency: options.concurrency,
    startServers: options.startServers,
    minSpareServers: options.minSpare,
    maxSpareServers: options.maxSpare,
    maxRequests: options.maxRequests,
    processIdleTimeout: options.idleTimeout,
    requestTerminateTimeout: options.terminateTimeout,
    requestSlowlogTimeout: options.slowlogTimeout,
    slowlog: options.slowlog,
    drainTimeout: options.drainTimeout,
    queueLimit: options.queueLimit,
    queueTimeout: options.queueTimeout,
    affinity: options.affinity,
    statusPath: options.statusPath,
    pingPath: options.pingPath,
    statusListen: options.statusListen,
    backlog: options.backlog,
    socketOwner: options.socketOwner,
    socketGroup: options.socketGroup,
    socketMode: options.socketMode ?? (options.everyone ? "everyone" : undefined),
    user: options.user,
    group: options.group,
    pidFile: options.pidFile,
    log: options.log,
    serve: { multiplex: options.multiplex },
  };
}

/** @throws GatewayError `bad_input` for a protocol that has no port of its own */
function usual(protocol: ServeCommandOptions["protocol"]): string {
  if (protocol === "scgi") return SCGI_ADDRESS;
  throw new GatewayError(ErrorCode.BadInput, "there is no socket to serve", {
    hint: "say where to listen: --listen unix:/run/app.sock",
  });
}

/** Reads one of several words. */
function oneOf<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((each) => each === text);
    if (word !== undefined) return word;
    const message = `"${text}" is none of ${words.join(", ")}`;
    throw new GatewayError(ErrorCode.BadInput, message);
  };
}

/** Reads a whole number from 0 on. */
function parseNumber(text: string): number {
  return text === "0" ? 0 : parseCount(text);
}
