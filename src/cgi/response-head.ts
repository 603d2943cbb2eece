import { latin1 } from "../bytes.js";

/** The form of a redirect (RFC 3875 §6.2). */
export const LocationForm = {
  /** The server serves the path instead; the client does not notice. */
  Local: "local",
  /** The client is redirected, and the server makes the document. */
  Client: "client",
  /** The client is redirected, and the body is the document. */
  ClientDocument: "client-document",
} as const;
export type LocationForm = (typeof LocationForm)[keyof typeof LocationForm];

/** Where the parts of a head lie in its bytes. */
export interface HeadLayout {
  /** The status, from 100 to 999. Undefined without a Status field and a status line. */
  status: number | undefined;
  reasonStart: number;
  reasonEnd: number;
  /** Where the header fields start: after the status line, if there is one. */
  fieldsStart: number;
  /** How many header fields there are, the Status field included. */
  fieldCount: number;
  /** Whether the first line is HTTP's: a Status field has no special meaning then. */
  statusLine: boolean;
  locationStart: number;
  /** Where the Location ends; smaller than `locationStart` when there is none. */
  locationEnd: number;
  /** Whether there is a Content-Type. */
  contentType: boolean;
}

/**
 * The head of a CGI response (RFC 3875 §6). Names and values are decoded as ISO-8859-1, each time
 * they are read.
 */
export class ResponseHead {
  /**
   * The status, from 100 to 999: that of the Status field or the status line; without one 302 when
   * there is a Location, else 200.
   */
  readonly status: number;
  /** Whether the response has a Status field or a status line. */
  readonly explicitStatus: boolean;
  /** The index of the body's first byte in the bytes that completed the head. */
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

  /** The bytes of the head, its blank line included. Not a copy. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** How many bytes the head has, its blank line included. */
  get length(): number {
    return this.#bytes.length;
  }

  /** The reason phrase; empty when there is none. */
  get statusText(): string {
    return latin1(this.#bytes, this.#layout.reasonStart, this.#layout.reasonEnd);
  }

  /** The value of the Location field; undefined when it is empty or absent. */
  get location(): string | undefined {
    const { locationStart, locationEnd } = this.#layout;
    if (locationEnd <= locationStart) return undefined;
    return latin1(this.#bytes, locationStart, locationEnd);
  }

  /** The form of the redirect; undefined when the response is none, as with `Status: 201`. */
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
   * All fields but Status, in order, as they were written. Location and Content-Type may be
   * repeated with the same value, other fields with any.
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

  /** The reader has checked that every line has a name and a colon. */
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

/** The index of the first byte from `start` that is not a space or a tab. */
export function skipBlanks(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09)) at++;
  return at;
}

/** The end of the bytes without the spaces, tabs and carriage returns before `end`. */
export function trimEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start) {
    const byte = bytes[at - 1];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) break;
    at--;
  }
  return at;
}

/** Whether bytes spell `name`, in any case. `name` is in lower case. */
export function isNamed(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let at = 0; at < name.length; at++) {
    const byte = bytes[start + at]!;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower !== name.charCodeAt(at)) return false;
  }
  return true;
}

/** Whether a Location is a path on the same server. */
export function isLocalPath(location: string): boolean {
  return /^\/(?!\/)/.test(location);
}
