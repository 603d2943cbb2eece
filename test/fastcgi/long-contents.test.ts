import { describe, expect, it } from "vitest";
import { concat } from "../../src/bytes.js";
import {
  encodeBeginRequest,
  encodeParams,
  encodeRecord,
  endOfStream,
} from "../../src/fastcgi/encode.js";
import { RecordType, Role } from "../../src/fastcgi/protocol.js";
import { FastCgiServer } from "../../src/fastcgi/server.js";

/** Lengths around those from which a content is left where it came, and of the window. */
const lengths = [1, 1_023, 1_024, 1_025, 1_026, 4_096, 5_001, 65_528, 7, 40_000, 3_000];
const cuts = [97, 1_024, 4_096, 4_097, 30_000, 65_536, 10 ** 6];

const content = (seed: number, length: number) =>
  Uint8Array.from({ length }, (_, at) => (at * 31 + seed * 7 + (at >> 8)) & 0xff);

const open = (requestId: number, role: Role) => [
  encodeBeginRequest(requestId, role),
  encodeParams(requestId, [["REQUEST_METHOD", "POST"]], 65_536),
];

/** What the requests of a connection get that comes in chunks of so many bytes. */
function bodiesOf(bytes: Uint8Array, cut: number) {
  const seen = new Map<string, { chunks: Uint8Array[]; ended: boolean }>();
  let begun = 0;
  const machine = new FastCgiServer(
    {
      request() {
        begun += 1;
        const streamOf = (name: string) => {
          const stream = { chunks: [] as Uint8Array[], ended: false };
          seen.set(`${name} ${begun}`, stream);
          return stream;
        };
        const body = streamOf("body");
        const data = streamOf("data");
        return {
          body: (chunk) => void body.chunks.push(chunk.slice()),
          endBody: () => {
            body.ended = true;
          },
          data: (chunk) => void data.chunks.push(chunk.slice()),
          endData: () => {
            data.ended = true;
          },
          aborted: () => {},
        };
      },
      send() {},
      close() {},
    },
    { multiplex: true, maxRequests: 4 },
  );
  for (let at = 0; at < bytes.length; at += cut) machine.take(bytes.slice(at, at + cut));
  return seen;
}

describe.each(cuts)("contents in chunks of %d bytes", (cut) => {
  it("of one request", () => {
    const contents = lengths.map((length, at) => content(at, length));
    const records = contents.map((bytes) => encodeRecord(RecordType.Stdin, 1, bytes));
    const end = endOfStream(RecordType.Stdin, 1);
    const sent = concat([...open(1, Role.Responder), ...records, end]);
    const body = bodiesOf(sent, cut).get("body 1");
    expect(body?.ended).toBe(true);
    expect(Buffer.compare(concat(body?.chunks ?? []), concat(contents))).toBe(0);
    // One piece for what comes at once, which is a window at most.
    expect(body?.chunks.length).toBeLessThanOrEqual(Math.ceil(sent.length / Math.min(cut, 65_536)));
  });

  it("of two requests and of two streams, that take turns", () => {
    const records: Uint8Array[] = [];
    const expected = new Map<string, Uint8Array[]>();
    const add = (name: string, type: RecordType, requestId: number, bytes: Uint8Array) => {
      records.push(encodeRecord(type, requestId, bytes));
      expected.set(name, [...(expected.get(name) ?? []), bytes]);
    };
    for (const [at, length] of lengths.entries()) {
      add("body 1", RecordType.Stdin, 1, content(at, length));
      add("body 2", RecordType.Stdin, 600, content(at + 1, length));
      add("data 2", RecordType.Data, 600, content(at + 2, length));
      if (at % 3 === 0) add("body 1", RecordType.Stdin, 1, content(at + 3, 2_000));
    }
    const ends = [
      endOfStream(RecordType.Stdin, 1),
      endOfStream(RecordType.Stdin, 600),
      endOfStream(RecordType.Data, 600),
    ];
    const opened = [...open(1, Role.Responder), ...open(600, Role.Filter)];
    const seen = bodiesOf(concat([...opened, ...records, ...ends]), cut);
    for (const [name, contents] of expected) {
      expect(seen.get(name)?.ended, name).toBe(true);
      const chunks = seen.get(name)?.chunks ?? [];
      expect(Buffer.compare(concat(chunks), concat(contents)), name).toBe(0);
    }
  });
});
