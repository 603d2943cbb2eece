import { statSync } from "node:fs";
import type { DiscoveredTarget } from "./discovery.js";
import { realPath } from "./php-fpm/masters.js";
import { accessTo } from "./php-fpm/permissions.js";
import { expand } from "./php-fpm/places.js";
import type { ReadProblem } from "./php-fpm/read-configuration.js";

/** The folders where distributions put the sockets of php-fpm. */
export const usualSockets: readonly string[] = [
  "/run/php/*",
  "/run/php-fpm/*",
  "/var/run/php/*",
  "/var/run/php-fpm/*",
];

/**
 * The sockets that match patterns and are none of the `explained` ones, each once.
 *
 * @param explained the real paths of the sockets of known pools
 */
export function findSockets(
  patterns: readonly string[],
  explained: ReadonlySet<string>,
  problems: ReadProblem[],
): DiscoveredTarget[] {
  const seen = new Set<string>();
  return patterns.flatMap((pattern) =>
    expand(pattern, problems).flatMap((path) => {
      const real = realPath(path);
      if (seen.has(real) || explained.has(real) || !isSocket(path)) return [];
      seen.add(real);
      return [socketTarget(path, pattern)];
    }),
  );
}

function socketTarget(path: string, pattern: string): DiscoveredTarget {
  const access = accessTo(path);
  const isDenied = typeof access === "object";
  return {
    kind: "phpfpm",
    address: `unix:${path}`,
    pingAddress: undefined,
    labels: {},
    source: pattern,
    state: isDenied ? "no permission" : "unknown",
    problem: isDenied ? access.problem : "no configuration that this user can read names it",
    hint: isDenied
      ? "join the group of the socket, or run as its user"
      : "its status page may be at /status: try fcgi-probe status with this address",
    configuration: undefined,
    host: undefined,
  };
}

function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}
