import { describe, expect, it } from "vitest";
import { GatewayError } from "../../src/errors.js";
import {
  encodeNetstring,
  NetstringDecoder,
  type NetstringOptions,
} from "../../src/scgi/netstring.js";
import { bytes } from "../bytes.js";
import { cuts } from "../cuts.js";
import { engines } from "../engine/engines.js";

describe("encodeNetstring", () => {
  it.each([
    ["", "0:,"],
    ["hello world!", "12:hello world!,"],
    [",:", "2:,:,"],
  ])("%j", (content, netstring) => {
    expect(encodeNetstring(bytes(content))).toEqual(bytes(netstring));
  });
});

describe.each(engines)("netstrings, %s engine", (_name, engine) => {
  /** All netstrings, and what goes wrong after them. */
  function decode(pieces: readonly Uint8Array[], options?: NetstringOptions) {
    const decoder = new NetstringDecoder(options, engine);
    const netstrings: string[] = [];
    try {
      for (const piece of pieces) {
        decoder.push(piece, (content) => {
          engine.memory.fill(0xee, 65_536); // what is called may use the engine
          netstrings.push(Buffer.from(content).toString("latin1"));
        });
      }
      decoder.end();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return { netstrings, code: error.code, offset: error.offset };
    }
    return { netstrings };
  }

  function everyWay(text: string, options?: NetstringOptions) {
    const whole = decode([bytes(text)], options);
    for (const [how, pieces] of cuts(bytes(text)))
      expect(decode(pieces, options), how).toEqual(whole);
    return whole;
  }

  it.each([
    ["", []],
    ["0:,", [""]],
    ["12:hello world!,", ["hello world!"]],
    ["1:a,0:,2:,,,3:0:,,", ["a", "", ",,", "0:,"]],
  ])("%j", (text, netstrings) => {
    expect(everyWay(text)).toEqual({ netstrings });
    expect(everyWay(text, { strict: true })).toEqual({ netstrings });
  });

  it.each(["00:,", "000:,", "01:a,"])("S2.1 %s has leading zeros: strict refuses them", (text) => {
    expect(everyWay(`1:b,${text}`, { strict: true })).toEqual({
      netstrings: ["b"],
      code: "malformed",
      offset: 4,
    });
    expect(everyWay(`1:b,${text}`).netstrings).toHaveLength(2);
  });

  it.each([":", "abc:", "-1:a,", "+1:a,", " 1:a,", "1 :a,", "1_0:a,", "0L:,", "1;a,", "\xb2:ab,"])(
    "S2.2 S2.3 refuses the length of %j",
    (text) => {
      expect(everyWay(`2:ok,${text}`)).toEqual({
        netstrings: ["ok"],
        code: "malformed",
        offset: 5,
      });
    },
  );

  it.each([
    ["1:a;", 3],
    ["1:ab,", 3],
    ["0:a", 2],
    ["2:ok,1:a1:b,", 8],
  ])("S2.3 misses the comma of %j", (text, offset) => {
    expect(everyWay(text)).toMatchObject({ code: "malformed", offset });
  });

  it.each(["1", "12:", "1:a", "5:ab", "1:a,3"])("S2.3 %j ends early", (text) => {
    expect(everyWay(text)).toMatchObject({ code: "truncated", offset: text.length });
  });

  it("bounds the length, before any of the content is there", () => {
    expect(everyWay("5:abcde,", { limit: 5 })).toEqual({ netstrings: ["abcde"] });
    expect(everyWay("1:a,6:", { limit: 5 })).toEqual({
      netstrings: ["a"],
      code: "limit_exceeded",
      offset: 4,
    });
    expect(everyWay("99999999999999999999:")).toMatchObject({ code: "limit_exceeded", offset: 0 });
  });

  it("takes netstrings larger than the window, and more than the table holds", () => {
    const large = "x".repeat(200_000);
    const text = `${"0:,".repeat(20_000)}200000:${large},1:y,`;
    const { netstrings } = decode([bytes(text)]);
    expect(netstrings).toHaveLength(20_002);
    expect(netstrings[20_000]).toBe(large);
    expect(netstrings[20_001]).toBe("y");
  });
});
