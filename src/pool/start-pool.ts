import { ErrorCode, GatewayError } from "../errors.js";
import { shownAs } from "../shown.js";
import { requireOwnModule } from "../transport/executable.js";
import { inheritedListener } from "../transport/listen-address.js";
import { isListening } from "../transport/proc-net.js";
import { requireModule } from "./application-module.js";
import { Master } from "./master.js";
import type { PoolOptions } from "./options.js";
import { PidFile } from "./pid-file.js";
import type { Pool } from "./pool.js";
import { PoolLog } from "./pool-log.js";
import { settleOptions } from "./settle-options.js";

/**
 * Serves an application with a pool of worker processes, see {@link PoolOptions}. The pool listens
 * before it loads the application, so that connections wait instead of being refused. The promise
 * resolves when the first workers are ready, or, if the pool starts without workers, when it listens.
 *
 * It handles no signals. Without {@link controlBySignals}, SIGHUP, SIGINT and SIGTERM end the program
 * at once, and the socket file stays.
 *
 * @throws GatewayError `bad_input` if options contradict each other, the application cannot be
 * loaded, or the log or the pid file cannot be written; `bad_address` or `permission_denied` if the
 * pool cannot listen; `aborted` if `signal` ends the start; `incomplete_bundle` in a bundle without
 * this package beside it
 */
export async function startPool(options: PoolOptions): Promise<Pool> {
  const settings = settleOptions(options);
  const { signal } = options;
  if (signal?.aborted) throw aborted(signal);
  requireModule(settings.application);
  requireOwnModule("pool/worker-main");
  const pidFile = settings.pidFile === undefined ? undefined : new PidFile(settings.pidFile);
  let log: PoolLog;
  try {
    log = new PoolLog(settings.name, settings.log);
  } catch (error) {
    pidFile?.remove();
    throw error;
  }
  const master = new Master(settings, log, pidFile);
  let abort: (() => void) | undefined;
  try {
    const opening = master.open();
    const ending = new Promise<never>((_, reject) => {
      abort = () => reject(aborted(signal));
      signal?.addEventListener("abort", abort, { once: true });
    });
    await Promise.race([opening, ending]);
    return poolOf(master);
  } catch (error) {
    master.kill();
    await master.stop(0);
    throw error;
  } finally {
    if (abort !== undefined) signal?.removeEventListener("abort", abort);
  }
}

/** The part of a master that users get: the documented members and nothing else. */
function poolOf(master: Master): Pool {
  return shownAs("Pool", {
    address: master.address,
    get pids() {
      return master.pids;
    },
    get counters() {
      return master.counters;
    },
    ended: master.ended,
    reload: () => master.reload(),
    reopenLogs: () => master.reopenLogs(),
    stop: (timeout) => master.stop(timeout),
    kill: () => master.kill(),
    [Symbol.asyncDispose]: () => master.stop(),
  });
}

function aborted(signal: AbortSignal | undefined): GatewayError {
  return new GatewayError(ErrorCode.Aborted, "the start of the pool was ended", {
    cause: signal?.reason,
  });
}

/**
 * The listening socket that this process was started with, under systemd, spawn-fcgi, mod_fcgid or
 * lighttpd. Undefined when there is none.
 *
 * @throws GatewayError `bad_input` when there are several
 */
export function inheritedTarget(): { fd: number } | undefined {
  if (Number(process.env["LISTEN_FDS"] ?? 0) > 1) {
    throw new GatewayError(ErrorCode.BadInput, "systemd passed several sockets (LISTEN_FDS)", {
      hint: "one ListenStream= for each service",
    });
  }
  const listener = inheritedListener();
  return listener !== undefined && isListening(listener.fd) ? listener : undefined;
}
