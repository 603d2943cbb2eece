import fc from "fast-check";
import { describe, expect } from "vitest";
import type { OneRequestServer } from "../../src/cgi/one-request-server.js";
import type { ServerHandlers } from "../../src/cgi/server-machine.js";
import type { Variable } from "../../src/cgi/variables.js";
import type { Engine } from "../../src/engine/engine.js";
import type { Limits } from "../../src/limits.js";
import { serve } from "../captures/drive.js";
import { latin1 } from "../captures/plain.js";
import { cut, mutated, points } from "../engine/arbitraries.js";
import { join } from "../engine/bytes.js";
import { engines } from "../engine/engines.js";
import { bodies } from "../fastcgi/arbitrary.js";
import { fuzz } from "../harness/fuzz.js";
import { variableLists } from "./arbitrary.js";
import { deeds, happenings, WatchedServer } from "./watched-server.js";

export interface OneRequestProtocol {
  name: string;
  encode(variables: readonly Variable[], contentLength: number): Uint8Array;
  create(
    handlers: ServerHandlers,
    options: { engine: Engine; limits?: Partial<Limits> },
  ): OneRequestServer;
  /** Bytes that a front end of this protocol may send in place of a request. */
  others: fc.Arbitrary<Uint8Array>;
}

/** What holds of a protocol whose connections carry one request, whatever the peer does. */
export function describeOneRequest({ name, encode, create, others }: OneRequestProtocol): void {
  const good = fc.tuple(variableLists, bodies, fc.uint8Array({ maxLength: 3 }));
  const sent = good.map(([variables, body, rest]) =>
    join(encode(variables, body.length), body, rest),
  );
  const hostile = mutated(
    fc.oneof({ weight: 4, arbitrary: sent }, { weight: 1, arbitrary: others }),
  );

  describe.each(engines)(`${name}'s server machine (%s)`, (_, engine) => {
    fuzz("serves what was sent, at any cut", () =>
      fc.property(good, points, ([variables, body, rest], points) => {
        const bytes = join(encode(variables, body.length), body, rest);
        const served = serve((handlers) => create(handlers, { engine }), cut(bytes, points));
        const [seen] = served.requests;
        expect(served).toMatchObject({ problem: undefined, closed: "finished" });
        const own = new Map(seen?.variables);
        for (const [name, value] of variables) expect(own.get(name)).toEqual(value);
        expect([seen?.body, seen?.bodyEnded]).toEqual([latin1(body), true]);
      }),
    );

    fuzz("makes the same of any bytes at any cut", () =>
      fc.property(hostile, points, (bytes, points) => {
        const [whole, pieces] = [[bytes], cut(bytes, points)].map((chunks) => {
          const served = serve((handlers) => create(handlers, { engine }), chunks);
          // Behind an answer that closes the connection nothing more is read.
          return { ...served, ignored: 0 };
        });
        expect(pieces).toEqual(whole);
      }),
    );

    fuzz("keeps its promises, whatever the front end and the application do", () =>
      fc.property(
        hostile,
        points,
        deeds,
        happenings,
        fc.constantFrom({}, { variables: 60 }),
        (bytes, points, deeds, happenings, limits) => {
          const server = new WatchedServer((each) => create(each, { engine, limits }), deeds);
          server.run(cut(bytes, points), happenings);
          expect(server.requests.length).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
}
