import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { variableName } from "../../src/cgi/variable-name.js";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

describe("a variable's name", () => {
  it("is the UTF-8 text of its bytes, whatever was read before", () => {
    const name = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.string({ unit: "grapheme", maxLength: 40 }).map((text) => new TextEncoder().encode(text)),
      fc.constantFrom("HTTP_HOST", "REQUEST_URI", "HTTP_HOSt").map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(name, { maxLength: 20 }), fc.nat(5), (names, before) => {
        for (const bytes of [...names, ...names]) {
          const around = new Uint8Array(before + bytes.length + 3).fill(0x41);
          around.set(bytes, before);
          expect(variableName(around, before, bytes.length)).toBe(decoder.decode(bytes));
        }
      }),
      { numRuns: 300 },
    );
  });
});
