import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Variable, Variables } from "../../src/cgi/variables.js";
import { WINDOW } from "../../src/engine/memory.js";
import { GatewayError } from "../../src/errors.js";
import { encodeRequest } from "../../src/scgi/client.js";
import { encodeNetstring, type NetstringOptions } from "../../src/scgi/netstring.js";
import { ScgiRequestDecoder } from "../../src/scgi/server.js";
import { bytes } from "../bytes.js";
import { mutations, variableLists } from "../cgi/arbitrary.js";
import { peerView } from "../cgi/peer-env.js";
import { cuts } from "../cuts.js";
import { engines } from "../engine/engines.js";
import { fixture } from "../fixtures.js";

const badInput = expect.objectContaining({ code: "bad_input" });

/** The example of the SCGI specification. */
const example =
  "70:CONTENT_LENGTH\x0027\0SCGI\x001\0REQUEST_METHOD\0POST\0REQUEST_URI\0/deepthought\0," +
  "What is the answer to life?";

describe("encodeRequest", () => {
  it("gives the specification's example", () => {
    const variables: Variable[] = [
      ["REQUEST_METHOD", "POST"],
      ["REQUEST_URI", "/deepthought"],
    ];
    expect(encodeRequest(variables, 27)).toEqual(bytes(example.slice(0, -27)));
  });

  it("S2.1 puts CONTENT_LENGTH first and SCGI after it, once, whatever the variables say", () => {
    const variables: Variable[] = [
      ["A", ""],
      ["SCGI", "1"],
      ["CONTENT_LENGTH", ""],
    ];
    expect(encodeRequest(variables, 0)).toEqual(bytes("27:CONTENT_LENGTH\x000\0SCGI\x001\0A\0\0,"));
    expect(encodeRequest([["CONTENT_LENGTH", "3"]], 3)).toEqual(encodeRequest([], 3));
  });

  it("sends bytes as they are, and strings as UTF-8", () => {
    const encoded = encodeRequest(
      [
        ["A", bytes("\xff")],
        ["B", "é"],
      ],
      0,
    );
    expect(Buffer.from(encoded).toString("latin1")).toContain("A\0\xff\0B\0\xc3\xa9\0,");
  });

  it.each<[string, Variable[]]>([
    [
      "a name twice",
      [
        ["A", "1"],
        ["A", "1"],
      ],
    ],
    ["an empty name", [["", "1"]]],
    ["a NUL in a name", [["A\0B", "1"]]],
    ["a NUL in a value", [["A", "1\0"]]],
    ["a NUL in bytes", [["A", bytes("\0")]]],
    ["another CONTENT_LENGTH", [["CONTENT_LENGTH", "4"]]],
    ["another SCGI", [["SCGI", "2"]]],
  ])("refuses %s", (_what, variables) => {
    expect(() => encodeRequest(variables, 0)).toThrow(badInput);
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 53])("refuses the length %d", (length) => {
    expect(() => encodeRequest([], length)).toThrow(badInput);
  });

  it("bounds the headers", () => {
    expect(encodeRequest([], 0, 24)).toHaveLength(28);
    expect(() => encodeRequest([], 0, 23)).toThrow(
      expect.objectContaining({ code: "limit_exceeded" }),
    );
  });
});

describe.each(engines)("SCGI requests, %s engine", (_name, engine) => {
  function decode(pieces: readonly Uint8Array[], options?: NetstringOptions) {
    const decoder = new ScgiRequestDecoder(options, engine);
    try {
      for (const [index, piece] of pieces.entries()) {
        const request = decoder.push(piece);
        if (request === undefined) continue;
        const { variables, contentLength, rest } = request;
        const body = Buffer.concat([rest, ...pieces.slice(index + 1)]).toString("latin1");
        return { variables: [...variables], contentLength, body };
      }
      decoder.end();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return { code: error.code, offset: error.offset, message: error.message };
    }
    return undefined;
  }

  function everyWay(text: string, options?: NetstringOptions) {
    const all = bytes(text);
    const whole = decode([all], options);
    for (const [how, pieces] of cuts(all)) expect(decode(pieces, options), how).toEqual(whole);
    return whole;
  }

  const strict = { strict: true };
  const netstring = (headers: string) =>
    Buffer.from(encodeNetstring(bytes(headers))).toString("latin1");

  it("decodes the specification's example, at any cut", () => {
    const request = {
      variables: [
        ["CONTENT_LENGTH", "27"],
        ["SCGI", "1"],
        ["REQUEST_METHOD", "POST"],
        ["REQUEST_URI", "/deepthought"],
      ],
      contentLength: 27,
      body: "What is the answer to life?",
    };
    expect(everyWay(example)).toEqual(request);
    expect(everyWay(example, strict)).toEqual(request);
  });

  it("S2.1 S2.2 is lenient about order, SCGI, duplicates and leading zeros by default", () => {
    expect(everyWay(netstring("A\x001\0A\x002\0CONTENT_LENGTH\x003\0"))).toMatchObject({
      variables: [
        ["A", "1"],
        ["A", "2"],
        ["CONTENT_LENGTH", "3"],
      ],
      contentLength: 3,
    });
    expect(everyWay("0:,")).toMatchObject({ variables: [], contentLength: 0 });
    expect(everyWay("000:,body")).toMatchObject({ variables: [], body: "body" });
  });

  it.each([
    ["no headers", ""],
    ["CONTENT_LENGTH not first", "SCGI\x001\0CONTENT_LENGTH\x000\0"],
    ["no SCGI", "CONTENT_LENGTH\x000\0"],
    ["another SCGI", "CONTENT_LENGTH\x000\0SCGI\x002\0"],
    ["a name twice", "CONTENT_LENGTH\x000\0SCGI\x001\0A\0\0A\0\0"],
  ])("S2.1 strict refuses %s", (_what, headers) => {
    expect(everyWay(netstring(headers), strict)).toMatchObject({ code: "malformed" });
    expect(everyWay(netstring(headers))).not.toHaveProperty("code");
  });

  it.each(["-1", "abc", "", "+1", "1.5", " 1"])(
    "S2.2 S2.3 refuses CONTENT_LENGTH %j, strict or not",
    (length) => {
      const text = netstring(`CONTENT_LENGTH\0${length}\0SCGI\x001\0`);
      expect(everyWay(text, strict)).toMatchObject({ code: "malformed" });
      expect(everyWay(text)).toMatchObject({ code: "malformed" });
    },
  );

  it.each([
    ["an odd number of strings", "A\x001\0B\0", 6],
    ["a string without its NUL", "A\x001\0B\x002", 6],
    ["an empty name", "A\x001\0\x002\0", 6],
  ])("S2.2 S2.3 refuses %s, and says where", (_what, headers, offset) => {
    expect(everyWay(netstring(headers))).toMatchObject({ code: "malformed", offset });
  });

  it.each(["7", "70:", "70:CONTENT", example.slice(0, 73)])("S2.3 %j ends early", (text) => {
    expect(everyWay(text)).toMatchObject({ code: "truncated", offset: text.length });
  });

  it("S2.3 misses the comma", () => {
    expect(everyWay("5:A\0\0B\0;")).toMatchObject({ code: "malformed", offset: 7 });
  });

  it("S2.4 finds nothing wrong with a connection that never sent a byte", () => {
    expect(decode([])).toBeUndefined();
  });

  it("S2.5 bounds the headers before they are there", () => {
    expect(everyWay("71:", { limit: 70 })).toMatchObject({ code: "limit_exceeded", offset: 0 });
    expect(everyWay("1048577:")).toMatchObject({ code: "limit_exceeded" });
    expect(everyWay(example, { limit: 70 })).toMatchObject({ contentLength: 27 });
  });

  it.each([
    ["GET / HTTP/1.1\r\n\r\n", "HTTP"],
    ["\x16\x03\x01\x02\x00", "TLS"],
    ["\x01\x01\0\x01\0\x08\0\0", "FastCGI"],
    ["\0\x05\x02\0", "uwsgi"],
  ])("knows a client that speaks another protocol: %j", (text, protocol) => {
    expect(everyWay(text)).toMatchObject({
      code: "wrong_protocol",
      message: `the client speaks ${protocol}, not SCGI`,
    });
  });

  it.each([100, 65_535, 65_536, 200_000, 1_000_000])("has variables of %d bytes", (size) => {
    const variables: Variable[] = [
      ["BEFORE", "1"],
      ["LARGE", "x".repeat(size)],
      ["AFTER", "2"],
    ];
    const all = encodeRequest(variables, 0);
    for (const step of [all.length, 70_000, 65_536, 1_000]) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < all.length; at += step) pieces.push(all.subarray(at, at + step));
      expect(decode(pieces)?.variables?.slice(2)).toEqual(variables);
    }
  });

  it("has more variables than the engine's table has rows", () => {
    const variables: Variable[] = [];
    for (let at = 0; at < 20_000; at++) variables.push([`V${at}`, `${at}`]);
    expect(decode([encodeRequest(variables, 0)])?.variables?.slice(2)).toEqual(variables);
  });

  it.each([
    [0, 40, "What is the answer to life?"],
    [7, 73, "What is the answer to life?"],
    [100, 80, "What i"],
  ])("takes bytes that lie in the engine's own window, at %d", (at, cut, rest) => {
    const decoder = new ScgiRequestDecoder({}, engine);
    const all = bytes(example);
    const taken: string[] = [];
    for (const piece of [all.subarray(0, cut), all.subarray(cut)]) {
      if (taken.length > 0) break;
      engine.memory.set(piece, WINDOW + at);
      const view = engine.memory.subarray(WINDOW + at, WINDOW + at + piece.length);
      const request = decoder.push(view);
      if (request !== undefined) taken.push(Buffer.from(request.rest).toString());
    }
    expect(taken).toEqual([rest]);
  });

  it("hands out copies", () => {
    const decoder = new ScgiRequestDecoder({}, engine);
    const all = encodeRequest([["A", bytes("\xff\xfe")]], 0);
    const request = decoder.push(all);
    engine.memory.fill(0);
    all.fill(0);
    expect(request?.variables.bytes("A")).toEqual(bytes("\xff\xfe"));
  });

  it("come back as they were encoded, whatever is in them and however they are cut", () => {
    fc.assert(
      fc.property(variableLists, fc.nat(), fc.nat(), (variables, one, other) => {
        const all = encodeRequest(variables, 0);
        const [low, high] = [one % all.length, other % all.length].sort((a, b) => a - b);
        const pieces = [all.subarray(0, low), all.subarray(low, high), all.subarray(high)];
        expect(decode(pieces, strict)?.variables?.slice(2)).toEqual(variables);
      }),
      { numRuns: 200 },
    );
  });

  it("are decoded, or refused with a typed error, alike at any cut when bytes are changed", () => {
    fc.assert(
      fc.property(mutations(fixture("wire/apache-scgi--post--001.c2s.bin")), ([all, cut]) => {
        expect(decode([all.subarray(0, cut), all.subarray(cut)])).toEqual(decode([all]));
      }),
      { numRuns: 500 },
    );
  });

  const labels = ["get", "odd", "post", "pathinfo", "bighdr", "delete", "post70k"];
  const fronts = ["nginx", "apache"];
  it.each(fronts.flatMap((front) => labels.map((label) => `${front}-scgi--${label}`)))(
    "S3.B %s: what uWSGI understood of it",
    (name) => {
      const all = fixture(`wire/${name}--001.c2s.bin`);
      const peer = peerView(name);
      const whole = decode([all]);
      expect(whole?.contentLength).toBe(peer.bodyLength);
      expect(whole?.body).toHaveLength(peer.bodyLength);
      const variables = new Variables(whole?.variables);
      const understood = new Map([...variables].map(([each]) => [each, variables.get(each)]));
      expect(understood).toEqual(peer.env);
    },
  );

  it("S2.1 strict takes what Apache sends, and not the duplicates that nginx sends", () => {
    const apache = fixture("wire/apache-scgi--odd--001.c2s.bin");
    const nginx = fixture("wire/nginx-scgi--odd--001.c2s.bin");
    expect(decode([apache], strict)).toMatchObject({ contentLength: 0 });
    expect(decode([nginx], strict)).toMatchObject({ code: "malformed" });
    expect(decode([nginx])?.variables).toContainEqual(["HTTP_X_DUP", "1"]);
    expect(decode([nginx])?.variables).toContainEqual(["HTTP_X_DUP", "2"]);
  });

  it("takes no more after its head", () => {
    const decoder = new ScgiRequestDecoder({}, engine);
    decoder.push(bytes("0:,"));
    expect(() => decoder.push(bytes("1"))).toThrow(/complete/);
  });
});
