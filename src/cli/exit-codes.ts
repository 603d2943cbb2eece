import { ErrorCode } from "../errors.js";

/** The exit codes of `fcgi-probe`. With several targets, the worst one counts. */
export const ExitCode = {
  Fine: 0,
  /** No connection could be made. */
  NotConnected: 1,
  /** Connected and failed; or bad input: the command line, a file, an address. */
  Failed: 2,
  /** Of `check`: the state is UNKNOWN, also after bad input. */
  Unknown: 3,
  /** Ended by Ctrl-C (SIGINT): 128 plus the number of the signal, as shells count it. */
  Interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The exit codes, for help texts. */
export const exitStatusHelp =
  "Exit status: 0 success, 1 no connection, 2 any other failure, or bad input,\n130 interrupted by Ctrl-C.";

/** {@link exitStatusHelp} for commands that take several targets. */
export const worstStatusHelp = `${exitStatusHelp}
With several targets, the worst one counts.`;

const notConnected: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.SocketMissing,
  ErrorCode.PermissionDenied,
  ErrorCode.Refused,
  ErrorCode.BacklogFull,
  ErrorCode.ConnectTimeout,
  ErrorCode.ConnectFailed,
]);

/** The exit code for an error. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return notConnected.has(code) ? ExitCode.NotConnected : ExitCode.Failed;
}

/** The worse of two exit codes. */
export function worse(one: ExitCode, other: ExitCode): ExitCode {
  return one > other ? one : other;
}
