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
