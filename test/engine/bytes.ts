/** Bytes from text (latin1), or from hex with blanks. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function hex(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

export function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

export function join(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A FastCGI record. Its padding is not zeros, so that a test sees it leak. */
export function record(
  type: number,
  requestId: number,
  content: Uint8Array,
  paddingLength = -content.length & 7,
  version = 1,
): Uint8Array {
  const { length } = content;
  const header = [version, type, requestId >> 8, requestId & 0xff, length >> 8, length & 0xff];
  const padding = new Uint8Array(paddingLength).fill(0xee);
  return join(Uint8Array.from([...header, paddingLength, 0]), content, padding);
}

export const RecordType = {
  BeginRequest: 1,
  AbortRequest: 2,
  EndRequest: 3,
  Params: 4,
  Stdin: 5,
  Stdout: 6,
  Stderr: 7,
  Data: 8,
  GetValuesResult: 10,
  UnknownType: 11,
} as const;
