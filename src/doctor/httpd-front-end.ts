import { dirname, isAbsolute, join } from "node:path";
import { readConfiguration } from "../apache/configuration/configuration.js";
import { readEnvironmentFile } from "../apache/configuration/environment-file.js";
import { findRunningHttpd, runningConfigurations } from "../apache/configuration/running-httpd.js";
import { findServers } from "../apache/processes/apache-servers.js";
import type { ProcessTable } from "../apache/processes/process-table.js";
import type { NotLookedAt } from "./evidence.js";
import type { FrontEnd } from "./front-end.js";

/** Directives that name a backend. */
const passing: ReadonlySet<string> = new Set([
  "sethandler",
  "proxypass",
  "proxypassmatch",
  "balancermember",
]);

/** Finds the httpds that run here, and what their configurations pass requests to. */
export function findHttpdFrontEnds(table: ProcessTable, missing: NotLookedAt[]): FrontEnd[] {
  const files = runningConfigurations(table);
  return files.flatMap((file) => {
    const { defines, serverRoot } = findRunningHttpd(file, table);
    const environment = readEnvironmentFile(join(dirname(file), "envvars"));
    const configuration = readConfiguration(file, { defines, serverRoot, environment });
    if (configuration.problem !== undefined) {
      missing.push({ what: `httpd's ${file}`, why: `it ${configuration.problem.problem}` });
      return [];
    }
    const { directives } = configuration;
    const backends = directives
      .filter(({ name }) => passing.has(name))
      .flatMap(({ file: path, line, arguments: values }) =>
        values.flatMap(backendOf).map((address) => ({ address, source: `${path}:${line}` })),
      );
    const logs = directives
      .filter(({ name }) => name === "errorlog")
      .map(({ arguments: [path = ""] }) => path)
      .map((path) => (isAbsolute(path) ? path : join(configuration.serverRoot, path)));
    return [
      {
        name: "httpd" as const,
        // With several httpds it is not known here which of them has this configuration.
        workers: files.length === 1 ? workersOf(table) : [],
        backends,
        errorLogs: logs,
      },
    ];
  });
}

function workersOf(table: ProcessTable): number[] {
  return findServers(table).flatMap(({ children }) => children.map(({ pid }) => pid));
}

/** The address in `proxy:unix:/run/www.sock|fcgi://localhost/` and in `fcgi://127.0.0.1:9000/`. */
function backendOf(value: string): string[] {
  const path = /unix:([^|]+)\|fcgi:/i.exec(value)?.[1];
  if (path !== undefined) return [`unix:${path}`];
  return /fcgi:\/\/([^/]+)/i.exec(value)?.slice(1) ?? [];
}
