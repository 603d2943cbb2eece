import { ErrorCode, GatewayError } from "../errors.js";

/**
 * What the system says of a program that could not be started, in this package's words.
 *
 * @param exists whether there is a file of that name: an interpreter may be what is missing
 */
export function startError(error: Error, program: string, exists: boolean): GatewayError {
  const { code = "" } = error as NodeJS.ErrnoException;
  const failure = (errorCode: ErrorCode, message: string, hint: string): GatewayError =>
    new GatewayError(errorCode, message, { hint, cause: error });
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return exists
        ? failure(
            ErrorCode.SocketMissing,
            `the interpreter of ${program}, or the folder to run it in, does not exist`,
            "check the first line of the program, and that it does not end in a carriage return",
          )
        : failure(
            ErrorCode.SocketMissing,
            `there is no program ${program}`,
            "give the path of a CGI program, as in cgi:/usr/lib/cgi-bin/x",
          );
    case "EACCES":
    case "EPERM":
      return failure(
        ErrorCode.PermissionDenied,
        `this user may not run ${program}`,
        "make it executable (chmod +x), and its folders accessible; a folder is no program",
      );
    case "ENOEXEC":
      return failure(
        ErrorCode.ConnectFailed,
        `the system does not know how to run ${program}`,
        "give a script a first line such as #!/bin/sh",
      );
    case "E2BIG":
      return failure(
        ErrorCode.LimitExceeded,
        "the request's variables are larger than the system lets an environment be",
        "send fewer or shorter headers: Linux takes 128 KiB for each",
      );
    default:
      return failure(
        ErrorCode.ConnectFailed,
        `could not run ${program}: ${error.message}`,
        "check the limits of this user: processes, open files, memory",
      );
  }
}
