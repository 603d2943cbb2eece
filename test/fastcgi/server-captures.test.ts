import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { engines } from "../engine/engines.js";
import { fixture } from "../fixtures.js";
import { DrivenServer } from "./drive-server.js";

type Engine = (typeof engines)[number][1];

/** All that happened on a connection, at whose end the front end closes. */
function drive(engine: Engine, pieces: readonly Uint8Array[]) {
  const server = new DrivenServer({ engine, multiplex: true });
  const error = server.feed(...pieces);
  const sent = server.take();
  const end = error === undefined ? server.machine.closed() : error;
  return {
    requests: server.requests.map(({ variables, body, bodyEnded, data, aborted }) => ({
      variables,
      body,
      bodyEnded,
      data,
      aborted,
    })),
    sent: Buffer.from(sent).toString("latin1"),
    end: end?.code,
    offset: end?.offset,
    closed: server.closed,
  };
}

function chop(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, at * size + size),
  );
}

describe.each(engines)("the FastCGI server on the %s engine", (_, engine) => {
  it("survives every change of a byte, and every loss of one", () => {
    const captures = ["get", "post"].map((label) =>
      fixture(`wire/nginx-fpm--${label}--001.c2s.bin`),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...captures),
        fc.array(fc.tuple(fc.nat(2_000), fc.nat(255), fc.boolean()), {
          minLength: 1,
          maxLength: 4,
        }),
        (capture, changes) => {
          let bytes = Array.from(capture);
          for (const [at, value, drop] of changes) {
            const place = at % bytes.length;
            if (drop) bytes = bytes.filter((__, index) => index !== place);
            else bytes[place] = value;
          }
          const hostile = Uint8Array.from(bytes);
          const whole = drive(engine, [hostile]);
          const single = drive(engine, chop(hostile, 1));
          // What stands before a malformed record in one chunk is not handed out.
          if (whole.end !== "malformed") expect(single).toEqual(whole);
        },
      ),
      { numRuns: 100 },
    );
  });

  it("survives any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        // A version in front of each, so that more than the first byte is read.
        const records = join(chop(bytes, 15).map((part) => [1, ...part]));
        drive(engine, [bytes]);
        drive(engine, [records]);
        drive(engine, chop(records, 1));
      }),
      { numRuns: 150 },
    );
  });
});

function join(parts: readonly number[][]): Uint8Array {
  return Uint8Array.from(parts.flat());
}
