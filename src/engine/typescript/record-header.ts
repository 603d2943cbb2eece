/** A FastCGI record's header as two little-endian words (FastCGI 1.0 §3.3). */

export const HEADER_LENGTH = 8;

export const BEGIN_REQUEST = 1;
export const END_REQUEST = 3;
export const PARAMS = 4;
export const STDOUT = 6;
export const STDERR = 7;
export const DATA = 8;

/** Content length of BEGIN_REQUEST and END_REQUEST. */
export const BODY_LENGTH = 8;

export function versionOf(low: number): number {
  return low & 0xff;
}

export function typeOf(low: number): number {
  return (low >>> 8) & 0xff;
}

export function requestIdOf(low: number): number {
  return ((low >>> 8) & 0xff00) | (low >>> 24);
}

export function contentLengthOf(high: number): number {
  return ((high & 0xff) << 8) | ((high >>> 8) & 0xff);
}

export function paddingLengthOf(high: number): number {
  return (high >>> 16) & 0xff;
}

/** A 32-bit number in network order from a little-endian word. */
export function swap(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}
