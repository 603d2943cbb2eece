import fc from "fast-check";
import { variableOf } from "../../src/cgi/variables.js";

const name = fc
  .string({ minLength: 1, maxLength: 20, unit: "grapheme" })
  .filter((text) => !text.includes("\0"));
const value = fc.uint8Array({ min: 1, maxLength: 300 });

/** Lists of variables with different names, as a decoder gives them. */
export const variableLists = fc
  .uniqueArray(fc.tuple(name, value), { selector: ([each]) => each, maxLength: 20 })
  .map((list) =>
    list.map(([each, bytes]) => [each, variableOf(bytes, 0, 0, 0, bytes.length)[1]] as const),
  )
  .filter((list) => list.every(([each]) => each !== "CONTENT_LENGTH" && each !== "SCGI"));

/** Bytes with some of them replaced, and a place to cut them. */
export function mutations(original: Uint8Array): fc.Arbitrary<[all: Uint8Array, cut: number]> {
  const change = fc.tuple(fc.nat(original.length - 1), fc.nat(255));
  return fc
    .tuple(fc.array(change, { maxLength: 4 }), fc.nat(original.length))
    .map(([changes, cut]) => {
      const all = original.slice();
      for (const [at, byte] of changes) all[at] = byte;
      return [all, cut];
    });
}
