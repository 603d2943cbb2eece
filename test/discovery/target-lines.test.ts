import { describe, expect, it } from "vitest";
import { linesOf } from "../../src/discovery/target-files.js";
import { cuts } from "../cuts.js";

async function read(chunks: readonly Uint8Array[]): Promise<string[]> {
  async function* source() {
    yield* chunks;
  }
  const lines: string[] = [];
  for await (const line of linesOf(source())) lines.push(line);
  return lines;
}

describe("lines of text", () => {
  it("end in LF or CRLF, and have no byte order mark, however they are cut", async () => {
    const bytes = new TextEncoder().encode("\ufeffunix:/run/é.sock\r\n\n127.0.0.1:9000\nlast\r");
    for (const [how, chunks] of cuts(bytes)) {
      expect(await read(chunks), how).toEqual(["unix:/run/é.sock", "", "127.0.0.1:9000", "last"]);
    }
  });

  it.each(["", "\n", "\nbehind"])(
    "are refused above 65,536 characters before %j, in one chunk or in two",
    async (end) => {
      const tooLong = new TextEncoder().encode("a".repeat(65_537) + end);
      const pieces = [tooLong.subarray(0, 9), tooLong.subarray(9)];
      for (const chunks of [[tooLong], pieces]) {
        await expect(read(chunks)).rejects.toMatchObject({ code: "limit_exceeded" });
      }
      expect(await read([tooLong.subarray(1)])).toHaveLength(end === "\nbehind" ? 2 : 1);
    },
  );
});
