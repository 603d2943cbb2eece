import { constants } from "node:os";
import type { Io } from "../io.js";

const endings = ["SIGTERM", "SIGINT"] as const;

/** The signals of a daemon. */
export interface DaemonSignals {
  /** Aborted by the first SIGTERM or SIGINT. */
  readonly stop: AbortSignal;
  /** Stops handling signals. */
  release(): void;
}

/**
 * Handles signals: the first SIGTERM or SIGINT aborts `stop`, a second one ends the process at once.
 *
 * @param reload called at each SIGHUP
 */
export function handleSignals(io: Io, reload: () => void): DaemonSignals {
  const stop = new AbortController();
  const end = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(128 + constants.signals[signal]);
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
    release() {
      for (const signal of endings) process.off(signal, end);
      process.off("SIGHUP", reload);
      io.signal.removeEventListener("abort", interrupt);
    },
  };
}
