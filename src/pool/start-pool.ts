import { ErrorCode, GatewayError } from "../errors.js";
import { inheritedListener } from "../transport/listen-address.js";
import { isListening } from "../transport/proc-net.js";
import { requireModule } from "./load-application.js";
import { Master } from "./master.js";
import type { PoolOptions } from "./options.js";
import { PidFile } from "./pid-file.js";
import type { Pool } from "./pool.js";
import { PoolLog } from "./pool-log.js";
import { settleOptions } from "./settle-options.js";

/**
 * Serves an application by worker processes, see {@link PoolOptions}. It listens before the
 * application is loaded, so that connections wait meanwhile. Settles when the workers that it starts
 * with are ready, or, in an ondemand pool that starts none, when it listens.
 *
 * @throws GatewayError `bad_input` when options contradict each other, the application cannot be
 * loaded, or the log or the pid file cannot be written; `bad_address` or `permission_denied` when it
 * cannot listen; `aborted` when `signal` ends the start
 */
export async function startPool(options: PoolOptions): Promise<Pool> {
  const settings = settleOptions(options);
  const { signal } = options;
  if (signal?.aborted) throw aborted(signal);
  requireModule(settings.application);
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
    return master;
  } catch (error) {
    master.kill();
    await master.stop(0);
    throw error;
  } finally {
    if (abort !== undefined) signal?.removeEventListener("abort", abort);
  }
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
