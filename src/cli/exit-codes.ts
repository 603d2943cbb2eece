import { ErrorCode } from "../errors.js";

/** What the command says to the shell. Of several targets the worst counts. */
export const ExitCode = {
  Fine: 0,
  /** There is no connection. */
  NotConnected: 1,
  /** Connected and failed; also bad input: the words of the command line, files, addresses. */
  Failed: 2,
  /** Ended by Ctrl-C, as shells count it: 128 and the number of the signal. */
  Interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

const notConnected: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.SocketMissing,
  ErrorCode.PermissionDenied,
  ErrorCode.Refused,
  ErrorCode.BacklogFull,
  ErrorCode.ConnectTimeout,
  ErrorCode.ConnectFailed,
]);

/** The exit code that an error stands for. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return notConnected.has(code) ? ExitCode.NotConnected : ExitCode.Failed;
}

/** The worse of two exit codes. */
export function worse(one: ExitCode, other: ExitCode): ExitCode {
  return one > other ? one : other;
}
