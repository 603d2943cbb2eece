// What the codec does in every runtime: a plain list of names and functions that throw on failure.
import {
  defaultEngine,
  encodeBeginRequest,
  encodeNetstring,
  encodePairs,
  encodeParams,
  encodeRecord,
  encodeScgiRequest,
  encodeUwsgiPacket,
  engineChoice,
  NetstringDecoder,
  PairDecoder,
  RecordType,
  ResponseDecoder,
  ResponseHeadReader,
  Role,
  ScgiRequestDecoder,
  streamRecords,
  UwsgiPacketDecoder,
} from "fcgi-probe/codec";
import { equal, hex, latin1, text, throwsCode } from "./expect.mjs";
import { answer, page } from "./php-fpm-answer.mjs";

/** Decodes an answer that arrives in pieces of `size` bytes. */
function decode(bytes, size, requestId = 1) {
  const result = { stdout: [], stderr: [], end: undefined };
  const decoder = new ResponseDecoder(requestId, {
    stdout: (part) => {
      for (const byte of part) result.stdout.push(byte);
    },
    stderr: (part) => result.stderr.push(...part),
    end: (status) => {
      result.end = status;
    },
  });
  for (let at = 0; at < bytes.length; at += size) decoder.push(bytes.subarray(at, at + size));
  return result;
}

const VARIABLES = [
  ["REQUEST_METHOD", "GET"],
  ["EMPTY", ""],
  ["LONG", "x".repeat(200)],
];
const list = (variables) => [...variables].map(([name, value]) => [name, value]);

export const behaviours = [
  {
    feature: "codec",
    name: "encodes BEGIN_REQUEST",
    run: () =>
      equal(encodeBeginRequest(1, Role.Responder), hex("0101 0001 0008 0000 0001 00 0000000000")),
  },
  {
    feature: "codec",
    name: "pads records to 8 bytes",
    run: () =>
      equal(
        encodeRecord(RecordType.Stdin, 258, latin1("abc")),
        hex("0105 0102 0003 0500 616263 0000000000"),
      ),
  },
  {
    feature: "codec",
    name: "encodes name-value pairs with lengths of one byte and of four",
    run: () => {
      equal(encodePairs([["A", "bc"]]), hex("01 02 41 6263"));
      equal(encodePairs([["A", "x".repeat(128)]]).subarray(0, 6), hex("01 80000080 41"));
    },
  },
  {
    feature: "codec",
    name: "ends PARAMS with an empty record",
    run: () =>
      equal(
        encodeParams(1, [["A", "bc"]], 1000),
        hex("0104 0001 0005 0300 01 02 41 6263 000000 0104 0001 0000 0000"),
      ),
  },
  ...[1, 7, 568].map((size) => ({
    feature: "codec",
    name: `decodes an answer of php-fpm in pieces of ${size}`,
    run: () => {
      const { stdout, stderr, end } = decode(answer, size);
      equal(text(stdout).endsWith(`\r\n\r\n${page}`), true);
      equal(stderr, []);
      equal(end, { appStatus: 0, protocolStatus: 0 });
    },
  })),
  {
    feature: "codec",
    name: "keeps stderr apart, and leaves out the records of other requests",
    run: () => {
      const bytes = [
        ...encodeRecord(RecordType.Stderr, 1, latin1("oops")),
        ...encodeRecord(RecordType.Stdout, 2, latin1("not ours")),
        ...encodeRecord(RecordType.Stdout, 1, latin1("ours")),
      ];
      const { stdout, stderr } = decode(Uint8Array.from(bytes), 5);
      equal([text(stdout), text(stderr)], ["ours", "oops"]);
    },
  },
  {
    feature: "codec",
    name: "draws together the small records of a megabyte",
    run: () => {
      const body = new Uint8Array(1_000_000).map((_, index) => index % 251);
      const bytes = [];
      for (let at = 0; at < body.length; at += 100) {
        bytes.push(...encodeRecord(RecordType.Stdout, 1, body.subarray(at, at + 100)));
      }
      const { stdout } = decode(Uint8Array.from(bytes), bytes.length);
      equal([stdout.length, stdout.every((byte, at) => byte === body[at])], [body.length, true]);
    },
  },
  {
    feature: "codec",
    name: "splits a long body into records that fit",
    run: () => {
      const records = streamRecords(RecordType.Stdin, 1, new Uint8Array(70_000));
      equal(
        records.reduce((length, part) => length + part.length, 0),
        70_000 + 2 * 8 + (-70_000 & 7),
      );
    },
  },
  {
    feature: "codec",
    name: "says that a peer speaks HTTP",
    run: () => throwsCode(() => decode(latin1("HTTP/1.1 400 Bad Request"), 100), "wrong_protocol"),
  },
  {
    feature: "codec",
    name: "refuses what is no record, and says where",
    run: () => {
      const bad = Uint8Array.from([
        ...encodeRecord(6, 1, latin1("8 bytes!")),
        9,
        9,
        9,
        9,
        9,
        9,
        9,
        9,
      ]);
      try {
        decode(bad, 100);
      } catch (error) {
        return equal([error.code, error.offset], ["malformed", 16]);
      }
      throw new Error("nothing was thrown");
    },
  },
  {
    feature: "codec",
    name: "splits the head of a CGI response off at its first blank line",
    run: () => {
      const bytes = latin1("Status: 404 Not Found\r\nX-A: 1\r\n\r\nbody\r\n\r\n");
      const head = new ResponseHeadReader().push(bytes);
      equal([head.status, head.statusText, head.headers], [404, "Not Found", [["X-A", "1"]]]);
      equal(text(bytes.subarray(head.bodyStart)), "body\r\n\r\n");
    },
  },
  {
    feature: "codec",
    name: "encodes and decodes netstrings, cut anywhere",
    run: () => {
      equal(encodeNetstring(latin1("hello world!")), latin1("12:hello world!,"));
      const found = [];
      const decoder = new NetstringDecoder();
      for (const byte of latin1("5:hello,0:,3:a,b,")) {
        decoder.push(Uint8Array.of(byte), (content) => found.push(text(content)));
      }
      decoder.end();
      equal(found, ["hello", "", "a,b"]);
    },
  },
  {
    feature: "codec",
    name: "refuses a netstring without its comma",
    run: () =>
      throwsCode(() => new NetstringDecoder().push(latin1("5:hello;"), () => {}), "malformed"),
  },
  {
    feature: "codec",
    name: "encodes and decodes an SCGI request",
    run: () => {
      const head = encodeScgiRequest(VARIABLES, 4);
      equal(text(head.subarray(0, 21)), "256:CONTENT_LENGTH\x004\x00");
      const request = new ScgiRequestDecoder({ strict: true }).push(
        Uint8Array.from([...head, ...latin1("body")]),
      );
      equal(list(request.variables), [["CONTENT_LENGTH", "4"], ["SCGI", "1"], ...VARIABLES]);
      equal([request.contentLength, text(request.rest)], [4, "body"]);
    },
  },
  {
    feature: "codec",
    name: "encodes and decodes a uwsgi packet, cut anywhere",
    run: () => {
      const bytes = encodeUwsgiPacket({ modifier1: 5, modifier2: 1, variables: VARIABLES });
      equal(bytes.subarray(0, 4), hex("05 ee 00 01"));
      const decoder = new UwsgiPacketDecoder();
      let packet;
      for (const byte of bytes) packet = decoder.push(Uint8Array.of(byte)) ?? packet;
      equal([packet.modifier1, packet.modifier2, list(packet.variables)], [5, 1, VARIABLES]);
    },
  },
  {
    feature: "codec",
    name: "decodes name-value pairs, cut anywhere",
    run: () => {
      const decoder = new PairDecoder();
      for (const byte of encodePairs(VARIABLES)) decoder.push(Uint8Array.of(byte));
      equal(list(decoder.pairs), VARIABLES);
    },
  },
  {
    feature: "codec",
    name: "counts a scoreboard, unknown letters apart",
    run: () => {
      const board = latin1(`${"_".repeat(4_000)}${"W".repeat(300)}K.?`);
      // A job of the engine that nothing in this door uses: its memory is internal (engine/memory.ts).
      const window = 196_608;
      const engine = defaultEngine();
      engine.memory.set(board, window);
      engine.countScoreboard(window, board.length);
      const counts = [...engine.results];
      const of = (letter) => counts["_SRWKDCLGI.".indexOf(letter)];
      equal([of("_"), of("W"), of("K"), of("."), of("G"), counts[11]], [4_000, 300, 1, 1, 0, 1]);
    },
  },
  {
    feature: "codec",
    name: "names the engine that runs, and why",
    run: () => {
      const { name, reason } = engineChoice();
      equal(
        typeof WebAssembly === "undefined" ? name === "typescript" : name === "webassembly",
        true,
      );
      equal(reason.length > 0, true);
    },
  },
];
