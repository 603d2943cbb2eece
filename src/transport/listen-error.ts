import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { ErrorCode, GatewayError } from "../errors.js";

/** Why a server cannot listen. */
export function listenError(error: NodeJS.ErrnoException, text: string): GatewayError {
  const fault = pathFault(error, text);
  if (fault !== undefined) {
    return new GatewayError(ErrorCode.BadAddress, fault, {
      address: text,
      cause: error,
      hint: "give the path that the socket is to have, in a folder that exists",
    });
  }
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

/** What the system calls a taken address, or a permission, and is neither. */
function pathFault({ code }: NodeJS.ErrnoException, text: string): string | undefined {
  const path = /^(?:[a-z]+:\/\/)?unix:(.*)$/is.exec(text)?.[1];
  if (path === undefined) return undefined;
  if (code === "EADDRINUSE") {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || stats.isSocket()) return undefined;
    return `${text} is a ${stats.isDirectory() ? "folder" : "file"}, not a socket`;
  }
  // libuv says so of a folder that is missing.
  return code === "EACCES" && !existsSync(dirname(path))
    ? `the folder of ${text} does not exist`
    : undefined;
}
