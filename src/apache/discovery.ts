import { existsSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { ErrorCode, GatewayError } from "../errors.js";
import { type Directive, readConfiguration } from "./configuration.js";
import { readEnvironmentFile } from "./environment-file.js";

/** Where httpd listens, as this machine reaches it. */
export interface Listener {
  readonly protocol: "http" | "https";
  /** For a URL: IPv6 in brackets; the loopback address where httpd listens on all. */
  readonly address: string;
  readonly port: number;
  /** Without a path, and without the port where the protocol implies it. */
  readonly url: string;
}

/** What httpd's configuration tells. */
export interface Discovery {
  /** The configuration file that was read. */
  readonly file: string;
  /** In the order of the configuration; never empty. */
  readonly listeners: readonly Listener[];
  /** The status page for people. With `?auto` behind it, it is the one for programs. */
  readonly statusUrl: string;
  /** The file that has the process id of httpd's master; `undefined` where none is named. */
  readonly pidFile: string | undefined;
  /** What could not be understood, in sentences. */
  readonly warnings: readonly string[];
}

export interface DiscoveryOptions {
  /** The configuration to read. Default: the first of {@link CONFIGURATION_FILES} that exists. */
  readonly file?: string | undefined;
  /** Names that httpd was started with, `-D NAME`. */
  readonly defines?: readonly string[] | undefined;
  /** A file of shell variables. Default: `envvars` beside the configuration. */
  readonly environmentFile?: string | undefined;
  readonly serverRoot?: string | undefined;
}

/** Where the distributions, and httpd's own image, keep the configuration. */
const CONFIGURATION_FILES: readonly string[] = [
  "/etc/apache2/apache2.conf",
  "/etc/httpd/conf/httpd.conf",
  "/usr/local/apache2/conf/httpd.conf",
  "/etc/apache2/httpd.conf",
  "/usr/local/etc/apache24/httpd.conf",
  "/etc/apache2/ports.conf",
];

const STATUS_PATH = "/server-status";

/**
 * Finds out where httpd listens, and where its status page is, from its configuration files. Reads
 * files only: no program is run.
 *
 * @throws GatewayError `bad_input` where the configuration is missing, or has no Listen
 */
export function discover(options: DiscoveryOptions = {}): Discovery {
  const file =
    options.file ??
    CONFIGURATION_FILES.find((path) => existsSync(path)) ??
    (CONFIGURATION_FILES[0] as string);
  const environmentFile = options.environmentFile ?? join(dirname(file), "envvars");
  const { directives, problem, serverRoot, warnings } = readConfiguration(file, {
    serverRoot: options.serverRoot,
    defines: options.defines,
    environment: readEnvironmentFile(environmentFile),
  });
  if (problem !== undefined) throw missing(file, problem);

  const found = [...warnings];
  const listeners = findListeners(directives, found);
  const [first] = listeners;
  if (first === undefined) throw nothingFound(file);
  const status = findStatus(directives);
  const at = listeners.find(({ port }) => port === status.port) ?? first;
  return {
    file,
    listeners,
    statusUrl: at.url + status.path,
    pidFile: findPidFile(directives, serverRoot),
    warnings: found,
  };
}

/** The URL of the text page that belongs to a status page, however it was given. */
export function textStatusUrl(statusUrl: string): string {
  if (!URL.canParse(statusUrl)) return statusUrl; // What may be a password is not to be cut.
  const bare = statusUrl.replace(/#.*$/, "").replace(/\?auto$/, "");
  if (!bare.includes("?")) return `${bare}?auto`;
  return /[?&]auto(?:$|[&=])/.test(bare) ? bare : `${bare}&auto`;
}

/** The URL of the page for people that belongs to a status page, however it was given. */
export function htmlStatusUrl(statusUrl: string): string {
  if (!URL.canParse(statusUrl)) return statusUrl;
  return statusUrl
    .replace(/#.*$/, "")
    .replace(/([?&])auto(?:=[^&]*)?(?=&|$)/, "$1")
    .replace(/\?&+/, "?")
    .replace(/&&+/, "&")
    .replace(/[?&]+$/, "");
}

function findListeners(directives: readonly Directive[], warnings: string[]): Listener[] {
  const secure = securePorts(directives);
  return directives.flatMap((directive) => {
    if (directive.name !== "listen") return [];
    const listener = parseListen(directive.arguments, secure);
    if (listener !== undefined) return [listener];
    const { file, line } = directive;
    warnings.push(
      `Failed to parse listen directive on line ${line} of ${file}: ${JSON.stringify(directive.arguments.join(" "))}`,
    );
    return [];
  });
}

const endpoint = /^(?:(\*|\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*)):)?(\d{1,6})$/i;

function parseListen(values: readonly string[], secure: ReadonlySet<number>): Listener | undefined {
  const match = endpoint.exec(values[0] ?? "");
  if (match === null) return undefined;
  const port = Number(match[2]);
  if (port < 1 || port > 65_535) return undefined;
  const address = reachable(match[1] ?? "*");
  const named = values[1]?.toLowerCase();
  const isNamed = named === "http" || named === "https";
  const protocol = isNamed ? named : port === 443 || secure.has(port) ? "https" : "http";
  const isImplied = port === (protocol === "https" ? 443 : 80);
  return { protocol, address, port, url: `${protocol}://${address}${isImplied ? "" : `:${port}`}` };
}

/** An address that this machine can connect to. */
function reachable(address: string): string {
  if (address === "*" || address === "0.0.0.0") return "127.0.0.1";
  return /^\[[0:.]+\]$/.test(address) ? "[::1]" : address;
}

/** The ports of virtual hosts that speak TLS. */
function securePorts(directives: readonly Directive[]): ReadonlySet<number> {
  const ports = directives.flatMap(({ name, arguments: values, sections }) =>
    name === "sslengine" && values[0]?.toLowerCase() === "on" ? hostPorts(sections) : [],
  );
  return new Set(ports);
}

function hostPorts(sections: Directive["sections"]): number[] {
  const host = sections.find(({ name }) => name === "virtualhost");
  return (host?.arguments ?? []).flatMap((address) => {
    const port = /:(\d{1,5})$/.exec(address)?.[1];
    return port === undefined ? [] : [Number(port)];
  });
}

/** The path that mod_status answers at, and the port where only one virtual host has it. */
function findStatus(directives: readonly Directive[]): { path: string; port: number | undefined } {
  const places = directives.flatMap(({ name, arguments: values, sections }) => {
    const location = sections.findLast((section) => section.name === "location");
    const path = location?.arguments[0];
    const isStatus = name === "sethandler" && values[0]?.toLowerCase() === "server-status";
    if (!isStatus || path === undefined || !path.startsWith("/")) return [];
    const isHosts = sections.some((section) => section.name === "virtualhost");
    return [{ path, port: isHosts ? hostPorts(sections)[0] : undefined, isHosts }];
  });
  const found = places.find(({ isHosts }) => !isHosts) ?? places[0];
  return found ?? { path: STATUS_PATH, port: undefined };
}

function findPidFile(directives: readonly Directive[], serverRoot: string): string | undefined {
  const directive = directives.findLast(({ name }) => name === "pidfile");
  const path = directive?.arguments[0];
  if (path === undefined || path === "" || /\$\{/.test(path)) return undefined;
  return isAbsolute(path) ? path : join(serverRoot, path);
}

const nothing = "Failed to discover any addresses or ports that Apache is listening on!";

function missing(file: string, problem: string): GatewayError {
  const isMissing = problem === "ENOENT" || problem === "ENOTDIR";
  const message = isMissing
    ? `${nothing} The configuration file ${file} is missing. ` +
      "Are you sure the Apache web server is properly installed?"
    : `${nothing} The configuration file ${file} cannot be read: ${problem}.`;
  return new GatewayError(ErrorCode.BadInput, message, {
    hint: "give the URL of the status page, or the configuration file",
  });
}

function nothingFound(file: string): GatewayError {
  return new GatewayError(
    ErrorCode.BadInput,
    `${nothing} Maybe I'm parsing the wrong configuration file? (${file})`,
    { hint: "give the URL of the status page, or the configuration file" },
  );
}
