import fc from "fast-check";
import { describe, expect } from "vitest";
import type { ServerHandlers } from "../../src/cgi/server-machine.js";
import { FastCgiServer } from "../../src/fastcgi/server.js";
import { serve } from "../captures/drive.js";
import { latin1, plainRecords } from "../captures/plain.js";
import { deeds, happenings, WatchedServer } from "../cgi/watched-server.js";
import { cut, mutated, points } from "../engine/arbitraries.js";
import { engines } from "../engine/engines.js";
import { fuzz } from "../harness/fuzz.js";
import { hostile, mixed, requestOf } from "./arbitrary.js";

const END_REQUEST = 3;
const STDOUT = 6;
const STDERR = 7;

const limits = fc.constantFrom({}, { variables: 60 }, { requests: 1 }, { records: 6 });

/** One request after another, or several at once. */
const sequences = mixed(
  fc
    .uniqueArray(fc.constantFrom(1, 2, 255, 256, 65_535), { minLength: 1, maxLength: 4 })
    .chain((ids) => fc.tuple(...ids.map((id) => requestOf(id)))),
);

describe.each(engines)("FastCGI's server machine (%s)", (_, engine) => {
  fuzz("serves what was sent, at any cut", () =>
    fc.property(sequences, points, ({ requests, bytes }, points) => {
      const create = (handlers: ServerHandlers) =>
        new FastCgiServer(handlers, { engine, multiplex: true });
      const { requests: seen, problem, ignored } = serve(create, cut(bytes, points));
      expect([problem, ignored]).toEqual([undefined, 0]);
      const plain = (variables: Iterable<readonly [string, unknown]>, body: string) =>
        JSON.stringify([[...variables], body]);
      expect(seen.map(({ variables, body }) => plain(variables, body)).sort()).toEqual(
        requests.map(({ variables, body }) => plain(variables, latin1(body))).sort(),
      );
      expect(seen.every(({ bodyEnded }) => bodyEnded)).toBe(true);
    }),
  );

  fuzz("makes the same of any bytes at any cut", () =>
    fc.property(mutated(hostile), points, fc.boolean(), (bytes, points, multiplex) => {
      const create = (handlers: ServerHandlers) =>
        new FastCgiServer(handlers, { engine, multiplex });
      const served = (chunks: Uint8Array[]) => {
        const all = serve(create, chunks);
        return { ...all, sent: answeredOnce(all.sent) };
      };
      const whole = served([bytes]);
      const pieces = served(cut(bytes, points));
      // A malformed record hides what stands before it in its chunk. In pieces that may have closed
      // the connection already, or have been a fault of its own.
      if (!whole.refused) expect(pieces).toEqual(whole);
      else expect(pieces.closed ?? pieces.problem?.code).toBeDefined();
    }),
  );

  fuzz("keeps its promises, whatever the front end and the application do", () =>
    fc.property(
      mutated(hostile),
      points,
      deeds,
      happenings,
      fc.record({ limits, multiplex: fc.boolean() }),
      (bytes, points, deeds, happenings, options) => {
        const create = (handlers: ServerHandlers) =>
          new FastCgiServer(handlers, { ...options, engine });
        const server = new WatchedServer(create, deeds);
        server.run(cut(bytes, points), happenings);
        expectRecords(server);
      },
    ),
  );
});

/**
 * Records of a stream's type without a request that follow each other in one chunk are one piece,
 * with one answer: UNKNOWN_TYPE.
 */
function answeredOnce(sent: string): string {
  return sent.replaceAll(/(\x01\x0b\0\0\0\x08\0\0.\0{7})\1+/gs, "$1");
}

/** Whole records, none of a request after its END_REQUEST, and invalid bytes after a cut. */
function expectRecords({ sent, ending, requests }: WatchedServer): void {
  const answers = new Map<number, number>();
  const open = new Set<number>();
  let length = 0;
  for (const { type, requestId, content } of plainRecords(sent)) {
    length += 8 + content.length + (-content.length & 7);
    if (type === STDOUT || type === STDERR) {
      // A request that the application never saw, aborted before its variables were complete, ends its stream too.
      if (content.length === 0 || open.has(requestId)) continue;
      answers.set(requestId, (answers.get(requestId) ?? 0) + 1);
      open.add(requestId);
    } else if (type === END_REQUEST) open.delete(requestId);
    else expect([requestId, type]).toEqual([0, type === 10 ? 10 : 11]);
  }
  expect(sent.length - length).toBe(ending === "cut" ? 8 : 0);
  for (const [id, count] of answers) {
    const asked = requests.filter(({ request }) => Reflect.get(request, "requestId") === id);
    expect(count).toBeLessThanOrEqual(asked.length);
  }
}
