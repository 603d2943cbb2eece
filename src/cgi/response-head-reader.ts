import { checkBytes, equalBytes, latin1 } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { defaultLimits } from "../limits.js";
import { tokenBytes } from "./http.js";
import { type HeadLayout, isNamed, ResponseHead, skipBlanks, trimEnd } from "./response-head.js";

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const COLON = 0x3a;
const UPPER_H = 0x48;

const LIMIT_HINT = "check that the application is meant to send such a head";

export interface ResponseHeadOptions {
  /** Bytes that the head may take, its blank line included. Default: 65,536. 0 accepts none. */
  responseHead?: number | undefined;
  /** Header fields that the head may have. Default: 256. 0 accepts none. */
  headerCount?: number | undefined;
}

/**
 * Reads the head of a CGI response (RFC 3875 §6) in pieces of any length. The head ends at the
 * first blank line; lines end in LF or CRLF, also mixed.
 *
 * A status line of HTTP (`HTTP/1.1 200 OK`) is read as the status: uWSGI and non-parsed-header
 * programs send one. Status, Location and Content-Type may be repeated with the same value. A line
 * without a colon, an empty or invalid name, a folded line, a NUL, and a carriage return inside a
 * line are refused.
 */
export class ResponseHeadReader {
  readonly #sizeLimit: number;
  readonly #countLimit: number;
  /** The bytes so far, when the head arrives in pieces. */
  #kept: Uint8Array<ArrayBuffer> | undefined;
  #keptLength = 0;
  #lineStart = 0;
  /** How many bytes have been examined. */
  #scanned = 0;
  #layout: HeadLayout = {
    status: undefined,
    reasonStart: 0,
    reasonEnd: 0,
    fieldsStart: 0,
    fieldCount: 0,
    statusLine: false,
    locationStart: 0,
    locationEnd: -1,
    contentType: false,
  };
  #contentTypeStart = 0;
  #contentTypeEnd = 0;

  constructor(options: ResponseHeadOptions = {}) {
    this.#sizeLimit = options.responseHead ?? defaultLimits.responseHead;
    this.#countLimit = options.headerCount ?? defaultLimits.headerCount;
  }

  /**
   * Takes the next bytes, and copies what it needs of them. Do not call it again after it has
   * returned the head.
   *
   * @returns the head once its blank line has arrived; its `bodyStart` is an index in `bytes`
   * @throws GatewayError `malformed` with the offset in the response, or `limit_exceeded`
   */
  push(bytes: Uint8Array): ResponseHead | undefined {
    // Each scrape passes here: the call is left out where it would find nothing.
    if (!(bytes instanceof Uint8Array)) checkBytes("bytes", bytes);
    const before = this.#keptLength;
    const text = before === 0 ? bytes : this.#keep(bytes);
    const length = before + bytes.length;
    const end = this.#scan(text, Math.min(length, this.#sizeLimit));
    if (end > 0) return new ResponseHead(text.slice(0, end), this.#layout, end - before);
    if (length >= this.#sizeLimit) {
      throw new GatewayError(
        ErrorCode.LimitExceeded,
        `the response's head is longer than ${this.#sizeLimit} bytes`,
        { offset: this.#sizeLimit, hint: LIMIT_HINT },
      );
    }
    if (before === 0) this.#keep(bytes);
    return undefined;
  }

  /**
   * The error for a response that ends inside its head.
   *
   * @returns `closed_without_answer` for a response of no bytes, `malformed` when the bytes cannot
   * be the start of a head, else `truncated`
   */
  closed(): GatewayError {
    const length = this.#keptLength;
    if (length === 0) {
      const message = "the application ended the request without output";
      return new GatewayError(ErrorCode.ClosedWithoutAnswer, message, {
        hint: "it failed before its first header, or does not answer such a request: see its log",
      });
    }
    const line = (this.#kept as Uint8Array).subarray(this.#lineStart, length);
    if (this.#lineStart === 0 && !mayBecomeLine(line)) {
      return malformed("the answer has no header", 0);
    }
    return new GatewayError(
      ErrorCode.Truncated,
      `the answer ends inside its head, after ${length} bytes`,
      { offset: length },
    );
  }

  #keep(bytes: Uint8Array): Uint8Array {
    const length = this.#keptLength + bytes.length;
    if (this.#kept === undefined || length > this.#kept.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#keptLength, 512));
      if (this.#kept !== undefined) larger.set(this.#kept.subarray(0, this.#keptLength));
      this.#kept = larger;
    }
    this.#kept.set(bytes, this.#keptLength);
    this.#keptLength = length;
    return this.#kept;
  }

  /** Examines new bytes up to `end`. Returns where the body starts, or 0. */
  #scan(bytes: Uint8Array, end: number): number {
    for (let at = this.#scanned; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === NEWLINE) {
        if (this.#line(bytes, this.#lineStart, at)) return at + 1;
        this.#lineStart = at + 1;
      } else if (byte === RETURN) {
        if (at + 1 === end) {
          this.#scanned = at;
          return 0;
        }
        if (bytes[at + 1] !== NEWLINE) {
          throw malformed("a carriage return is inside a line of the response's head", at);
        }
      } else if (byte === 0) {
        throw malformed("a NUL is in the response's head", at);
      }
    }
    this.#scanned = end;
    return 0;
  }

  /** Reads a line. Returns true for the blank line that ends the head. */
  #line(bytes: Uint8Array, start: number, newline: number): boolean {
    const end = newline > start && bytes[newline - 1] === RETURN ? newline - 1 : newline;
    if (end === start) {
      if (this.#layout.fieldCount > 0 || this.#layout.statusLine) return true;
      throw malformed("the answer has no header", start);
    }
    if (start === 0 && bytes[0] === UPPER_H && isStatusLine(bytes, end)) {
      const codeStart = skipBlanks(bytes, bytes.indexOf(0x20), end);
      this.#layout.statusLine = true;
      this.#layout.fieldsStart = newline + 1;
      this.#status(bytes, codeStart, trimEnd(bytes, codeStart, end));
      return false;
    }
    if (this.#layout.fieldCount === this.#countLimit) {
      throw new GatewayError(
        ErrorCode.LimitExceeded,
        `the response has more than ${this.#countLimit} header fields`,
        { offset: start, hint: LIMIT_HINT },
      );
    }
    this.#layout.fieldCount++;
    this.#field(bytes, start, end);
    return false;
  }

  #field(bytes: Uint8Array, start: number, end: number): void {
    let nameEnd = start;
    while (nameEnd < end && tokenBytes[bytes[nameEnd]!] === 1) nameEnd++;
    if (nameEnd === start || nameEnd === end || bytes[nameEnd] !== COLON) {
      throw notAField(bytes, start, end);
    }
    const valueStart = skipBlanks(bytes, nameEnd + 1, end);
    const valueEnd = trimEnd(bytes, valueStart, end);
    switch (nameEnd - start) {
      case 6:
        if (!this.#layout.statusLine && isNamed(bytes, start, nameEnd, "status")) {
          this.#status(bytes, valueStart, valueEnd);
        }
        break;
      case 8:
        if (isNamed(bytes, start, nameEnd, "location")) {
          this.#location(bytes, valueStart, valueEnd);
        }
        break;
      case 12:
        if (isNamed(bytes, start, nameEnd, "content-type")) {
          this.#contentType(bytes, valueStart, valueEnd);
        }
        break;
    }
  }

  #status(bytes: Uint8Array, start: number, end: number): void {
    const code = statusCode(bytes, start, end);
    if (code === undefined) {
      const shown = latin1(bytes, start, Math.min(end, start + 32));
      throw malformed(`${JSON.stringify(shown)} is not a status`, start);
    }
    const layout = this.#layout;
    if (layout.status !== undefined && layout.status !== code) throw twice("Status", start);
    layout.status = code;
    layout.reasonStart = skipBlanks(bytes, start + 3, end);
    layout.reasonEnd = end;
  }

  #location(bytes: Uint8Array, start: number, end: number): void {
    const layout = this.#layout;
    if (layout.locationEnd >= layout.locationStart) {
      if (!isSame(bytes, layout.locationStart, layout.locationEnd, start, end)) {
        throw twice("Location", start);
      }
    }
    layout.locationStart = start;
    layout.locationEnd = end;
  }

  #contentType(bytes: Uint8Array, start: number, end: number): void {
    const { contentType } = this.#layout;
    if (contentType && !isSame(bytes, this.#contentTypeStart, this.#contentTypeEnd, start, end)) {
      throw twice("Content-Type", start);
    }
    this.#layout.contentType = true;
    this.#contentTypeStart = start;
    this.#contentTypeEnd = end;
  }
}

/** Whether a line begins with `HTTP/`, a version and a space. */
function isStatusLine(bytes: Uint8Array, end: number): boolean {
  if (end < 9 || latin1(bytes, 0, 5) !== "HTTP/") return false;
  const space = bytes.indexOf(0x20);
  return space > 5 && space < end;
}

/** Whether bytes can be the start of a header or of a status line. */
function mayBecomeLine(line: Uint8Array): boolean {
  let nameEnd = 0;
  while (tokenBytes[line[nameEnd]!] === 1) nameEnd++;
  return nameEnd === line.length || line[nameEnd] === COLON || latin1(line, 0, 5) === "HTTP/";
}

/** A status of three digits, from 100 on, followed by a space or nothing. */
function statusCode(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start < 3 || (end - start > 3 && bytes[start + 3] !== 0x20)) return undefined;
  let code = 0;
  for (let at = start; at < start + 3; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    code = code * 10 + digit;
  }
  return code < 100 ? undefined : code;
}

function isSame(
  bytes: Uint8Array,
  oneStart: number,
  oneEnd: number,
  start: number,
  end: number,
): boolean {
  return equalBytes(bytes.subarray(oneStart, oneEnd), bytes.subarray(start, end));
}

function notAField(bytes: Uint8Array, start: number, end: number): GatewayError {
  if (bytes[start] === 0x20 || bytes[start] === 0x09) {
    return malformed("a header is folded over two lines", start);
  }
  const shown = latin1(bytes, start, Math.min(end, start + 64));
  return malformed(`${JSON.stringify(shown)} is not a header`, start);
}

function twice(name: string, offset: number): GatewayError {
  return malformed(`the response repeats ${name} with another value`, offset);
}

function malformed(message: string, offset: number): GatewayError {
  return new GatewayError(ErrorCode.Malformed, message, { offset });
}
