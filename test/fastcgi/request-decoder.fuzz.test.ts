import fc from "fast-check";
import { describe, expect } from "vitest";
import { textsOf } from "../captures/drive.js";
import { latin1 } from "../captures/plain.js";
import { cut, mutated, points } from "../engine/arbitraries.js";
import { engines } from "../engine/engines.js";
import { fuzz } from "../harness/fuzz.js";
import { hostile, mixed, requestOf } from "./arbitrary.js";
import { requestsOf } from "./requests-of.js";

const limits = fc.constantFrom({}, { variables: 60 }, { requests: 1 }, { records: 6 });

/** One request after another, or several at once. */
const sequences = mixed(
  fc
    .uniqueArray(fc.constantFrom(1, 2, 255, 256, 65_535), { minLength: 1, maxLength: 4 })
    .chain((ids) =>
      fc.tuple(...ids.map((id) => requestOf(id).map((request) => ({ ...request, id })))),
    ),
);

describe.each(engines)("FastCgiRequestDecoder (%s)", (_, engine) => {
  fuzz("yields what was sent, at any cut", () =>
    fc.property(sequences, points, ({ requests, bytes }, points) => {
      const { events, problem, ignored } = requestsOf(cut(bytes, points), engine);
      expect([problem, ignored]).toEqual([undefined, 0]);
      for (const { id, variables, body } of requests) {
        const own = events.filter(([, requestId]) => requestId === id);
        const kinds = own.map(([kind]) => kind);
        expect([kinds[0], kinds.at(-1)]).toEqual(["request", "end"]);
        expect(own[0]?.[2]).toMatchObject({ variables: textsOf(variables) });
        const parts = own.filter(([kind]) => kind === "stdin").map(([, , part]) => part);
        expect(parts.join("")).toBe(latin1(body));
      }
    }),
  );

  fuzz("yields the same of any bytes at any cut", () =>
    fc.property(mutated(hostile), points, limits, (bytes, points, limits) => {
      const whole = requestsOf([bytes], engine, limits);
      expect(requestsOf(cut(bytes, points), engine, limits)).toEqual(whole);
    }),
  );
});
