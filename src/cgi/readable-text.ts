import { isAsciiText, latin1Bytes, utf8 } from "../bytes.js";

/**
 * What UTF-8 has of bytes above 0x7F (Unicode 16, table 3-7), but for the control characters U+0080 to
 * U+009F; any other byte is the group.
 */
const sequences =
  /\xc2[\xa0-\xbf]|[\xc3-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|([\x80-\xff])/g;

/**
 * A byte string as people read it: its UTF-8 decoded, and each byte that belongs to none, or that
 * would steer a terminal, as a URL writes it: `%FF`.
 */
export function readableText(byteString: string): string {
  if (isAsciiText(byteString)) return byteString;
  return byteString.replace(sequences, (bytes: string, stray: string | undefined) =>
    stray === undefined ? utf8(latin1Bytes(bytes)) : percentEncoded(stray),
  );
}

/** A byte as a URL has it: `%0A`. */
export function percentEncoded(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
