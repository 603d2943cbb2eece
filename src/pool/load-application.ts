import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { ErrorCode, GatewayError } from "../errors.js";
import { type Application, isApplication } from "../server/application.js";
import { type ServeCgiOptions, serveCgi } from "../server/serve-cgi.js";
import { dropClientProxy } from "../transport/environment.js";
import { isExecutable } from "../transport/executable.js";
import { compileModule } from "../transport/node-internals.js";
import { cannotLoad, moduleUrl, requireModule } from "./application-module.js";

/** The `import()` of the single executable itself knows only the modules of Node. */
const importFile = isExecutable
  ? (compileModule("module.exports = (url) => import(url)", process.execPath) as ImportFile)
  : (((url: string) => import(url)) satisfies ImportFile);
type ImportFile = (url: string) => Promise<unknown>;

/**
 * Imports an application's module and takes its default export.
 *
 * @param module its path, or its URL
 * @throws GatewayError `bad_input` if it cannot be loaded, or exports no handler
 */
export async function loadApplication(module: string): Promise<Application> {
  const url = moduleUrl(module);
  let loaded: { default?: unknown };
  try {
    loaded = (await importFile(url)) as typeof loaded;
  } catch (error) {
    throw loadError(error, url);
  }
  const exported = loaded.default;
  if (isApplication(exported)) return exported;
  throw new GatewayError(ErrorCode.BadInput, `${url} has no handler as its default export`, {
    hint: "export default (request, context) => new Response(…), or an object with fetch",
  });
}

/**
 * Loads an application's module and answers one request with it, as a CGI program.
 *
 * @returns the exit code of {@link serveCgi}
 * @throws GatewayError `bad_input` when the module cannot be loaded, or handles connections
 */
export async function serveCgiModule(module: string, options: ServeCgiOptions): Promise<number> {
  // Before the module is loaded: it may read the proxy's address at once.
  dropClientProxy();
  const application = await loadApplication(module);
  if (typeof application === "object" && "connection" in application) {
    throw new GatewayError(ErrorCode.BadInput, "a CGI program has no connection to serve");
  }
  return serveCgi(application, options);
}

/** The error for a module that cannot be loaded: one line, and a hint. */
export function loadError(error: unknown, url: string): GatewayError {
  if (error instanceof GatewayError) return error;
  try {
    requireModule(url);
  } catch (missing) {
    return missing as GatewayError;
  }
  const path = fileURLToPath(url);
  // A module may throw anything, even null.
  const { code, message } = error instanceof Error ? (error as NodeJS.ErrnoException) : noError;
  switch (code) {
    case "ERR_UNKNOWN_FILE_EXTENSION":
      return cannotLoad(firstLine(message), extensionHint(message), error);
    case "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX":
    case "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING":
      return cannotLoad(
        described(error),
        "compile it to JavaScript: Node only strips types",
        error,
      );
    case "ERR_MODULE_NOT_FOUND":
      return cannotLoad(
        firstLine(message),
        "install the missing package, or correct the import",
        error,
      );
    default:
      return cannotLoad(described(error), `run "node ${path}" to see where`, error);
  }
}

/** The text of a thrown value that is not an Error. */
function textOf(thrown: unknown): string {
  return typeof thrown === "string" ? thrown : inspect(thrown);
}

const noError = { code: undefined, message: "" };

function extensionHint(message: string): string {
  if (/"\.[cm]?ts"/.test(message)) {
    return `compile it to JavaScript, or use Node 22.18 or later: this is ${process.version}`;
  }
  if (/"\.[jt]sx"/.test(message)) return "compile it to JavaScript";
  return "name it .mjs or .js";
}

/** An error's name and message in one line, with its position in the source if it is known. */
function described(error: unknown): string {
  if (!(error instanceof Error)) return `the module threw ${firstLine(textOf(error))}`;
  const { name, message, stack = "" } = error;
  const text = firstLine(message) || `${(error as NodeJS.ErrnoException).code ?? "no message"}`;
  const place = placeIn(stack);
  return `${name}: ${text}${place === undefined ? "" : ` (${place})`}`;
}

/** The place that Node prints above the error, or else the first file among its stack frames. */
function placeIn(stack: string): string | undefined {
  const above = /^((?:file:\/\/)?\/.*:\d+)\n/.exec(stack)?.[1];
  const frame = /\n +at (?:.* )?\(?(file:\/\/.*?:\d+:\d+)\)?(?:\n|$)/.exec(stack)?.[1];
  const place = above ?? frame;
  return place?.startsWith("file:") ? decodeURI(place.slice("file://".length)) : place;
}

function firstLine(text: string): string {
  return text.split(/[\r\n]/, 1)[0]!.slice(0, 500);
}
