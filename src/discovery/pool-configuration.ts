/** A pool of php-fpm as its configuration files describe it. Times are in milliseconds. */
export interface PoolConfiguration {
  /** The name of its section. */
  readonly name: string;
  /** The file and line of its section: `/etc/php/8.2/fpm/pool.d/www.conf:4`. */
  readonly source: string;
  /** The address to connect to, without a path: `unix:/run/php/www.sock`, `127.0.0.1:9000`. */
  readonly listen: string;
  /** `pm.status_path`. */
  readonly statusPath: string | undefined;
  /** The address of `pm.status_listen`, which answers while all workers are busy. */
  readonly statusListen: string | undefined;
  /** `ping.path`. */
  readonly pingPath: string | undefined;
  /** `pm`: static, dynamic or ondemand. */
  readonly processManager: string | undefined;
  /** `pm.max_children`. */
  readonly maxChildren: number | undefined;
  /** `pm.start_servers`. */
  readonly startServers: number | undefined;
  /** `pm.min_spare_servers`. */
  readonly minSpareServers: number | undefined;
  /** `pm.max_spare_servers`. */
  readonly maxSpareServers: number | undefined;
  /** `pm.max_requests`; 0 is no limit. */
  readonly maxRequests: number | undefined;
  /** `listen.backlog`; -1 is the limit of the system. */
  readonly backlog: number | undefined;
}
