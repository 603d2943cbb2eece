import { ByteCollector } from "../bytes.js";
import type { Variable } from "../cgi/variables.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { visible } from "../terminal/text.js";

/** Describes the bytes of one direction of a connection in lines, in pieces of any size. */
export interface Describer {
  /**
   * Takes the next bytes.
   *
   * @throws GatewayError if they break the protocol, after the lines for the bytes before
   */
  push(bytes: Uint8Array): Iterable<string>;
  /**
   * Ends the bytes.
   *
   * @throws GatewayError `truncated` when they end too early
   */
  end(): Iterable<string>;
}

/** A line about what is at an offset. */
export function offsetLine(offset: number, ...facts: string[]): string {
  return [`${offset}`.padStart(8), ...facts].join("  ").trimEnd();
}

/** A line about a part of what the line before describes. */
export function innerLine(text: string): string {
  return `${" ".repeat(12)}${text}`;
}

const BACKSLASH = 0x5c;
const QUOTE = 0x22;

/**
 * The first `most` bytes in quotes, and how many more there are. Bytes that are not printable ASCII
 * are escaped.
 */
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

/** One line per variable. A value that is not UTF-8 is shown escaped, in quotes. */
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

/** A head, which a protocol describes, and the body after it: its first bytes, and its length. */
export abstract class MessageDescriber implements Describer {
  /** How many bytes of the body are shown. */
  protected readonly most: number;
  /** Bytes received so far. */
  protected received = 0;
  /** The length of the body that the head announces. */
  #announced: number | undefined;
  /** The offset of the body; undefined before the head is complete. */
  #bodyStart: number | undefined;
  /** The start of the body, up to `most` bytes. */
  readonly #shown = new ByteCollector();

  constructor(most: number) {
    this.most = most;
  }

  /** Takes the next bytes of the head. Calls {@link beginBody} when the head is complete. */
  protected abstract head(bytes: Uint8Array): Iterable<string>;

  /** @throws GatewayError for bytes that end in the head */
  protected abstract endInHead(): void;

  push(bytes: Uint8Array): Iterable<string> {
    this.received += bytes.length;
    if (this.#bodyStart === undefined) return this.head(bytes);
    this.#keep(bytes);
    return [];
  }

  /**
   * Ends the head.
   *
   * @param rest the bytes after the head
   * @param announced the length of the body, if the head has it
   */
  protected beginBody(rest: Uint8Array, announced: number | undefined): void {
    this.#bodyStart = this.received - rest.length;
    this.#announced = announced;
    this.#keep(rest);
  }

  #keep(bytes: Uint8Array): void {
    this.#shown.push(bytes.subarray(0, this.most - this.#shown.length));
  }

  *end(): Generator<string, void, undefined> {
    const start = this.#bodyStart;
    if (start === undefined) return this.endInHead();
    const length = this.received - start;
    const announced = this.#announced ?? length;
    if (length > 0) {
      const text = excerpt(this.#shown.bytes, this.most, length);
      yield offsetLine(start, "body".padEnd(16), `${length} bytes`, text);
    }
    if (length === announced) return;
    const offset = start + Math.min(length, announced);
    throw new GatewayError(
      length < announced ? ErrorCode.Truncated : ErrorCode.Malformed,
      length < announced
        ? `the bytes end at ${offset}, ${announced - length} before the end of the body`
        : `${length - announced} bytes follow the body at byte ${offset}`,
      { offset },
    );
  }
}
