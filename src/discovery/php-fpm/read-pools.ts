import type { PoolConfiguration } from "../pool-configuration.js";
import { checkPools, fullPath, type PoolDirectives, statusListenOf } from "./check-pools.js";
import { connectAddress, isOnAllAddresses } from "./connect-address.js";
import {
  type ConfigurationSections,
  type ReadOptions,
  type ReadProblem,
  readSections,
} from "./read-configuration.js";

/** What a configuration of php-fpm says. */
export interface PhpFpmConfiguration {
  /** Its main file. */
  readonly file: string;
  /** In the order of the configuration. Pools whose `listen` is not known are among the problems. */
  readonly pools: readonly PoolConfiguration[];
  /** The files that were read, and the folders in which an include looks. */
  readonly files: readonly string[];
  readonly folders: readonly string[];
  readonly problems: readonly ReadProblem[];
}

/**
 * Reads a configuration of php-fpm as php-fpm does, and runs nothing. It does not check what
 * depends on how php-fpm is started: whether users exist, and whether logs can be opened.
 *
 * @throws GatewayError `bad_input` where php-fpm refuses it, with the file and line
 */
export function readPhpFpmConfiguration(file: string, options: ReadOptions): PhpFpmConfiguration {
  const sections = readSections(file, options);
  const problems = [...sections.problems];
  const pools: PoolConfiguration[] = [];
  for (const pool of checkPools(sections, options.prefix)) {
    const dependsOn = pool.dependsOn("listen");
    if (dependsOn.length === 0) pools.push(configurationOf(pool, sections, file, options.prefix));
    else {
      const message = `the address of pool ${pool.name} depends on ${dependsOn.join(", ")}`;
      problems.push({ source: pool.sourceOf("listen"), message });
    }
  }
  const { files, folders } = sections;
  return { file, pools, files, folders, problems };
}

function configurationOf(
  pool: PoolDirectives,
  sections: ConfigurationSections,
  file: string,
  prefix: string,
): PoolConfiguration {
  const listen = pool.text("listen") ?? "";
  const statusListen = statusListenOf(pool, prefix);
  const milliseconds = (name: string) => {
    const seconds = pool.number(name);
    return seconds === undefined ? undefined : seconds * 1000;
  };
  return {
    name: pool.name,
    source: pool.source,
    file,
    listen: connectAddress(listen),
    ...(isOnAllAddresses(listen) && { listensEverywhere: true }),
    statusPath: pool.text("pm.status_path") || undefined,
    statusListen: statusListen ? connectAddress(statusListen) : undefined,
    pingPath: pool.text("ping.path") || undefined,
    processManager: pool.text("pm"),
    maxChildren: pool.number("pm.max_children"),
    startServers: pool.number("pm.start_servers"),
    minSpareServers: pool.number("pm.min_spare_servers"),
    maxSpareServers: pool.number("pm.max_spare_servers"),
    maxRequests: pool.number("pm.max_requests"),
    backlog: pool.number("listen.backlog"),
    processIdleTimeout: milliseconds("pm.process_idle_timeout"),
    requestTerminateTimeout: milliseconds("request_terminate_timeout"),
    requestSlowlogTimeout: milliseconds("request_slowlog_timeout"),
    slowlog: pool.text("slowlog") || undefined,
    accessLog: pool.text("access.log") || undefined,
    errorLog: errorLogOf(sections, prefix),
    user: pool.text("user"),
    group: pool.text("group"),
    listenOwner: pool.text("listen.owner") || undefined,
    listenGroup: pool.text("listen.group") || undefined,
    listenMode: pool.text("listen.mode") || undefined,
    aclUsers: pool.text("listen.acl_users") || undefined,
    aclGroups: pool.text("listen.acl_groups") || undefined,
    allowedClients: pool.text("listen.allowed_clients") || undefined,
    chroot: pool.text("chroot") || undefined,
    unknown: pool.unknown(),
  };
}

/** A relative path begins at /var in Debian's build, and is left out where that is not sure. */
function errorLogOf({ global }: ConfigurationSections, prefix: string): string | undefined {
  const setting = global.settings.get("error_log");
  if (setting === undefined || setting.dependsOn.length > 0) return undefined;
  const path = `${setting.value}`;
  if (/^(\/|syslog$)/i.test(path)) return path;
  return prefix === "/usr" ? fullPath(path, undefined, "/var") : undefined;
}
