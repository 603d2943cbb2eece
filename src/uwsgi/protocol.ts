/** The constants of the uwsgi protocol (uwsgi-docs, Protocol). */

/** Bytes of a packet header. */
export const PACKET_HEADER_LENGTH = 4;
/** The longest content: its size has 16 bits. */
export const MAX_DATA_SIZE = 65_535;

/** The longest content that uWSGI accepts by default (`buffer-size`). */
export const DEFAULT_BUFFER_SIZE = 4_096;

/** The values of modifier1 that front ends and backends send each other. */
export const Modifier = {
  Wsgi: 0,
  Psgi: 5,
  Lua: 6,
  Rack: 7,
  Jvm: 8,
  Cgi: 9,
  Php: 14,
  Mono: 15,
  /** Code to evaluate. */
  Eval: 22,
  /** A ping (modifier2 is 0) and its pong (1). */
  Ping: 100,
  Subscription: 224,
} as const;

/** Whether a packet is a request: its modifier1 is 0 to 30, but not {@link Modifier.Eval}. */
export function isRequest(modifier1: number): boolean {
  return modifier1 <= 30 && modifier1 !== Modifier.Eval;
}

/** Whether the content of a packet is variables: requests and subscriptions. */
export function carriesVariables(modifier1: number): boolean {
  return isRequest(modifier1) || modifier1 === Modifier.Subscription;
}
