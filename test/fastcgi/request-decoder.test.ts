import { describe, expect, it } from "vitest";
import { encodeAbortRequest, encodeGetValues, endOfStream } from "../../src/fastcgi/encode.js";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { bytes, hex } from "../bytes.js";
import { cuts } from "../cuts.js";
import { engines } from "../engine/engines.js";
import { begin, endStdin, join, params, record } from "./records-of.js";
import { requestsOf } from "./requests-of.js";

const FILTER = 3;
const AUTHORIZER = 2;
const { Stdin, Data, Params, Stdout } = RecordType;

const request = (requestId: number, variables: [string, string][], role = 1) => [
  "request",
  requestId,
  { role, flags: 1, keepConnection: true, variables },
];

describe.each(engines)("A FastCgiRequestDecoder on the %s engine", (_, engine) => {
  /** The same for every cut. */
  const decode = (...parts: Uint8Array[]) => {
    const all = join(...parts);
    const whole = requestsOf([all], engine);
    for (const [how, chunks] of cuts(all)) expect(requestsOf(chunks, engine), how).toEqual(whole);
    return whole;
  };

  it("yields requests that are sent at once by their ids", () => {
    const { events, problem, ignored } = decode(
      begin(1),
      params(1, { A: "1" }),
      begin(300),
      record(Stdin, 1, "one"),
      params(300, { B: "2" }),
      record(Stdin, 300, "two"),
      record(Stdin, 1, " more"),
      endStdin(300),
      endStdin(1),
    );
    expect({ events, problem, ignored }).toEqual({
      events: [
        request(1, [["A", "1"]]),
        ["stdin", 1, "one"],
        request(300, [["B", "2"]]),
        ["stdin", 300, "two"],
        ["stdin", 1, " more"],
        ["end", 300],
        ["end", 1],
      ],
      problem: undefined,
      ignored: 0,
    });
  });

  it("ends an authorizer's request after its variables, and a filter's after its data", () => {
    const { events, ignored } = decode(
      begin(1, { role: AUTHORIZER }),
      params(1, {}),
      record(Stdin, 1, "ignored"),
      begin(1, { role: FILTER }),
      params(1, {}),
      record(Stdin, 1, "body"),
      endStdin(1),
      record(Data, 1, "file"),
      endOfStream(Data, 1),
    );
    expect(events).toEqual([
      request(1, [], AUTHORIZER),
      ["end", 1],
      request(1, [], FILTER),
      ["stdin", 1, "body"],
      ["data", 1, "file"],
      ["end", 1],
    ]);
    expect(ignored).toBe("ignored".length);
  });

  it("yields an abort before and after the end of the request", () => {
    const whole = [begin(1), params(1, {}), endStdin(1)];
    const { events, problem } = decode(
      begin(2),
      encodeAbortRequest(2),
      ...whole,
      encodeAbortRequest(1),
    );
    expect(events).toEqual([["abort", 2], request(1, []), ["end", 1], ["abort", 1]]);
    expect(problem).toBeUndefined();
  });

  it("yields management records, and skips records of applications", () => {
    const { events, ignored } = decode(
      encodeGetValues(["FCGI_MAX_CONNS", "FCGI_MPXS_CONNS"]),
      record(50, 0, "x"),
      record(Stdout, 1, "four"),
    );
    expect(events).toEqual([
      ["get-values", "FCGI_MAX_CONNS", "FCGI_MPXS_CONNS"],
      ["unknown-type", 50],
    ]);
    expect(ignored).toBe(4);
  });

  it.each([
    ["STDIN before the end of PARAMS", [begin(1), record(Stdin, 1, "x")], "malformed", 16],
    ["an id that begins twice", [begin(7), begin(7)], "malformed", 16],
    ["another version", [begin(1), hex("02 04 0001 0000 00 00")], "malformed", 16],
    ["BEGIN_REQUEST of 2 bytes", [hex("01 01 0001 0002 00 00 0001")], "malformed", 0],
    [
      "PARAMS that end inside a pair",
      [begin(1), record(Params, 1, "\x05\x05HE"), record(Params, 1)],
      "truncated",
      32,
    ],
    ["bytes that end inside a request", [begin(1), params(1, {})], "truncated", 24],
    ["bytes that end inside a record", [begin(1).subarray(0, 10)], "truncated", 0],
    ["HTTP", [bytes("GET / HTTP/1.1\r\n\r\n")], "wrong_protocol", 0],
  ])("refuses %s, with the offset", (__, parts, code, offset) => {
    expect(decode(...parts).problem).toMatchObject({ code, offset });
  });

  it("keeps what came before a fault", () => {
    const { events, problem } = decode(begin(1), params(1, {}), hex("00 00"));
    expect(events).toEqual([request(1, [])]);
    expect(problem).toMatchObject({ code: "malformed", offset: 24 });
  });

  it.each([
    ["variables", { variables: 10 }, [begin(1), params(1, { NAME: "12345678" })], 16],
    ["requests", { requests: 2 }, [begin(1), begin(2), begin(3)], 32],
    ["records", { records: 2 }, [begin(1), params(1, { A: "" })], 32],
  ])("limits %s", (__, limits, parts, offset) => {
    const { problem } = requestsOf(parts, engine, limits);
    expect(problem).toMatchObject({ code: "limit_exceeded", offset });
  });
});
