/** A pool of php-fpm as its configuration files describe it. Times are in milliseconds. */
export interface PoolConfiguration {
  /** The name of its section. */
  readonly name: string;
  /** The file and line of its section: `/etc/php/8.2/fpm/pool.d/www.conf:4`. */
  readonly source: string;
  /** The main file of the configuration: `/etc/php/8.2/fpm/php-fpm.conf`. */
  readonly file?: string | undefined;
  /** The address to connect to, without a path: `unix:/run/php/www.sock`, `127.0.0.1:9000`. */
  readonly listen: string;
  /** Whether it listens on all addresses of the machine. `listen` is then the one of loopback. */
  readonly listensEverywhere?: boolean | undefined;
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
  /** `pm.process_idle_timeout`. */
  readonly processIdleTimeout?: number | undefined;
  /** `request_terminate_timeout`; 0 is none. */
  readonly requestTerminateTimeout?: number | undefined;
  /** `request_slowlog_timeout`; 0 is none. */
  readonly requestSlowlogTimeout?: number | undefined;
  /** `slowlog`. */
  readonly slowlog?: string | undefined;
  /** `access.log`. */
  readonly accessLog?: string | undefined;
  /** The log of php-fpm itself: `error_log` of `[global]`. */
  readonly errorLog?: string | undefined;
  /** The user and the group that its processes run as. */
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  /** `listen.owner`, `listen.group` and `listen.mode` of a unix socket. */
  readonly listenOwner?: string | undefined;
  readonly listenGroup?: string | undefined;
  readonly listenMode?: string | undefined;
  /** `listen.acl_users` and `listen.acl_groups`, which replace owner and group. */
  readonly aclUsers?: string | undefined;
  readonly aclGroups?: string | undefined;
  /** `listen.allowed_clients`; `undefined` is everyone. */
  readonly allowedClients?: string | undefined;
  /** `chroot`. */
  readonly chroot?: string | undefined;
  /** What is not known, a sentence each: `pm.max_children depends on ${CHILDREN}`. */
  readonly unknown?: readonly string[] | undefined;
}
