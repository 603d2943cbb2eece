import { latin1 } from "../bytes.js";

/** What a Location field asks for (RFC 3875 §6.2). */
export const LocationForm = {
  /** A path on this server, to be served instead: the client is not to hear of it. */
  Local: "local",
  /** The client is to go there; the server makes up the document. */
  Client: "client",
  /** The client is to go there, and the document is in the body. */
  ClientDocument: "client-document",
} as const;
export type LocationForm = (typeof LocationForm)[keyof typeof LocationForm];

/** Where fields and parts of the head lie in its bytes; found by the reader. */
export interface HeadLayout {
  /** From 100 to 999. Undefined when neither a Status field nor a status line is there. */
  status: number | undefined;
  reasonStart: number;
  reasonEnd: number;
  /** Where the header fields start: behind a status line. */
  fieldsStart: number;
  /** Header fields, the Status field included. */
  fieldCount: number;
  /** True when the first line is one of HTTP: then a Status field is like any other. */
  statusLine: boolean;
  locationStart: number;
  /** Smaller than `locationStart` when there is no Location. */
  locationEnd: number;
  /** Whether a Content-Type is there. */
  contentType: boolean;
}

/**
 * The head of a CGI response (RFC 3875 §6). Reading the status costs nothing more; names and values
 * are decoded, as ISO-8859-1, when they are asked for.
 */
export class ResponseHead {
  /**
   * Of the Status field or the status line; without one 302 when there is a Location, and 200.
   * From 100 to 999.
   */
  readonly status: number;
  /** Whether the response said its status. */
  readonly explicitStatus: boolean;
  /** Index of the body's first byte in the bytes that completed the head. */
  readonly bodyStart: number;
  readonly #bytes: Uint8Array;
  readonly #layout: HeadLayout;

  /** @param bytes the head with its blank line, which the object keeps */
  constructor(bytes: Uint8Array, layout: HeadLayout, bodyStart: number) {
    const hasLocation = layout.locationEnd > layout.locationStart;
    this.status = layout.status ?? (hasLocation ? 302 : 200);
    this.explicitStatus = layout.status !== undefined;
    this.bodyStart = bodyStart;
    this.#bytes = bytes;
    this.#layout = layout;
  }

  /** The head as it came, its blank line included: not a copy. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Bytes of the head, its blank line included. */
  get length(): number {
    return this.#bytes.length;
  }

  /** The reason phrase; empty when there is none. */
  get statusText(): string {
    return latin1(this.#bytes, this.#layout.reasonStart, this.#layout.reasonEnd);
  }

  /** The Location field, of whatever form; undefined when it is empty. */
  get location(): string | undefined {
    const { locationStart, locationEnd } = this.#layout;
    if (locationEnd <= locationStart) return undefined;
    return latin1(this.#bytes, locationStart, locationEnd);
  }

  /** What the Location field asks for; undefined when it is no redirect (`Status: 201`), or absent. */
  get locationForm(): LocationForm | undefined {
    const { location } = this;
    if (location === undefined) return undefined;
    if (!this.explicitStatus) {
      return isLocalPath(location) ? LocationForm.Local : LocationForm.Client;
    }
    if (this.status < 300 || this.status > 399) return undefined;
    return this.#layout.contentType ? LocationForm.ClientDocument : LocationForm.Client;
  }

  /**
   * All fields but Status, in order, as they were written. A CGI field is there once; others may
   * be there several times.
   */
  get headers(): [name: string, value: string][] {
    const headers: [name: string, value: string][] = [];
    this.#eachField((start, nameEnd, valueStart, valueEnd) => {
      const name = latin1(this.#bytes, start, nameEnd);
      if (this.#layout.statusLine || name.toLowerCase() !== "status") {
        headers.push([name, latin1(this.#bytes, valueStart, valueEnd)]);
      }
      return true;
    });
    return headers;
  }

  /** The value of the first field of this name, in any case. */
  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    let value: string | undefined;
    this.#eachField((start, nameEnd, valueStart, valueEnd) => {
      if (!isNamed(this.#bytes, start, nameEnd, wanted)) return true;
      value = latin1(this.#bytes, valueStart, valueEnd);
      return false;
    });
    return value;
  }

  /** The reader has checked every line: each has a name and a colon, and the last is blank. */
  #eachField(
    visit: (start: number, nameEnd: number, valueStart: number, valueEnd: number) => boolean,
  ): void {
    const bytes = this.#bytes;
    let start = this.#layout.fieldsStart;
    for (let index = 0; index < this.#layout.fieldCount; index++) {
      let nameEnd = start;
      while (bytes[nameEnd] !== 0x3a) nameEnd++;
      let newline = nameEnd;
      while (bytes[newline] !== 0x0a) newline++;
      const valueStart = skipBlanks(bytes, nameEnd + 1, newline);
      if (!visit(start, nameEnd, valueStart, trimEnd(bytes, valueStart, newline))) return;
      start = newline + 1;
    }
  }
}

/** The first byte from `start` that is no space or tab. */
export function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09)) at++;
  return at;
}

/** Behind the last byte before `end` that is no space, tab or carriage return. */
export function trimEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start) {
    const byte = bytes[at - 1];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) break;
    at--;
  }
  return at;
}

/** Whether bytes spell `name`, which is in lower case, in any case. */
export function isNamed(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let at = 0; at < name.length; at++) {
    const byte = bytes[start + at]!;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower !== name.charCodeAt(at)) return false;
  }
  return true;
}

/** Whether a Location is a path on the server that it comes from, which may serve it itself. */
export function isLocalPath(location: string): boolean {
  return /^\/(?!\/)/.test(location);
}
