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
    if (rest.length > MAX_LINE) {
      throw new GatewayError(
        ErrorCode.LimitExceeded,
        `a line has more than ${MAX_LINE} characters`,
        { hint: "write one address a line" },
      );
    }
    for (const line of lines) yield line.replace(/\r$/, "");
  }
  rest += decoder.decode();
  if (rest !== "") yield rest.replace(/\r$/, "");
}
