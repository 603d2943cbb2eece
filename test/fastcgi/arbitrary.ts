import fc from "fast-check";
import { encodePairs } from "../../src/fastcgi/encode.js";
import { variableLists } from "../cgi/arbitrary.js";
import { join, record } from "../engine/bytes.js";

const BEGIN = 1;
const ABORT = 2;
const PARAMS = 4;
const STDIN = 5;
const DATA = 8;
const GET_VALUES = 9;

/** A stream's records: its bytes cut anywhere, and its end. */
const stream = (type: number, requestId: number, bytes: fc.Arbitrary<Uint8Array>) =>
  fc
    .tuple(bytes, fc.array(fc.nat(), { maxLength: 4 }), fc.array(fc.nat(255), { minLength: 1 }))
    .map(([all, cuts, paddings]) => {
      const points = [...new Set(cuts.map((at) => at % (all.length + 1)))].sort((a, b) => a - b);
      const edges = [0, ...points, all.length];
      const pieces = edges.slice(1).map((end, index) => all.subarray(edges[index], end));
      return [...pieces.filter(({ length }) => length > 0), new Uint8Array()].map((piece, index) =>
        record(type, requestId, piece, paddings[index % paddings.length]),
      );
    });

export const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.uint8Array({ minLength: 1_000, maxLength: 1_100 }),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 1_500 }))
    .map(([bytes, times]) => join(...Array.from({ length: times }, () => bytes))),
);

const beginRecord = (requestId: number, role: number, keep: boolean) =>
  record(BEGIN, requestId, Uint8Array.of(0, role, keep ? 1 : 0, 0, 0, 0, 0, 0));

/** A request as it should be, in its records. */
export const requestOf = (requestId: number, lists = variableLists, contents = bodies) =>
  fc.tuple(lists, contents).chain(([variables, body]) =>
    fc
      .tuple(
        stream(PARAMS, requestId, fc.constant(encodePairs(variables))),
        stream(STDIN, requestId, fc.constant(body)),
      )
      .map(([params, stdin]) => ({
        variables,
        body,
        records: [beginRecord(requestId, 1, true), ...params, ...stdin],
      })),
  );

/** Records of several requests mixed, each one's in their order. */
export const mixed = <Request extends { records: Uint8Array[] }>(
  requests: fc.Arbitrary<Request[]>,
) =>
  fc.tuple(requests, fc.array(fc.nat(), { minLength: 1, maxLength: 30 })).map(([all, picks]) => {
    const queues = all.map(({ records }) => [...records]);
    const records: Uint8Array[] = [];
    for (let turn = 0; queues.some(({ length }) => length > 0); turn++) {
      const waiting = queues.filter(({ length }) => length > 0);
      const pick = picks[turn % picks.length]!;
      records.push(waiting[pick % waiting.length]?.shift() as Uint8Array);
    }
    return { requests: all, bytes: join(...records) };
  });

const anyRecord = fc.oneof(
  fc
    .tuple(fc.nat(14), fc.constantFrom(0, 1, 2, 300), fc.uint8Array({ maxLength: 40 }))
    .map(([type, id, content]) => record(type, id, content)),
  fc
    .tuple(fc.constantFrom(1, 2, 300), fc.nat(4), fc.boolean())
    .map(([id, role, keep]) => beginRecord(id, role, keep)),
  fc.constantFrom(1, 2, 300).map((id) => record(ABORT, id, new Uint8Array())),
  fc.constantFrom(1, 2, 300).map((id) => record(DATA, id, Uint8Array.of(1, 2))),
  fc.constant(record(GET_VALUES, 0, encodePairs([["FCGI_MAX_CONNS", ""]]))),
);

/** Few, and quickly made: what matters is the order of records. HAProxy alone is served otherwise. */
const plainLists: typeof variableLists = fc.constantFrom<(readonly [string, string])[]>(
  [],
  [["A", "b"]],
  [["SERVER_SOFTWARE", "HAProxy 2.6"]],
  [["A", "b".repeat(200)]],
);
const plainBodies = fc.constantFrom(0, 3, 1_100, 5_000).map((length) => new Uint8Array(length));

/** What a hostile front end sends: parts of good requests, in any order, among anything. */
export const hostile = fc
  .array(
    fc.oneof(
      { weight: 2, arbitrary: anyRecord },
      {
        weight: 3,
        arbitrary: fc
          .tuple(
            fc.constantFrom(1, 2, 300).chain((id) => requestOf(id, plainLists, plainBodies)),
            fc.constantFrom(0, 0, 0, 1, 2),
            fc.nat(12),
          )
          .map(([{ records }, from, count]) => join(...records.slice(from, from + count))),
      },
    ),
    { maxLength: 8 },
  )
  .map((pieces) => join(...pieces));
