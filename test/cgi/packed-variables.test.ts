import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Variable } from "../../src/cgi/variables.js";
import { encodeRequest } from "../../src/scgi/client.js";
import { ScgiRequestDecoder } from "../../src/scgi/server.js";
import { engines } from "../engine/engines.js";
import { variableLists } from "./arbitrary.js";

describe.each(engines)("packed variables on the %s engine", (_, engine) => {
  const decode = (list: readonly Variable[]) => {
    const request = new ScgiRequestDecoder({}, engine).push(encodeRequest(list, 0));
    return request?.variables;
  };
  const fixed: Variable[] = [
    ["CONTENT_LENGTH", "0"],
    ["SCGI", "1"],
  ];

  it("stay unchanged, whatever is packed after them", () => {
    fc.assert(
      fc.property(fc.array(variableLists, { minLength: 2, maxLength: 40 }), (lists) => {
        const decoded = lists.map(decode);
        for (const [index, list] of lists.entries()) {
          expect([...(decoded[index] ?? [])]).toEqual([...fixed, ...list]);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("are found by name, in lists that share memory and in long ones that do not", () => {
    for (const length of [1, 1_000, 5_000, 60_000]) {
      const long = "x".repeat(length);
      const variables = decode([
        ["A", long],
        ["HTTP_A", "1"],
        ["HTTP_B", "2"],
      ]);
      expect(variables?.get("A")).toBe(long);
      expect(variables?.startingWith("HTTP_")).toEqual([
        ["HTTP_A", "1"],
        ["HTTP_B", "2"],
      ]);
      expect(variables?.get("B")).toBeUndefined();
    }
  });
});
