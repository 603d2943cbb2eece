import { expect, it } from "vitest";
import { InputDescriber } from "../../src/cli/describe/input.js";

it("tells what a CGI program reads, piece by piece", () => {
  const describer = new InputDescriber(4);
  const lines = ["one\n", "two, three"].flatMap((text) => [...describer.push(Buffer.from(text))]);
  expect(lines).toEqual([
    '       0  body              4 bytes  "one\\n"',
    '       4  body              10 bytes  "two,"… and 6 more',
  ]);
  expect([...describer.end()]).toEqual([]);
});
