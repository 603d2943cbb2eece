import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Variable, valueBytes } from "../../src/cgi/variables.js";
import type { Engine } from "../../src/engine/engine.js";
import { WINDOW } from "../../src/engine/memory.js";
import type { GatewayError } from "../../src/errors.js";
import { encodePairs } from "../../src/fastcgi/encode.js";
import { PairDecoder } from "../../src/fastcgi/pair-decoder.js";
import { hex } from "../bytes.js";
import { cuts } from "../cuts.js";
import { engines } from "../engine/engines.js";

interface Decoded {
  pairs?: Variable[];
  code?: string;
  offset?: number | undefined;
}

function decode(engine: Engine, pieces: Iterable<Uint8Array>, limit?: number): Decoded {
  const decoder = new PairDecoder({ engine, limit });
  try {
    for (const piece of pieces) decoder.push(piece);
    return { pairs: decoder.finish() };
  } catch (error) {
    const { code, offset } = error as GatewayError;
    return { code, offset };
  }
}

describe.each(engines)("PairDecoder on the %s engine", (_, engine) => {
  const everyCut = (bytes: Uint8Array, expected: Decoded, limit?: number) => {
    for (const [how, pieces] of cuts(bytes))
      expect(decode(engine, pieces, limit), how).toEqual(expected);
  };

  it("reads one-byte and four-byte lengths in all four combinations", () => {
    const variables: Variable[] = [
      ["A", "1"],
      ["B", "b".repeat(128)],
      ["C".repeat(130), "3"],
      ["D".repeat(128), "d".repeat(200)],
    ];
    everyCut(encodePairs(variables), { pairs: variables });
  });

  it("reads four-byte lengths that would fit in one byte", () => {
    everyCut(hex("80000001 80000002 41 3132  00 80000000"), {
      pairs: [
        ["A", "12"],
        ["", ""],
      ],
    });
  });

  it("keeps order, duplicates and names that objects have", () => {
    const variables: Variable[] = [
      ["HTTP_X_DUP", "1"],
      ["__proto__", "p"],
      ["HTTP_X_DUP", "2"],
      ["constructor", ""],
    ];
    everyCut(encodePairs(variables), { pairs: variables });
  });

  it("leaves values that are not ASCII as bytes", () => {
    everyCut(hex("01 03 41 c3a9ff"), { pairs: [["A", hex("c3a9ff")]] });
  });

  it("hands out copies", () => {
    const decoder = new PairDecoder({ engine });
    decoder.push(hex("01 01 41 ff"));
    engine.memory.fill(0, WINDOW, WINDOW + 16);
    expect(decoder.finish()).toEqual([["A", hex("ff")]]);
  });

  it("takes pairs longer than the engine's window", () => {
    const variables: Variable[] = [
      ["BEFORE", "1"],
      ["LONG", "x".repeat(200_000)],
      ["AFTER", "2"],
    ];
    const bytes = encodePairs(variables);
    expect(decode(engine, [bytes])).toEqual({ pairs: variables });
    const pieces = Array.from({ length: Math.ceil(bytes.length / 999) }, (__, at) =>
      bytes.subarray(at * 999, at * 999 + 999),
    );
    expect(decode(engine, pieces)).toEqual({ pairs: variables });
  });

  it("takes more pairs than the engine's table holds", () => {
    const variables = Array.from({ length: 20_000 }, (__, at): Variable => [`${at}`, ""]);
    expect(decode(engine, [encodePairs(variables)], 2_000_000).pairs).toEqual(variables);
  });

  it("a stream that ends inside a pair is truncated, and says where", () => {
    const bytes = hex("01 01 41 31  02 03 4142");
    everyCut(bytes, { code: "truncated", offset: 4 });
    everyCut(bytes.subarray(0, 5), { code: "truncated", offset: 4 });
    everyCut(hex("8000"), { code: "truncated", offset: 0 });
  });

  it("lengths that add up to more than 32 bits are malformed, not a small number", () => {
    everyCut(hex("01 00 41  ffffffff ffffffff 00"), { code: "malformed", offset: 3 });
    everyCut(hex("ffffffff fffffffa 00"), { code: "malformed", offset: 0 });
  });

  it("refuses a pair that announces more than the limit before its bytes come", () => {
    everyCut(hex("01 01 41 31  01 80100000 42"), { code: "limit_exceeded", offset: 4 });
    everyCut(hex("ffffffff 00"), { code: "limit_exceeded", offset: 0 });
  });

  it("refuses the pair that passes the limit", () => {
    const bytes = encodePairs([
      ["A", "1"],
      ["B", "2"],
    ]);
    everyCut(
      bytes,
      {
        pairs: [
          ["A", "1"],
          ["B", "2"],
        ],
      },
      8 + 32,
    );
    everyCut(bytes, { code: "limit_exceeded", offset: 4 }, 8 + 31);
    everyCut(bytes, { code: "limit_exceeded", offset: 0 }, 3);
  });

  it("does not let a stream of empty pairs become a million objects", () => {
    const decoder = new PairDecoder({ engine });
    expect(() => decoder.push(new Uint8Array(1_000_000))).toThrow("exceed the limit");
    expect(decoder.pairs.length).toBeLessThan(31_000);
  });

  it("reads back whatever was encoded, however it is cut", () => {
    const value = fc.oneof(fc.string({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }));
    const variables = fc.array(fc.tuple(fc.string({ maxLength: 200 }), value), { maxLength: 30 });
    fc.assert(
      fc.property(variables, fc.array(fc.nat(2_000), { maxLength: 12 }), (list, points) => {
        const bytes = encodePairs(list);
        const edges = [0, ...points.map((at) => at % (bytes.length + 1)), bytes.length];
        edges.sort((a, b) => a - b);
        const pieces = edges.slice(1).map((end, at) => bytes.subarray(edges[at], end));
        const { pairs = [] } = decode(engine, pieces);
        expect(
          pairs.map(([name, each]) => [name, Buffer.from(valueBytes(each)).toString("hex")]),
        ).toEqual(
          list.map(([name, each]) => [
            Buffer.from(name).toString(),
            Buffer.from(valueBytes(each)).toString("hex"),
          ]),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("gives the same result for hostile bytes, however they are cut", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(60), (bytes, at) => {
        const whole = decode(engine, [bytes], 200);
        expect(decode(engine, [bytes.subarray(0, at), bytes.subarray(at)], 200)).toEqual(whole);
        expect(
          decode(
            engine,
            Array.from(bytes, (byte) => Uint8Array.of(byte)),
            200,
          ),
        ).toEqual(whole);
      }),
      { numRuns: 150 },
    );
  });
});
