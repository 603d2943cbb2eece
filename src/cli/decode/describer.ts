import type { Variable } from "../../cgi/variables.js";
import { ErrorCode, GatewayError } from "../../errors.js";
import { visible } from "../terminal/text.js";

/** Tells in lines what is in the bytes of one direction of a connection, however they are cut. */
export interface Describer {
  /**
   * Takes the next bytes.
   *
   * @throws GatewayError where they break the protocol, behind the lines of what came before
   */
  push(bytes: Uint8Array): Iterable<string>;
  /**
   * The bytes are at their end.
   *
   * @throws GatewayError `truncated` where something is missing
   */
  end(): Iterable<string>;
}

/** A line about what is at an offset. */
export function offsetLine(offset: number, ...facts: string[]): string {
  return [`${offset}`.padStart(8), ...facts].join("  ").trimEnd();
}

/** A line about something inside what is at an offset. */
export function innerLine(text: string): string {
  return `${" ".repeat(12)}${text}`;
}

const BACKSLASH = 0x5c;
const QUOTE = 0x22;

/** The first bytes in quotes, what is not printable ASCII escaped, and how many more there are. */
export function excerpt(bytes: Uint8Array, most: number, length = bytes.length): string {
  let text = "";
  const shown = Math.min(most, bytes.length);
  for (let at = 0; at < shown; at++) text += escapeByte(bytes[at]!);
  const more = length - shown;
  return `"${text}"${more > 0 ? `… and ${more} more` : ""}`;
}

function escapeByte(byte: number): string {
  switch (byte) {
    case 0x0a:
      return "\\n";
    case 0x0d:
      return "\\r";
    case 0x09:
      return "\\t";
    case BACKSLASH:
      return "\\\\";
    case QUOTE:
      return '\\"';
  }
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A line a variable. Bytes that are not UTF-8 are shown escaped, in quotes. */
export function variableLines(variables: Iterable<Variable>): string[] {
  return Array.from(variables, ([name, value]) => {
    const text = typeof value === "string" ? visible(value) : bytesText(value);
    return innerLine(`${visible(name)} = ${text}`);
  });
}

function bytesText(bytes: Uint8Array): string {
  try {
    return visible(strict.decode(bytes));
  } catch {
    return excerpt(bytes, bytes.length);
  }
}

/** What follows a head: its first bytes are kept, the others are counted. */
export class BodyDescriber {
  readonly #offset: number;
  readonly #promised: number | undefined;
  readonly #first: Uint8Array;
  #length = 0;

  /**
   * @param offset where it starts
   * @param promised how long the head says that it is
   * @param most how many bytes of it are shown
   */
  constructor(offset: number, promised: number | undefined, most: number) {
    this.#offset = offset;
    this.#promised = promised;
    this.#first = new Uint8Array(most);
  }

  push(bytes: Uint8Array): void {
    const room = Math.max(0, this.#first.length - this.#length);
    this.#first.set(bytes.subarray(0, room), Math.min(this.#length, this.#first.length));
    this.#length += bytes.length;
  }

  /** @throws GatewayError `truncated` or `malformed` when it is not as long as it should be */
  *end(): Generator<string, void, undefined> {
    const length = this.#length;
    const promised = this.#promised ?? length;
    if (length > 0) {
      const shown = this.#first.subarray(0, Math.min(length, this.#first.length));
      const text = excerpt(shown, this.#first.length, length);
      yield offsetLine(this.#offset, "body".padEnd(16), `${length} bytes`, text);
    }
    if (length === promised) return;
    const offset = this.#offset + Math.min(length, promised);
    throw new GatewayError(
      length < promised ? ErrorCode.Truncated : ErrorCode.Malformed,
      length < promised
        ? `the bytes end at ${offset}, ${promised - length} before the end of the body`
        : `${length - promised} bytes follow the body at byte ${offset}`,
      { offset },
    );
  }
}
