import { ErrorCode, GatewayError } from "../errors.js";

/** Why a server cannot listen. */
export function listenError(error: NodeJS.ErrnoException, text: string): GatewayError {
  switch (error.code) {
    case "EADDRINUSE":
      return new GatewayError(ErrorCode.BadAddress, `${text} is taken`, {
        address: text,
        cause: error,
        hint: "another server listens there: stop it, or choose another address",
      });
    case "EACCES":
    case "EPERM":
      return new GatewayError(ErrorCode.PermissionDenied, `this user may not listen on ${text}`, {
        address: text,
        cause: error,
        hint: "check the folder's permissions; ports below 1024 need privileges",
      });
    default:
      return new GatewayError(ErrorCode.BadAddress, `cannot listen on ${text}: ${error.message}`, {
        address: text,
        cause: error,
        hint: "check that the folder, or the network address, exists on this machine",
      });
  }
}
