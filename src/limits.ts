/** Bounds on what is accepted from the wire. Bytes, counts and milliseconds. */
export interface Limits {
  /** A CGI response head. */
  responseHead: number;
  /** A response body, streamed or not. */
  responseBody: number;
  /** Header fields in a response head. */
  headerCount: number;
  /** What a backend may write to its error stream for one request; the rest is dropped and counted. */
  stderr: number;
  /** All variables of one request: PARAMS, an SCGI netstring, a uwsgi packet, or an HTTP head. */
  variables: number;
  /** Records of one request, empty ones included. */
  records: number;
  /** Requests at once on one connection. */
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
 * More bytes than an environment or a command line can hold: a limit on variables that come from
 * there. Linux allows 6 MiB, or a quarter of the stack where that is less.
 */
export const MAX_ENVIRONMENT = 16_777_216;
