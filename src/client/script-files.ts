import { realpath, stat } from "node:fs/promises";
import { relative, resolve, sep } from "node:path";
import { createSite, type FrontControllerOptions, type Site } from "../cgi/front-controller.js";
import { ErrorCode, GatewayError } from "../errors.js";

/** A site, and where its scripts are for the backend. */
export interface BackendSite extends Site {
  readonly documentRoot: string;
}

/**
 * The site of options with a `root`; undefined for options without one.
 *
 * @throws GatewayError `bad_input`, also for a `frontController` without `root`, and for an empty
 * `root`, which would be the folder of the process
 */
export function siteOf(
  options: FrontControllerOptions & { documentRoot?: string | undefined },
): BackendSite | undefined {
  const { root, frontController, scripts } = options;
  if (root === undefined) {
    if (frontController === undefined) return undefined;
    throw new GatewayError(ErrorCode.BadInput, "a frontController needs a folder: set root");
  }
  if (root === "") {
    const hint = "set root to the folder of the site, or leave it out";
    throw new GatewayError(ErrorCode.BadInput, "root is empty, which is no folder", { hint });
  }
  const folder = scripts === undefined ? resolve(root) : root;
  const site = createSite(options, (script) => isScript(folder, script, site));
  return { ...site, documentRoot: options.documentRoot ?? folder };
}

/**
 * The real path of a file below a folder, from that folder on and with slashes, such as `/a/b.php`.
 * Undefined for what is no regular file, does not exist, or is outside by a symbolic link.
 */
async function realFile(root: string, path: string): Promise<string | undefined> {
  try {
    const [realRoot, real] = await Promise.all([realpath(root), realpath(root + path)]);
    const below = relative(realRoot, real);
    const isOutside = below.startsWith("..") || resolve(realRoot, below) !== real;
    if (isOutside || !(await stat(real)).isFile()) return undefined;
    return `/${below.replaceAll(sep, "/")}`;
  } catch {
    return undefined;
  }
}

/** A link must not lead to a folder whose scripts never run. */
async function isScript(root: string, script: string, site: Site): Promise<boolean> {
  const real = await realFile(root, script);
  return real !== undefined && (real === script || site.allows(real));
}
