import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Variable, Variables } from "../../src/cgi/variables.js";
import { GatewayError } from "../../src/errors.js";
import { encodePacket, encodePing, encodePong } from "../../src/uwsgi/encode.js";
import { type UwsgiDecoderOptions, UwsgiPacketDecoder } from "../../src/uwsgi/packet-decoder.js";
import { bytes, hex } from "../bytes.js";
import { mutations, variableLists } from "../cgi/arbitrary.js";
import { peerView } from "../cgi/peer-env.js";
import { cuts } from "../cuts.js";
import { engines } from "../engine/engines.js";
import { fixture } from "../fixtures.js";

const badInput = expect.objectContaining({ code: "bad_input" });

describe("encodePacket", () => {
  it("S3.20 writes modifiers, a little-endian size, and variables with little-endian lengths", () => {
    const variables: Variable[] = [
      ["A", "bc"],
      ["É", bytes("\xff")],
    ];
    expect(encodePacket({ modifier1: 9, modifier2: 1, variables })).toEqual(
      hex("09 0e00 01  0100 41 0200 6263  0200 c389 0100 ff"),
    );
    expect(encodePacket({})).toEqual(hex("00 0000 00"));
  });

  it("S3.20 writes lengths above 255", () => {
    const packet = encodePacket({ variables: [["A", "x".repeat(0x1234)]] });
    expect(packet.subarray(0, 9)).toEqual(hex("00 3912 00 0100 41 3412"));
  });

  it("asks for life, and answers", () => {
    expect(encodePing()).toEqual(hex("64 0000 00"));
    expect(encodePong()).toEqual(hex("64 0000 01"));
  });

  it("refuses what 16 bits cannot say, and names buffer-size", () => {
    const variables = (size: number): Variable[] => [["A", "x".repeat(size)]];
    expect(encodePacket({ variables: variables(65_530) })).toHaveLength(65_539);
    expect(() => encodePacket({ variables: variables(65_531) })).toThrow(
      expect.objectContaining({
        code: "limit_exceeded",
        hint: expect.stringContaining("buffer-size"),
      }),
    );
  });

  it("refuses NUL, an empty name, and modifiers that are no byte", () => {
    expect(() => encodePacket({ variables: [["A", "\0"]] })).toThrow(badInput);
    expect(() => encodePacket({ variables: [["", "x"]] })).toThrow(badInput);
    expect(() => encodePacket({ modifier1: 256 })).toThrow(badInput);
    expect(() => encodePacket({ modifier2: -1 })).toThrow(badInput);
  });
});

describe.each(engines)("uwsgi packets, %s engine", (_name, engine) => {
  function decode(pieces: readonly Uint8Array[], options?: UwsgiDecoderOptions) {
    const decoder = new UwsgiPacketDecoder(options, engine);
    try {
      for (const [index, piece] of pieces.entries()) {
        const packet = decoder.push(piece);
        if (packet === undefined) continue;
        const { modifier1, modifier2, variables, content, rest } = packet;
        const body = Buffer.concat([rest, ...pieces.slice(index + 1)]).toString("latin1");
        return { modifier1, modifier2, variables: [...variables], content, body };
      }
      decoder.end();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return { code: error.code, offset: error.offset };
    }
    return undefined;
  }

  function everyWay(all: Uint8Array, options?: UwsgiDecoderOptions) {
    const whole = decode([all], options);
    for (const [how, pieces] of cuts(all)) expect(decode(pieces, options), how).toEqual(whole);
    return whole;
  }

  it("S3.20 are decoded at any cut, with what follows", () => {
    expect(everyWay(hex("09 0d00 01  0100 41 0200 6263  0100 42 0100 ff  626f6479"))).toEqual({
      modifier1: 9,
      modifier2: 1,
      variables: [
        ["A", "bc"],
        ["B", bytes("\xff")],
      ],
      content: new Uint8Array(0),
      body: "body",
    });
  });

  it("keep order and duplicates", () => {
    const variables: Variable[] = [
      ["X", "1"],
      ["__proto__", ""],
      ["X", "2"],
    ];
    expect(everyWay(encodePacket({ variables }))).toMatchObject({ variables });
  });

  it("may have no variables", () => {
    expect(everyWay(hex("00 0000 00"))).toMatchObject({ modifier1: 0, variables: [], body: "" });
    expect(everyWay(hex("64 0000 01 aa"))).toMatchObject({ modifier1: 100, modifier2: 1 });
  });

  it("have other content by their modifier", () => {
    const content = hex("ffff00");
    expect(everyWay(hex("16 0300 00 ffff00"))).toMatchObject({ variables: [], content });
    expect(everyWay(hex("e0 0600 00 0100 41 0100 42"))).toMatchObject({ variables: [["A", "B"]] });
  });

  it.each([
    ["a name that overruns", "00 0300 00 0200 41", 4],
    ["a name length cut in half", "00 0600 00 0100 41 0000 01", 9],
    ["a value length that is missing", "00 0300 00 0100 41", 4],
    ["a value that overruns", "00 0a00 00 0100 41 0000 0100 42 0200", 9],
    ["a name of 65,535 bytes", "00 0400 00 ffff 0000", 4],
    ["an empty name", "00 0a00 00 0100 41 0000 0000 0100 42", 9],
  ])("refuse %s, and say where", (_what, packet, offset) => {
    expect(everyWay(hex(packet))).toEqual({ code: "malformed", offset });
  });

  it.each(["00", "000100", "00010000", "00 0800 00 0100 41 0200 62"])("%s ends early", (packet) => {
    expect(everyWay(hex(packet))).toEqual({ code: "truncated", offset: hex(packet).length });
  });

  it("find nothing wrong with a connection that never sent a byte", () => {
    expect(decode([])).toBeUndefined();
  });

  it.each([
    "GET / HTTP/1.1\r\n\r\n",
    "POST / HTTP/1.0\r\n\r\n",
    "HTTP/1.1 400 Bad Request\r\n\r\n",
  ])("are not HTTP: %j", (text) => {
    expect(everyWay(bytes(text))).toEqual({ code: "wrong_protocol", offset: 0 });
  });

  it("are bounded as by buffer-size, before their content is there", () => {
    expect(everyWay(hex("00 0110 00"), { limit: 4096 })).toEqual({
      code: "limit_exceeded",
      offset: 0,
    });
    expect(everyWay(hex("00 0010 00"), { limit: 4096 })).toMatchObject({ code: "truncated" });
  });

  it("may be as large as the protocol lets them, in one variable or in 13,107", () => {
    const large: Variable[] = [["A", "x".repeat(65_530)]];
    const many: Variable[] = Array.from({ length: 13_107 }, () => ["A", ""] as const);
    for (const variables of [large, many]) {
      const packet = encodePacket({ variables });
      for (const cut of [0, 3, 4, 5, 32_768, packet.length - 1]) {
        const pieces = [packet.subarray(0, cut), packet.subarray(cut)];
        expect(decode(pieces)).toMatchObject({ variables });
      }
    }
  });

  it("can follow each other through one decoder", () => {
    const decoder = new UwsgiPacketDecoder({}, engine);
    const first = decoder.push(hex("64 0000 00 00 0600 00 0100 41 0100"));
    expect(first?.modifier1).toBe(100);
    expect(decoder.push(first?.rest ?? hex(""))).toBeUndefined();
    expect([...(decoder.push(hex("42 00 0300 00 0900 41"))?.variables ?? [])]).toEqual([
      ["A", "B"],
    ]);
    expect(() => decoder.push(hex("00 0300 00 0900 41"))).toThrow(
      expect.objectContaining({ code: "malformed", offset: 18 }),
    );
  });

  it("hand out copies", () => {
    const decoder = new UwsgiPacketDecoder({}, engine);
    const packet = decoder.push(hex("00 0600 00 0100 41 0100 ff"));
    const other = new UwsgiPacketDecoder({}, engine).push(hex("16 0100 00 41"));
    engine.memory.fill(0);
    expect(packet?.variables.bytes("A")).toEqual(hex("ff"));
    expect(other?.content).toEqual(hex("41"));
  });

  it("come back as they were encoded, whatever is in them and however they are cut", () => {
    fc.assert(
      fc.property(variableLists, fc.nat(), fc.nat(), (variables, one, other) => {
        const all = encodePacket({ variables });
        const [low, high] = [one % all.length, other % all.length].sort((a, b) => a - b);
        const pieces = [all.subarray(0, low), all.subarray(low, high), all.subarray(high)];
        expect(decode(pieces)).toMatchObject({ variables, body: "" });
      }),
      { numRuns: 200 },
    );
  });

  it("are decoded, or refused with a typed error, alike at any cut when bytes are changed", () => {
    fc.assert(
      fc.property(mutations(fixture("wire/nginx-uwsgi--post--001.c2s.bin")), ([all, cut]) => {
        expect(decode([all.subarray(0, cut), all.subarray(cut)])).toEqual(decode([all]));
      }),
      { numRuns: 500 },
    );
  });

  const labels = ["get", "odd", "post", "pathinfo", "bighdr", "delete", "post70k"];
  const fronts = ["nginx", "apache"];
  it.each(fronts.flatMap((front) => labels.map((label) => `${front}-uwsgi--${label}`)))(
    "S3.B %s: what uWSGI understood of it",
    (name) => {
      const all = fixture(`wire/${name}--001.c2s.bin`);
      const peer = peerView(name);
      const whole = decode([all]);
      expect(whole).toMatchObject({ modifier1: 0, modifier2: 0 });
      expect(whole?.body).toHaveLength(peer.bodyLength);
      const variables = new Variables(whole?.variables);
      const understood = new Map([...variables].map(([each]) => [each, variables.get(each)]));
      expect(understood).toEqual(peer.env);
    },
  );

  it("keep the modifiers that nginx is set to send", () => {
    const packet = decode([fixture("wire/nginx-uwsgi--modifier--001.c2s.bin")]);
    expect(packet).toMatchObject({ modifier1: 9, modifier2: 0, body: "" });
    expect(packet?.variables).toContainEqual(["REQUEST_URI", "/tuwmod/x"]);
  });
});
