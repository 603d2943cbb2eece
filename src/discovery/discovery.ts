import type { PoolConfiguration } from "./pool-configuration.js";

/**
 * The state of what was found, without a connection to it. `no master` is a pool of php-fpm whose
 * workers serve on without their master. `unknown` is a socket or a host that no configuration here
 * explains.
 */
export type DiscoveryState =
  | "ready"
  | "status off"
  | "no permission"
  | "not running"
  | "no master"
  | "unknown";

/** A pool or an httpd that was found. */
export interface DiscoveredTarget {
  readonly kind: "phpfpm" | "apache";
  /** The address of its status page: that of `pm.status_listen` where there is one. */
  readonly address: string;
  /** The address with `ping.path`; `undefined` where ping is off, and for httpds. */
  readonly pingAddress: string | undefined;
  /** `pool`, `version` and `config` of a pool, `config` of an httpd, `name` of a DNS name. */
  readonly labels: Readonly<Record<string, string>>;
  /** Where it was found: `/etc/php/8.2/fpm/pool.d/www.conf:4`. */
  readonly source: string;
  readonly state: DiscoveryState;
  /** What is wrong, and what to do about it; `undefined` in the state `ready`. */
  readonly problem: string | undefined;
  readonly hint: string | undefined;
  /** The pool's configuration, where that was read. */
  readonly configuration: PoolConfiguration | undefined;
  /** The Host to request an httpd's page with, where only that leads to the page. */
  readonly host: string | undefined;
}

/** What could not be read or is not known, so that targets may be missing. */
export interface DiscoveryProblem {
  /** The file, the file and line, the process, or the name. */
  readonly source: string;
  readonly message: string;
  readonly hint: string;
}

/** What was found on this machine. */
export interface Discovery {
  readonly targets: readonly DiscoveredTarget[];
  readonly problems: readonly DiscoveryProblem[];
}
