import { latin1, latin1Bytes, utf8Bytes } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { byteStringValue, type Variable, type VariableValue } from "./variables.js";
import { decodePath, textIfUtf8 } from "./variables-from-request.js";

/** Says whether a site has a script, such as `/wp-login.php`. */
export type ScriptExists = (script: string) => boolean | Promise<boolean>;

export interface FrontControllerOptions {
  /**
   * The folder of a PHP site, such as `/var/www/app/public`. With it a path runs what nginx's usual
   * configuration runs: the script that it names, the `index.php` of the folder that it names, or
   * else the front controller. Default: absent, and the whole path is SCRIPT_NAME.
   */
  root?: string | undefined;
  /** The script for all paths that name no other, below `root`. Default: `/index.php`. */
  frontController?: string | undefined;
  /**
   * The other scripts that may run. A list has paths below `root`; one that ends in `/` allows the
   * scripts in that folder. `[]` is enough for Laravel and Symfony, and asks no disk; a list or a
   * function is for a backend on another machine. Default: those that exist in `root` on the disk of
   * this machine, without symbolic links that lead out of it.
   */
  scripts?: readonly string[] | ScriptExists | undefined;
  /**
   * Folders whose scripts never run, in any case: names, or paths from the root as `/wp-content/x`.
   * Folders that begin with a dot are among them always. Default: {@link defaultNoScripts}.
   */
  noScripts?: readonly string[] | undefined;
}

/**
 * The folders whose scripts never run, unless `noScripts` names others: uploads as WordPress,
 * Drupal, Laravel, TYPO3 and Magento keep them, caches, and the dependencies of a site.
 */
export const defaultNoScripts: readonly string[] = [
  "uploads",
  "upload",
  "files",
  "media",
  "storage",
  "fileadmin",
  "cache",
  "tmp",
  "vendor",
  "node_modules",
];

/** What a path of a site runs. All texts are byte strings. */
export interface ChosenScript {
  /** The path of the script below the root. */
  script: string;
  pathInfo: string;
  /** Whether the path names the script or its folder, or is left to the front controller. */
  named: boolean;
}

/** A PHP site with a front controller. */
export interface Site {
  /** Finds the script for a path, see {@link sitePath}. */
  choose(path: string): Promise<ChosenScript>;
  /** Whether a script may run, if it exists. */
  allows(script: string): boolean;
}

/**
 * A site, by its options.
 *
 * @param exists asks for scripts where the options do not say which exist
 * @throws GatewayError `bad_input` for a front controller or folders that are no paths
 */
export function createSite(options: FrontControllerOptions, exists: ScriptExists): Site {
  const { frontController = "/index.php", noScripts = defaultNoScripts, scripts } = options;
  if (!/^\/[^\0]*[^/\0]$/.test(frontController)) {
    throw new GatewayError(
      ErrorCode.BadInput,
      `frontController is ${JSON.stringify(frontController)}, not the path of a script`,
      { hint: "write it from the root on: /index.php" },
    );
  }
  const ask = typeof scripts === "function" ? scripts : scripts ? listed(scripts) : exists;
  const allows = (script: string): boolean => isAllowed(script, noScripts);
  const front = byteString(frontController);
  const runs = async (script: string): Promise<boolean> => {
    if (script === front) return true;
    const text = textIfUtf8(latin1Bytes(script));
    return typeof text === "string" && allows(script) && (await ask(text));
  };
  return {
    allows,
    async choose(path) {
      // As nginx's fastcgi_split_path_info ^(.+?\.php)(/.*)$ does: at the first .php of a segment.
      const [, script, pathInfo = ""] = /^(.+?\.php)(\/.*)?$/s.exec(path) ?? [];
      if (script !== undefined && (await runs(script))) return { script, pathInfo, named: true };
      const index = `${path}index.php`;
      if (path.endsWith("/") && (await runs(index)))
        return { script: index, pathInfo: "", named: true };
      return { script: front, pathInfo: "", named: false };
    },
  };
}

/**
 * The path of a URL as a byte string: decoded once, without `.` and empty segments.
 *
 * @throws GatewayError `bad_input` for a NUL, and for a `..` that only decoding has shown
 */
export function sitePath(pathname: string): string {
  const path = latin1(decodePath(pathname));
  if (path.includes("\0")) throw refusedPath(pathname, "a NUL");
  const segments = path.split("/").slice(1);
  if (segments.includes("..")) throw refusedPath(pathname, 'a ".."');
  const names = segments.filter((segment) => segment !== "" && segment !== ".");
  const isFolder = names.length > 0 && /^\.?$/.test(segments.at(-1) ?? "");
  return `/${names.join("/")}${isFolder ? "/" : ""}`;
}

function refusedPath(pathname: string, what: string): GatewayError {
  const message = `the path ${pathname} has ${what} once it is decoded`;
  return new GatewayError(ErrorCode.BadInput, message);
}

/**
 * The variables that depend on the script, as nginx sends them.
 *
 * @param mount the part of the path before the site, if it is not at the top: a byte string
 */
export function scriptVariables(
  { script, pathInfo }: ChosenScript,
  documentRoot: string,
  mount = "",
): Variable[] {
  const root = documentRoot.replace(/\/+$/, "");
  return [
    ["SCRIPT_NAME", value(mount + script)],
    ["SCRIPT_FILENAME", value(byteString(root) + script)],
    ["PATH_INFO", value(pathInfo)],
    ["DOCUMENT_ROOT", root],
    ["DOCUMENT_URI", value(mount + script)],
    // PHP that was built with --enable-force-cgi-redirect asks for it.
    ["REDIRECT_STATUS", "200"],
  ];
}

const byteString = (text: string): string => latin1(utf8Bytes(text));

function value(bytes: string): VariableValue {
  const known = byteStringValue(bytes);
  return typeof known === "string" ? known : textIfUtf8(known);
}

/**
 * Whether a script is in none of the folders whose scripts never run, nor in a hidden one, and its
 * name means the same on every system.
 */
function isAllowed(script: string, noScripts: readonly string[]): boolean {
  // Windows leaves out dots and spaces at the end of a name.
  if (/\/\.|[. ]\/|[\\:\x00-\x1f\x7f]/.test(script)) return false;
  const folder = script.slice(0, script.lastIndexOf("/") + 1).toLowerCase();
  return noScripts.every((name) => {
    const lower = byteString(name).toLowerCase().replace(/\/+$/, "");
    return lower.startsWith("/") ? !folder.startsWith(`${lower}/`) : !folder.includes(`/${lower}/`);
  });
}

/**
 * Whether a list has a script. In a folder of the list, a folder with a dot in its name has none:
 * php-fpm would take `/folder/x.jpg/y.php` for the script `x.jpg` (cgi.fix_pathinfo).
 */
function listed(scripts: readonly string[]): ScriptExists {
  const files = new Set(scripts);
  const folders = scripts.filter((script) => script.endsWith("/"));
  return (script) =>
    files.has(script) ||
    folders.some(
      (folder) => script.startsWith(folder) && !/\.[^/]*\//.test(script.slice(folder.length)),
    );
}
