/**
 * The codes of a {@link GatewayError}. They are stable: exit codes, metrics and scripts depend on
 * them. Each says what happened, and lists its causes and what to do: `npm run manual` makes
 * docs/troubleshooting.md of them.
 */
export const ErrorCode = {
  /**
   * The address cannot be read, or does not suit what it is used for.
   *
   * - A path stands where a socket is expected: write `unix:` before the path of a socket, and
   *   `:/status` after it.
   * - An IPv6 address has no brackets: write `[::1]:9000`.
   */
  BadAddress: "bad_address",
  /**
   * An option, an argument or a file holds a value that cannot be used. The message names it.
   *
   * - Options contradict each other, or a number is out of its range: the message says what is
   *   accepted.
   * - A file cannot be read or written: check its path and permissions.
   */
  BadInput: "bad_input",
  /**
   * The program is a bundle, and starts a pool or a thread, for which the package has files of
   * their own.
   *
   * - The package is not installed where the bundle runs: run `npm install fcgi-probe` there, or
   *   let the bundler leave it out (esbuild `--external:fcgi-probe`; `external` or `externals` in
   *   others).
   * - Another version is installed there: install the version that was bundled, or bundle again.
   */
  IncompleteBundle: "incomplete_bundle",
  /**
   * No socket is at this path.
   *
   * - The pool does not run: start it, and look at its log.
   * - Its `listen` directive names another path: `fcgi-probe discover` lists the sockets of this
   *   machine's pools.
   * - The service has a private /tmp (`PrivateTmp=` of systemd), or runs in another container: put
   *   the socket where both see it.
   */
  SocketMissing: "socket_missing",
  /**
   * The system does not let this user open the socket, or bind the address.
   *
   * - `listen.owner`, `listen.group` and `listen.mode` do not include this user: join the group.
   * - A folder above the socket is closed to this user: allow it to be searched (`chmod o+x`).
   * - SELinux or AppArmor forbids it: see the audit log.
   */
  PermissionDenied: "permission_denied",
  /**
   * Nothing listens at this address.
   *
   * - The server does not run, or has died and left its socket file: start it.
   * - It listens on another port or address: compare with its `listen` directive.
   * - Localhost is a different machine inside a container: give the name of the service.
   */
  Refused: "refused",
  /**
   * The socket exists, and its accept queue is full.
   *
   * - Every worker is busy, and connections wait: `fcgi-probe doctor` says whether requests are too
   *   slow or workers too few.
   * - `listen.backlog` is small, or cut by `net.core.somaxconn`: raise both.
   */
  BacklogFull: "backlog_full",
  /**
   * No connection was made in time.
   *
   * - A firewall drops packets: try from another machine, and look at its rules.
   * - The host is down or the address is wrong: check both.
   * - The accept queue of a TCP pool is full: see `backlog_full`.
   */
  ConnectTimeout: "connect_timeout",
  /**
   * No connection was made, for a reason that the message names.
   *
   * - The name of the host is unknown: check its spelling and DNS.
   * - There is no route to the host, or the network is down.
   * - This process has no file descriptors left: raise `ulimit -n`, or lower the concurrency.
   */
  ConnectFailed: "connect_failed",
  /**
   * A connection was made, and no complete answer came in time.
   *
   * - Every worker is busy: set `pm.status_listen`, so that the status page does not wait for one,
   *   and run `fcgi-probe doctor`.
   * - The application is slow, or waits for something: see its slow log
   *   (`request_slowlog_timeout`).
   * - The answer takes longer than is allowed here: raise the timeout.
   */
  Deadline: "deadline",
  /**
   * The caller's signal ended the request, or its client left.
   *
   * - This is what was asked for. Nothing is to be done, unless the signal is a timeout that is too
   *   short.
   */
  Aborted: "aborted",
  /**
   * The peer accepted the connection and closed it without an answer.
   *
   * - The worker crashed, or reached `request_terminate_timeout`: `fcgi-probe doctor` counts both in
   *   the log of the pool.
   * - `listen.allowed_clients` of a TCP pool does not name this address: add it.
   * - The pool was restarted at this moment: try again.
   * - The peer speaks another protocol: see `wrong_protocol`.
   */
  ClosedWithoutAnswer: "closed_without_answer",
  /**
   * What answers speaks another protocol.
   *
   * - The port is that of a web server: give the pool's own port or socket.
   * - The address has the wrong protocol: write `fcgi://`, `scgi://` or `uwsgi://` before it.
   */
  WrongProtocol: "wrong_protocol",
  /**
   * The application refused the request, with FCGI_OVERLOADED.
   *
   * - It serves as many requests as it can: send fewer at a time, try again later, or give it more
   *   workers.
   */
  Overloaded: "overloaded",
  /**
   * The application refused a second request on one connection, with FCGI_CANT_MPX_CONN.
   *
   * - It takes one request at a time, as php-fpm does: use a connection for each request.
   */
  CannotMultiplex: "cannot_multiplex",
  /**
   * The application refused the role of the request, with FCGI_UNKNOWN_ROLE.
   *
   * - It is no authorizer or filter: use the role `Responder`, as front ends do.
   */
  UnknownRole: "unknown_role",
  /**
   * The peer sent bytes that its protocol does not allow. `offset` says where.
   *
   * - The application wrote to the socket by itself, or printed a header that is none: see its
   *   output with `fcgi-probe request -i`.
   * - The peer has a fault: save the bytes, and show them with `fcgi-probe decode`.
   */
  Malformed: "malformed",
  /**
   * The connection ended in the middle of an answer or of a request.
   *
   * - A worker crashed or was killed: see the log of the pool for signals, and the kernel's for its
   *   out-of-memory killer.
   * - The request reached `request_terminate_timeout`: raise it, or see the slow log.
   * - A captured file is not complete: capture it again.
   */
  Truncated: "truncated",
  /**
   * More was sent than is accepted. The message names the limit.
   *
   * - The answer really is that large: raise the option that the message names, or `limits`.
   * - The peer is broken or hostile: leave the limit.
   */
  LimitExceeded: "limit_exceeded",
  /**
   * The pool answers, and has no page at this path.
   *
   * - `pm.status_path` or `ping.path` is not set, or is another: `fcgi-probe discover` names the
   *   line to add, and the file.
   * - The pool was not reloaded after the change: reload it.
   */
  PageNotFound: "page_not_found",
  /**
   * The pool refuses this path.
   *
   * - The path is no page of the pool, so php-fpm takes it for a script and refuses its extension:
   *   check `pm.status_path`.
   * - The script has an extension that `security.limit_extensions` does not name.
   */
  AccessDenied: "access_denied",
  /**
   * The server was busy for a moment, and `status` has tried again already.
   *
   * - php-fpm updates its scoreboard at every request, and gives up on its page when it is locked:
   *   ask again.
   */
  ServerBusy: "server_busy",
  /**
   * The backend answered with an HTTP status that says that it failed.
   *
   * - The application or httpd failed: see its log, and `stderr` of the error.
   * - httpd asks for a password or refuses this address: check `Require` of the status page's
   *   Location.
   */
  BadStatus: "bad_status",
  /**
   * The answer is not a status page that is known.
   *
   * - The path belongs to an application: check `pm.status_path`, and for httpd the URL and
   *   `SetHandler server-status`.
   * - A web server between here and the pool changes the page: ask the pool itself.
   */
  NotAStatusPage: "not_a_status_page",
  /**
   * The answer is not the reply to a ping, one line of plain text.
   *
   * - The path belongs to an application: set `ping.path`, and ask for that path.
   */
  NotAPingReply: "not_a_ping_reply",
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** What to check first, for each code. */
const hints: Record<ErrorCode, string> = {
  bad_address:
    "write an address as unix:/run/php/php8.2-fpm.sock:/status, 127.0.0.1:9000/status or [::1]:9000/status",
  bad_input: "correct the value and try again",
  incomplete_bundle: "install fcgi-probe beside the bundle, or mark it as external",
  socket_missing:
    "no socket is at this path: is the pool running, and is this the path of its listen directive?",
  permission_denied:
    "this user may not open the socket: join the group of listen.group, or widen listen.mode",
  refused:
    "nothing listens here: is the server running, and is this the address of its listen directive?",
  backlog_full:
    "the listen queue is full: the pool is saturated, not down; fcgi-probe doctor TARGET says why; raise pm.max_children or listen.backlog",
  connect_timeout: "the host did not answer: a firewall, a wrong address, or a full listen queue",
  connect_failed: "check the address and the network between here and there",
  deadline:
    "connected, but no answer in time: every worker may be busy, or the application slow or stuck; of a PHP-FPM pool, fcgi-probe doctor TARGET says which",
  aborted: "the caller cancelled this request",
  closed_without_answer:
    "the peer closed the connection without an answer: a worker may have crashed, or reached request_terminate_timeout: see the pool's log, or fcgi-probe doctor TARGET; over TCP, check listen.allowed_clients, too",
  wrong_protocol:
    "something else listens here: check the port, and give the address its protocol (fcgi, scgi, uwsgi)",
  overloaded: "the application refused the request because it has too many: try again later",
  cannot_multiplex: "the application takes one request at a time on a connection: do not multiplex",
  unknown_role: "the application does not serve this role: use the responder role",
  malformed:
    "the peer broke the protocol: look at the bytes with fcgi-probe request -v or fcgi-probe decode",
  truncated:
    "the answer ended early: a worker crashed, was killed, or reached request_terminate_timeout; see the pool's log",
  limit_exceeded: "this is more than is accepted: check that it is what you expect",
  page_not_found:
    "no such page here: set pm.status_path (or ping.path) in the pool to the path you ask for",
  access_denied: "the pool refuses this path: check pm.status_path and security.limit_extensions",
  server_busy: "the server was busy for a moment: try again",
  bad_status: "the backend answered with an error: see its log",
  not_a_status_page: "something answered, but this is not a status page: check pm.status_path",
  not_a_ping_reply:
    "something answered, but not with a ping reply: set ping.path in the pool to the path you ask for",
};

export interface GatewayErrorOptions {
  /** The address where it happened, as the user wrote it. */
  address?: string | undefined;
  /** What to check. Default: the hint of the code. */
  hint?: string | undefined;
  /** Where in the bytes that were read or written it happened, in bytes. */
  offset?: number | undefined;
  /** What the backend wrote to its error stream for this request. */
  stderr?: string | undefined;
  cause?: unknown;
}

/** The error class of this package. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: ErrorCode;
  readonly address: string | undefined;
  /** What to check, for a person to read. */
  readonly hint: string;
  readonly offset: number | undefined;
  readonly stderr: string | undefined;

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.address = options.address;
    this.hint = options.hint ?? hints[code];
    this.offset = options.offset;
    this.stderr = options.stderr;
  }

  /**
   * A copy of the error with an address or stderr, which code without I/O does not know. Values
   * that are set already stay.
   */
  with(more: Pick<GatewayErrorOptions, "address" | "stderr">): GatewayError {
    const error = new GatewayError(this.code, this.message, {
      hint: this.hint,
      offset: this.offset,
      cause: this.cause,
      address: this.address ?? more.address,
      stderr: this.stderr ?? more.stderr,
    });
    if (this.stack !== undefined) error.stack = this.stack;
    return error;
  }
}

/** The error with the address that it happened at; one of another class is returned as it is. */
export function withAddress(error: unknown, address: string): unknown {
  return error instanceof GatewayError ? error.with({ address }) : error;
}
