import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Io } from "../io.js";

const endings = ["SIGTERM", "SIGINT"] as const;

/** Milliseconds from the first signal until the process ends whatever its threads wait for. */
const LONGEST_END = 1_200;

/** What runs in Node's threads: a name that is resolved, a file that is read. */
const threadWork = /^(?:GetAddrInfoReqWrap|GetNameInfoReqWrap|FSReqCallback|FSReqPromise)$/;

/** The signals of a daemon. */
export interface DaemonSignals {
  /** Aborted by the first SIGTERM or SIGINT. */
  readonly stop: AbortSignal;
  /**
   * Stops handling signals. Node waits for its threads before it exits, even in `process.exit()`: a
   * name server or a file server that is silent would keep it for ten seconds and longer. Where
   * threads still work 1.2 s after a signal, the process ends by that signal.
   */
  release(): Promise<void>;
}

/**
 * Handles signals: the first SIGTERM or SIGINT aborts `stop`, a second one ends the process at once.
 *
 * @param reload called at each SIGHUP
 */
export function handleSignals(io: Io, reload: () => void): DaemonSignals {
  const stop = new AbortController();
  let first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;
  const end = (signal: NodeJS.Signals): void => {
    if (first !== undefined) endBySignal(signal);
    first ??= { signal, at: performance.now() };
    stop.abort();
  };
  const interrupt = (): void => stop.abort();
  for (const signal of endings) process.on(signal, end);
  process.on("SIGHUP", reload);
  io.releaseSignals();
  io.signal.addEventListener("abort", interrupt);
  if (io.signal.aborted) interrupt();
  return {
    stop: stop.signal,
    async release() {
      if (first !== undefined && !(await threadsEnd(first.at + LONGEST_END))) {
        endBySignal(first.signal);
      }
      for (const signal of endings) process.off(signal, end);
      process.off("SIGHUP", reload);
      io.signal.removeEventListener("abort", interrupt);
    },
  };
}

/** Whether Node's threads have nothing to do, or have finished it before a time. */
async function threadsEnd(deadline: number): Promise<boolean> {
  while (process.getActiveResourcesInfo().some((name) => threadWork.test(name))) {
    if (performance.now() >= deadline) return false;
    await sleep(20);
  }
  return true;
}

/** Ends the process as a signal does that it does not handle. */
function endBySignal(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
  // Where the signal cannot end it, as for the first process of a container.
  process.exit(128 + constants.signals[signal]);
}
