import { ErrorCode, GatewayError } from "../errors.js";

/** No address is as long as this. */
const MAX_LINE = 65_536;

/**
 * The lines of UTF-8 text, however it is cut, without their ends (LF or CRLF) and without a byte
 * order mark.
 *
 * @param name what is read, for messages
 * @throws GatewayError `limit_exceeded` for a line of more than 65,536 characters
 */
export async function* linesOf(
  source: AsyncIterable<Uint8Array>,
  name?: string,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of source) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) yield lineOf(line, name);
    checkLength(rest, name);
  }
  rest += decoder.decode();
  if (rest !== "") yield lineOf(rest, name);
}

/** A line without a carriage return at its end. */
function lineOf(text: string, name: string | undefined): string {
  checkLength(text, name);
  return text.replace(/\r$/, "");
}

function checkLength(text: string, name: string | undefined): void {
  if (text.length <= MAX_LINE) return;
  throw new GatewayError(ErrorCode.LimitExceeded, `a line has more than ${MAX_LINE} characters`, {
    address: name,
    hint: "write one address a line",
  });
}
