import { ErrorCode, GatewayError } from "../errors.js";

/** No address is as long as this. */
const MAX_LINE = 65_536;

/**
 * The lines of UTF-8 text, however it is cut, without their ends (LF or CRLF) and without a byte
 * order mark.
 *
 * @throws GatewayError `limit_exceeded` for a line of more than 65,536 characters
 */
export async function* linesOf(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of source) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) yield lineOf(line);
    checkLength(rest);
  }
  rest += decoder.decode();
  if (rest !== "") yield lineOf(rest);
}

/** A line without a carriage return at its end. */
function lineOf(text: string): string {
  checkLength(text);
  return text.replace(/\r$/, "");
}

function checkLength(text: string): void {
  if (text.length <= MAX_LINE) return;
  throw new GatewayError(ErrorCode.LimitExceeded, `a line has more than ${MAX_LINE} characters`, {
    hint: "write one address a line",
  });
}
