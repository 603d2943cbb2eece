import { accessSync, constants, statSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ErrorCode, GatewayError } from "../errors.js";

/**
 * The URL of a module that is given by its path or its URL.
 *
 * @throws GatewayError `bad_input` for anything else
 */
export function moduleUrl(module: string | URL): string {
  if (module instanceof URL) return module.href;
  if (typeof module !== "string") {
    throw new GatewayError(ErrorCode.BadInput, `application is ${String(module)}, not a path`, {
      hint: 'pass the path of the module that exports the handler: application: "app.mjs"',
    });
  }
  return module.startsWith("file:") ? module : pathToFileURL(module).href;
}

/**
 * Checks that a module's file exists and may be read.
 *
 * @param url a `file:` URL
 * @throws GatewayError `bad_input`
 */
export function requireModule(url: string): void {
  const path = fileURLToPath(url);
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw unreadable(error as NodeJS.ErrnoException, path);
  }
  if (isFolder) throw cannotLoad(`${path} is a folder`, "name the application's module in it");
}

function unreadable(error: NodeJS.ErrnoException, path: string): GatewayError {
  switch (error.code) {
    case "ENOENT":
    case "ENOTDIR":
      return cannotLoad(`there is no file ${path}`, "check the path of the module", error);
    case "EACCES":
    case "EPERM":
      return cannotLoad(
        `this user may not read ${path}`,
        "check the permissions of the file and its folders",
        error,
      );
    default:
      return cannotLoad(
        `cannot read ${path}: ${error.code}`,
        "check the path of the module",
        error,
      );
  }
}

/** The error for a module that cannot be loaded. */
export function cannotLoad(message: string, hint: string, cause?: unknown): GatewayError {
  return new GatewayError(ErrorCode.BadInput, message, { hint, cause });
}
