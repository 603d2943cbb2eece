/** Limits on what is accepted from a peer. A limit of 0 accepts nothing. */
export interface Limits {
  /** Bytes of a response's head, its blank line included. Default: 65,536. */
  responseHead: number;
  /** Bytes of a response's body, streamed or not. Default: 4,294,967,296. */
  responseBody: number;
  /** Header fields in a response's head. Default: 256. */
  headerCount: number;
  /**
   * Bytes of a backend's error stream that are kept for a request; the rest is dropped. Default:
   * 65,536.
   */
  stderr: number;
  /**
   * Bytes of a request's variables: PARAMS, an SCGI netstring, a uwsgi packet or an HTTP head.
   * Default: 1,048,576.
   */
  variables: number;
  /** FastCGI records of a request, empty ones included. Default: 67,108,864. */
  records: number;
  /** Requests at a time on one FastCGI connection. Default: 64. */
  requests: number;
}

export const defaultLimits: Limits = {
  responseHead: 65_536,
  responseBody: 4_294_967_296,
  headerCount: 256,
  stderr: 65_536,
  variables: 1_048_576,
  records: 67_108_864,
  requests: 64,
};

/**
 * Milliseconds that opening a connection, a status page, a ping or GET_VALUES may take, unless the
 * caller sets another time.
 */
export const defaultTimeout = 5_000;

/** The longest delay of a timer in JavaScript, in milliseconds: 24.8 days. */
export const MAX_TIMER = 2_147_483_647;

/**
 * More bytes than an environment or a command line can hold: a limit on variables that come from
 * there. Linux allows 6 MiB, or a quarter of the stack where that is less.
 */
export const MAX_ENVIRONMENT = 16_777_216;
