/**
 * The codes of a {@link GatewayError}. They are stable: exit codes, metrics and scripts depend on
 * them.
 */
export const ErrorCode = {
  BadAddress: "bad_address",
  BadInput: "bad_input",
  SocketMissing: "socket_missing",
  PermissionDenied: "permission_denied",
  Refused: "refused",
  BacklogFull: "backlog_full",
  ConnectTimeout: "connect_timeout",
  ConnectFailed: "connect_failed",
  Deadline: "deadline",
  Aborted: "aborted",
  ClosedWithoutAnswer: "closed_without_answer",
  WrongProtocol: "wrong_protocol",
  Overloaded: "overloaded",
  CannotMultiplex: "cannot_multiplex",
  UnknownRole: "unknown_role",
  Malformed: "malformed",
  Truncated: "truncated",
  LimitExceeded: "limit_exceeded",
  PageNotFound: "page_not_found",
  AccessDenied: "access_denied",
  ServerBusy: "server_busy",
  BadStatus: "bad_status",
  NotAStatusPage: "not_a_status_page",
  NotAPingReply: "not_a_ping_reply",
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** What to check, for each code. */
const hints: Record<ErrorCode, string> = {
  bad_address:
    "write an address as unix:/run/php/php8.2-fpm.sock:/status, 127.0.0.1:9000/status or [::1]:9000/status",
  bad_input: "correct the value and try again",
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
