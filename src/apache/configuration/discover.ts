import { dirname, isAbsolute, join } from "node:path";
import { ErrorCode, GatewayError } from "../../errors.js";
import { type Directive, readConfiguration } from "./configuration.js";
import type { FileProblem } from "./configuration-files.js";
import { readEnvironmentFile } from "./environment-file.js";
import { findListeners, type HttpdListener } from "./listeners.js";
import { findConfiguration, programsOf, versionOfProgram } from "./places.js";
import { findStatusPage } from "./status-place.js";
import { virtualHosts } from "./virtual-hosts.js";

/** What httpd's configuration says. */
export interface DiscoveredHttpd {
  /** The configuration file that was read. */
  readonly file: string;
  /** Where httpd listens, in the order of the configuration; never empty. */
  readonly listeners: readonly HttpdListener[];
  /** The URL of the HTML status page. With `?auto` after it, it is that of the text page. */
  readonly statusUrl: string;
  /**
   * The Host to ask with, where only that leads to the virtual host that has the page, or to the
   * one whose certificate is shown. `undefined` where any will do.
   */
  readonly statusHost: string | undefined;
  /** The file that has the process id of httpd's master; `undefined` where none is named. */
  readonly pidFile: string | undefined;
  /** What could not be understood, a sentence each. */
  readonly warnings: readonly string[];
}

export interface DiscoverHttpdOptions {
  /** The configuration to read. Default: where distributions keep it, the first that exists. */
  readonly file?: string | undefined;
  /** Names that httpd was started with, `-D NAME`. Default: none. */
  readonly defines?: readonly string[] | undefined;
  /** A file of shell variables. Default: `envvars` beside the configuration. */
  readonly environmentFile?: string | undefined;
  /** Where relative paths begin until a ServerRoot says otherwise. Default: by the file's place. */
  readonly serverRoot?: string | undefined;
  /** httpd's version, such as `2.4.66`, for `<IfVersion>`. Default: what its program says. */
  readonly version?: string | undefined;
  /** The file of httpd's program. It is read, not run. Default: by the configuration's place. */
  readonly program?: string | undefined;
}

/**
 * Finds out where httpd listens, and where its status page is, from its configuration files. Reads
 * files only: no program is run.
 *
 * @throws GatewayError `bad_input` where the configuration is missing, or has no Listen
 */
export function discoverHttpd(options: DiscoverHttpdOptions = {}): DiscoveredHttpd {
  const place =
    options.file === undefined ? findConfiguration() : { file: options.file, warnings: [] };
  const { file } = place;
  const environmentFile = options.environmentFile ?? join(dirname(file), "envvars");
  const { directives, problem, serverRoot, warnings } = readConfiguration(file, {
    serverRoot: options.serverRoot,
    defines: options.defines,
    environment: readEnvironmentFile(environmentFile),
    version: () => options.version ?? versionOf(options.program, file),
  });
  if (problem !== undefined) throw unreadable(file, problem);

  const found = [...place.warnings, ...warnings];
  const hosts = virtualHosts(directives);
  const listeners = findListeners(directives, hosts, found);
  const [first] = listeners;
  if (first === undefined) throw nothingFound(file, found);
  return {
    file,
    listeners: listeners.map(({ isAny: _, ...listener }) => listener),
    ...findStatusPage(directives, hosts, [first, ...listeners.slice(1)], found),
    pidFile: findPidFile(directives, serverRoot),
    warnings: found,
  };
}

function versionOf(program: string | undefined, file: string): string | undefined {
  const programs = program === undefined ? programsOf(file) : [program];
  for (const each of programs) {
    const version = versionOfProgram(each);
    if (version !== undefined) return version;
  }
  return undefined;
}

function findPidFile(directives: readonly Directive[], serverRoot: string): string | undefined {
  const directive = directives.findLast(({ name }) => name === "pidfile");
  const path = directive?.arguments[0];
  if (path === undefined || path === "" || /\$\{/.test(path)) return undefined;
  return isAbsolute(path) ? path : join(serverRoot, path);
}

const nothing = "Failed to discover any addresses or ports that Apache is listening on!";

function unreadable(file: string, { isMissing, problem }: FileProblem): GatewayError {
  const message = isMissing
    ? `${nothing} The configuration file ${file} is missing. ` +
      "Are you sure the Apache web server is properly installed?"
    : `${nothing} The configuration file ${file} cannot be read: it ${problem}.`;
  return new GatewayError(ErrorCode.BadInput, message, {
    hint: "give the URL of the status page, or the configuration file",
  });
}

/** What was left out may have had a Listen. */
function nothingFound(file: string, warnings: readonly string[]): GatewayError {
  const also = warnings.map((text) => `; ${text}`).join("");
  return new GatewayError(
    ErrorCode.BadInput,
    `${nothing} Maybe I'm parsing the wrong configuration file? (${file})`,
    { hint: `give the URL of the status page, or the configuration file${also}` },
  );
}
