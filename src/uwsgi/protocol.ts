/** The words and numbers of the uwsgi protocol (uwsgi-docs, Protocol). */

export const HEADER_LENGTH = 4;
/** The longest content that 16 bits can say. */
export const MAX_DATA_SIZE = 65_535;

/** The longest content that a uWSGI takes unless its buffer-size is set. */
export const DEFAULT_BUFFER_SIZE = 4_096;

/**
 * What a packet is for. Those that are missing here have no use between a front end and a backend.
 */
export const Modifier = {
  Wsgi: 0,
  Psgi: 5,
  Lua: 6,
  Rack: 7,
  Jvm: 8,
  Cgi: 9,
  Php: 14,
  Mono: 15,
  /** Raw code to evaluate. */
  Eval: 22,
  /** Alive? modifier2 is 0 in the question and 1 in the answer. */
  Ping: 100,
  Subscription: 224,
} as const;

/** Whether a packet is a request: 0 to 30, but for code to evaluate. */
export function isRequest(modifier1: number): boolean {
  return modifier1 <= 30 && modifier1 !== Modifier.Eval;
}

/** Whether the content of a packet is variables: requests and subscriptions. */
export function carriesVariables(modifier1: number): boolean {
  return isRequest(modifier1) || modifier1 === Modifier.Subscription;
}
