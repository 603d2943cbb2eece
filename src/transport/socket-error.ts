import { ErrorCode, GatewayError } from "../errors.js";

interface SystemError extends Error {
  code?: string;
}

const connectCodes = new Map<string, [code: ErrorCode, message: string, hint?: string]>([
  ["ENOENT", [ErrorCode.SocketMissing, "there is no such socket"]],
  ["ENOTDIR", [ErrorCode.SocketMissing, "there is no such socket"]],
  ["EACCES", [ErrorCode.PermissionDenied, "permission denied"]],
  ["EPERM", [ErrorCode.PermissionDenied, "permission denied"]],
  ["ECONNREFUSED", [ErrorCode.Refused, "connection refused"]],
  ["EAGAIN", [ErrorCode.BacklogFull, "the listen queue is full"]],
  ["ETIMEDOUT", [ErrorCode.ConnectTimeout, "the host did not answer"]],
  [
    "ENOTFOUND",
    [
      ErrorCode.ConnectFailed,
      "the host name is unknown",
      "check how the host is written, and the name service",
    ],
  ],
  [
    "EAI_AGAIN",
    [
      ErrorCode.ConnectFailed,
      "the host name could not be looked up",
      "the name service did not answer: try again, or give the host's number",
    ],
  ],
  ["EHOSTUNREACH", [ErrorCode.ConnectFailed, "there is no route to the host"]],
  ["ENETUNREACH", [ErrorCode.ConnectFailed, "there is no route to the network"]],
  [
    "EMFILE",
    [
      ErrorCode.ConnectFailed,
      "this process has too many files open",
      "raise ulimit -n, or ask fewer targets at once",
    ],
  ],
  [
    "ENFILE",
    [ErrorCode.ConnectFailed, "this machine has too many files open", "raise fs.file-max"],
  ],
]);

/** What the system says of a connection that was not made, in this package's words. */
export function connectError(error: Error): GatewayError {
  const system = error as SystemError;
  const known = connectCodes.get(system.code ?? "");
  if (known !== undefined) {
    const [code, message, hint] = known;
    return new GatewayError(code, message, { hint, cause: error });
  }
  return new GatewayError(ErrorCode.ConnectFailed, `could not connect: ${error.message}`, {
    cause: error,
  });
}

/** What the system says of a connection that broke. */
export function brokenConnection(error: Error): GatewayError {
  const reset = (error as SystemError).code === "ECONNRESET";
  return new GatewayError(
    ErrorCode.ClosedWithoutAnswer,
    reset ? "the peer reset the connection" : `the connection broke: ${error.message}`,
    { cause: error },
  );
}
