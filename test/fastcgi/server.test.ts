import { describe, expect, it } from "vitest";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { bytes, hex } from "../bytes.js";
import { cuts } from "../cuts.js";
import { engines } from "../engine/engines.js";
import { type Behaviour, DrivenServer } from "./drive-server.js";
import { begin, endStdin, join, params, record, told } from "./records-of.js";

const get = (id = 1, keep = true) =>
  join(begin(id, { keep }), params(id, { REQUEST_METHOD: "GET", N: `${id}` }), endStdin(id));
const fromHaproxy = (id = 1, keep = true) => {
  const variables = { REQUEST_METHOD: "GET", N: `${id}`, SERVER_SOFTWARE: "HAProxy 2.6.12" };
  return join(begin(id, { keep }), params(id, variables), endStdin(id));
};
/** An application that leaves every request open. */
const silent: Behaviour = {};

describe.each(engines)("FastCgiServer on the %s engine", (_, engine) => {
  const drive = (options: object = {}, behaviour?: Behaviour) =>
    new DrivenServer({ engine, ...options }, behaviour);

  describe("a request", () => {
    it("comes with its variables, and its body behind them", () => {
      const server = drive();
      server.feed(
        begin(1),
        params(1, { REQUEST_METHOD: "POST", CONTENT_LENGTH: "5" }),
        record(RecordType.Stdin, 1, "hel"),
        record(RecordType.Stdin, 1, "lo"),
        endStdin(1),
      );
      expect(server.requests).toMatchObject([
        {
          variables: [
            ["REQUEST_METHOD", "POST"],
            ["CONTENT_LENGTH", "5"],
          ],
          body: "hello",
          bodyEnded: true,
          request: { role: "responder" },
        },
      ]);
    });

    it("is answered on STDOUT, which ends, and by END_REQUEST", () => {
      const server = drive();
      server.feed(get(7));
      expect(server.told()).toEqual(["7 stdout Status: 200 OK\r\n\r\n0", "7 stdout", "7 end 0 0"]);
    });

    it("has an error stream, which ends too when it was used", () => {
      const server = drive(
        {},
        {
          onBodyEnd: ({ request }) => {
            request.error(bytes("oops"));
            request.respond(bytes("body"));
            request.end();
          },
        },
      );
      server.feed(get());
      expect(server.told()).toEqual([
        "1 stderr oops",
        "1 stdout body",
        "1 stdout",
        "1 stderr",
        "1 end 0 0",
      ]);
    });

    it("is answered with records of multiples of 8 bytes", () => {
      const server = drive(
        {},
        {
          onBodyEnd: ({ request }) => {
            for (let length = 1; length < 20; length++) {
              request.respond(new Uint8Array(length));
              request.error(new Uint8Array(length));
            }
            request.respond(new Uint8Array(200_001));
            request.end();
          },
        },
      );
      server.feed(get());
      const sent = server.take();
      let at = 0;
      while (at < sent.length) {
        expect(at % 8).toBe(0);
        const content = (sent[at + 4]! << 8) | sent[at + 5]!;
        expect(content + sent[at + 6]!).toBeLessThanOrEqual(65_535);
        at += 8 + content + sent[at + 6]!;
      }
      expect(at).toBe(sent.length);
    });

    it("keeps order and duplicates of variables that straddle records", () => {
      const server = drive();
      const pairs = "\x01\x01A1\x01\x01A2\x05\x03HELLOxyz";
      const cut = [...pairs].map((char) => record(RecordType.Params, 1, char));
      server.feed(begin(1), ...cut, record(RecordType.Params, 1), endStdin(1));
      expect(server.requests[0]?.variables).toEqual([
        ["A", "1"],
        ["A", "2"],
        ["HELLO", "xyz"],
      ]);
    });

    it("may be answered before its body has come: the rest is skipped", () => {
      const server = drive({}, { onRequest: ({ request }) => request.end() });
      server.feed(begin(1), params(1, {}));
      expect(server.told()).toEqual(["1 stdout", "1 end 0 0"]);
      expect(server.feed(record(RecordType.Stdin, 1, "late"), endStdin(1))).toBeUndefined();
      expect(server.machine.ignored).toBe("late".length);
      expect(server.feed(get(1))).toBeUndefined();
      expect(server.told()).toEqual(["1 stdout", "1 end 0 0"]);
    });

    it("cannot be answered any more once it has ended", () => {
      const server = drive();
      server.feed(get());
      server.take();
      const { request } = server.requests[0] ?? expect.fail();
      request.respond(bytes("late"));
      request.error(bytes("late"));
      request.end();
      request.fail();
      request.refuse();
      expect(server.told()).toEqual([]);
      expect(server.closed).toBeUndefined();
    });
  });

  describe("roles", () => {
    it("an authorizer has no body", () => {
      const server = drive();
      server.feed(begin(1, { role: 2 }), params(1, {}));
      expect(server.requests).toMatchObject([{ request: { role: "authorizer" }, bodyEnded: true }]);
      expect(server.told().at(-1)).toBe("1 end 0 0");
    });

    it("a filter has data behind its body", () => {
      const server = drive({}, silent);
      server.feed(
        begin(1, { role: 3 }),
        params(1, {}),
        record(RecordType.Stdin, 1, "body"),
        endStdin(1),
        record(RecordType.Data, 1, "fi"),
        record(RecordType.Data, 1, "le"),
      );
      expect(server.requests).toMatchObject([
        { request: { role: "filter" }, body: "body", data: "file", dataEnded: false },
      ]);
      server.feed(record(RecordType.Data, 1));
      expect(server.requests[0]?.dataEnded).toBe(true);
    });

    it("a responder's data is skipped", () => {
      const server = drive({}, silent);
      server.feed(get(), record(RecordType.Data, 1, "file"));
      expect(server.requests[0]?.data).toBe("");
      expect(server.machine.ignored).toBe("file".length);
    });

    it("any other is refused with UNKNOWN_ROLE", () => {
      const server = drive();
      server.feed(begin(1, { role: 9 }), params(1, {}), endStdin(1), get(2));
      expect(server.told()).toEqual([
        "1 end 0 3",
        "2 stdout Status: 200 OK\r\n\r\n0",
        "2 stdout",
        "2 end 0 0",
      ]);
    });
  });

  describe("management records", () => {
    const ask = (...names: string[]) =>
      record(9, 0, names.map((name) => `${String.fromCharCode(name.length)}\0${name}`).join(""));

    it("GET_VALUES: what was asked, in that order", () => {
      const server = drive({ maxConnections: 10, maxRequests: 20 });
      server.feed(ask("FCGI_MPXS_CONNS", "FCGI_MAX_CONNS", "FCGI_MAX_REQS"));
      expect(server.told()).toEqual([
        "0 values FCGI_MPXS_CONNS=0 FCGI_MAX_CONNS=10 FCGI_MAX_REQS=20",
      ]);
    });

    it("GET_VALUES: unknown names are left out, and nothing asked is answered with nothing", () => {
      const server = drive({ multiplex: true });
      server.feed(ask("NOPE", "FCGI_MPXS_CONNS", "__proto__", "FCGI_MPXS_CONNS"), ask());
      expect(server.told()).toEqual(["0 values FCGI_MPXS_CONNS=1", "0 values"]);
    });

    it("GET_VALUES: in the middle of a request, byte by byte", () => {
      const server = drive();
      const all = join(
        begin(1),
        params(1, {}),
        ask("FCGI_MPXS_CONNS"),
        record(5, 1, "ab"),
        endStdin(1),
      );
      server.feed(...Array.from(all, (byte) => Uint8Array.of(byte)));
      expect(server.told()[0]).toBe("0 values FCGI_MPXS_CONNS=0");
      expect(server.requests[0]?.body).toBe("ab");
    });

    it("GET_VALUES leaves the bytes behind it as they are", () => {
      const server = drive();
      server.feed(join(ask("FCGI_MAX_REQS"), get(5)));
      expect(server.requests[0]?.variables).toContainEqual(["N", "5"]);
    });

    it("GET_VALUES with half a pair is refused", () => {
      expect(drive().feed(record(9, 0, "\x05"))).toMatchObject({ code: "truncated" });
    });

    it("an unknown type is answered with UNKNOWN_TYPE, once a record", () => {
      const server = drive();
      server.feed(...Array.from(record(50, 0, "what"), (byte) => Uint8Array.of(byte)));
      expect(server.told()).toEqual(["0 unknown 50"]);
    });

    it("an unknown type of a request, and records that only applications send, are skipped", () => {
      const server = drive({}, silent);
      server.feed(get(), record(50, 1, "x"), record(RecordType.Stdout, 1, "x"));
      expect(server.feed(record(RecordType.EndRequest, 1, "12345678"))).toBeUndefined();
      expect(server.machine.ignored).toBe(1 + 1 + 8);
      expect(server.told()).toEqual([]);
    });

    it("records of inactive ids are skipped", () => {
      const server = drive();
      server.feed(params(4, { A: "1" }), endStdin(4), record(RecordType.AbortRequest, 4), get(1));
      expect(server.requests.length).toBe(1);
      expect(server.machine.ignored).toBe("\x01\x01A1".length);
    });

    it("counts the bytes that it skips, however they are cut", () => {
      const skipped = [record(RecordType.Stdin, 4, "ab"), record(RecordType.Stdin, 4, "cde")];
      for (const [how, pieces] of cuts(join(...skipped))) {
        const server = drive();
        server.feed(...pieces);
        expect(server.machine.ignored, how).toBe("abcde".length);
      }
    });
  });

  describe("the connection", () => {
    it("is closed behind the answer without KEEP_CONN", () => {
      const server = drive();
      server.feed(get(1, false));
      expect(server.told().at(-1)).toBe("1 end 0 0");
      expect(server.closed).toBe("finished");
    });

    it.each([
      ["comes before the body's end", join(begin(1, { keep: false }), params(1, { A: "1" }))],
      ["comes inside a record", join(get(1, false), hex("01 02 0001 0000 00"))],
      ["comes behind what nobody asked for", join(get(1, false), record(50, 1, "x"))],
    ])("lingers behind an answer that %s", (_what, pieces) => {
      const server = drive({}, silent);
      server.feed(pieces);
      server.requests[0]?.request.end();
      expect(server.closed).toBe("lingering");
    });

    it("is left open with KEEP_CONN, request after request", () => {
      const server = drive();
      for (let at = 0; at < 3; at++) server.feed(get(1));
      expect(server.told().filter((line) => line === "1 end 0 0").length).toBe(3);
      expect(server.closed).toBeUndefined();
      server.feed(get(2, false));
      expect(server.closed).toBe("finished");
    });

    it("takes nothing more once it is closed", () => {
      const server = drive();
      server.feed(get(1, false));
      server.take();
      expect(server.feed(get(2), hex("ff"))).toBeUndefined();
      expect(server.told()).toEqual([]);
      expect(server.requests.length).toBe(1);
    });

    it("refuses a second request with CANT_MPX_CONN unless it may multiplex", () => {
      const server = drive({}, silent);
      server.feed(begin(1), params(1, {}), get(2));
      expect(server.told()).toEqual(["2 end 0 1"]);
      server.feed(record(RecordType.Stdin, 1, "still"), endStdin(1));
      expect(server.requests).toMatchObject([{ body: "still", bodyEnded: true }]);
    });

    it("refuses a request behind one that has come as a whole to every other front end", () => {
      const server = drive({}, silent);
      server.feed(get(3), get(5));
      expect(server.told()).toEqual(["5 end 0 1"]);
      expect(server.requests.length).toBe(1);
    });

    it("serves HAProxy a request behind one that has come as a whole, and is not answered", () => {
      const server = drive({}, silent);
      server.feed(fromHaproxy(3), fromHaproxy(5), begin(7));
      expect(server.requests).toMatchObject([
        { variables: expect.arrayContaining([["N", "3"]]), aborted: undefined },
        { variables: expect.arrayContaining([["N", "5"]]), bodyEnded: true },
      ]);
      expect([server.machine.active, server.machine.receiving]).toEqual([3, 1]);
      server.feed(begin(9));
      expect(server.told()).toEqual(["9 end 0 1"]);

      const [first, second] = server.requests;
      second?.request.respond(bytes("second"));
      second?.request.end();
      first?.request.respond(bytes("first"));
      first?.request.end();
      expect(server.told()).toEqual([
        "5 stdout second",
        "5 stdout",
        "5 end 0 0",
        "3 stdout first",
        "3 stdout",
        "3 end 0 0",
      ]);
      expect(server.closed).toBeUndefined();
    });

    it("holds no more of these than it may carry", () => {
      const server = drive({ limits: { requests: 2 } }, silent);
      server.feed(fromHaproxy(1), fromHaproxy(3), fromHaproxy(5));
      expect(server.told()).toEqual(["5 end 0 2"]);
      expect(server.machine.active).toBe(2);
    });

    it("is closed behind the last of these", () => {
      const server = drive({}, silent);
      server.feed(fromHaproxy(1), fromHaproxy(3, false));
      server.requests[1]?.request.end();
      expect(server.closed).toBeUndefined();
      server.requests[0]?.request.end();
      expect(server.closed).toBe("finished");
    });

    it("carries several requests when it may multiplex", () => {
      const server = drive({ multiplex: true });
      server.feed(
        join(
          begin(1),
          begin(2),
          params(2, { N: "2" }),
          params(1, { N: "1" }),
          record(RecordType.Stdin, 1, "one"),
          record(RecordType.Stdin, 2, "second"),
          record(RecordType.Stdin, 1, "one"),
          endStdin(2),
          endStdin(1),
        ),
      );
      expect(server.requests).toMatchObject([
        { variables: [["N", "2"]], body: "second" },
        { variables: [["N", "1"]], body: "oneone" },
      ]);
      expect(server.told().filter((line) => line.includes("end"))).toEqual([
        "2 end 0 0",
        "1 end 0 0",
      ]);
    });

    it("is closed when the last of several requests has been answered", () => {
      const server = drive({ multiplex: true });
      server.feed(begin(1, { keep: false }), params(1, {}), begin(2), params(2, {}), endStdin(1));
      expect(server.closed).toBeUndefined();
      server.feed(endStdin(2));
      expect(server.closed).toBe("finished");
    });

    it("refuses more requests than it may carry as overload", () => {
      const server = drive({ multiplex: true, limits: { requests: 2 } }, silent);
      server.feed(begin(1), begin(2), begin(3));
      expect(server.told()).toEqual(["3 end 0 2"]);
      expect(server.machine.active).toBe(2);
    });

    it("tells overload for a request that the application does not take", () => {
      const server = drive({}, { onRequest: ({ request }) => request.refuse() });
      server.feed(get());
      expect(server.told()).toEqual(["1 end 0 2"]);
    });
  });

  describe("a response that breaks off", () => {
    it("ends in what is no record, because front ends take END_REQUEST for success", () => {
      const server = drive(
        {},
        {
          onBodyEnd: ({ request }) => {
            request.respond(bytes("half"));
            request.fail();
          },
        },
      );
      server.feed(get());
      const sent = server.take();
      expect(told(sent.subarray(0, -8))).toEqual(["1 stdout half"]);
      expect(sent.subarray(-8)).toEqual(new Uint8Array(8));
      expect(server.closed).toBe("cut");
    });

    it("has an appStatus that is not 0 where others are on the connection", () => {
      const server = drive({ multiplex: true }, silent);
      server.feed(get(1), get(2));
      server.requests[0]?.request.fail();
      expect(server.told()).toEqual(["1 stdout", "1 end 1 0"]);
      expect(server.closed).toBeUndefined();
    });
  });

  describe("ABORT_REQUEST", () => {
    it("aborts the request, then ends it", () => {
      const server = drive({}, silent);
      server.feed(get(), record(RecordType.AbortRequest, 1));
      expect(server.requests[0]?.aborted).toBe("aborted");
      expect(server.told()).toEqual(["1 stdout", "1 end 1 0"]);
      server.requests[0]?.request.respond(bytes("late"));
      expect(server.told()).toEqual([]);
    });

    it("ends a request whose variables are not complete", () => {
      const server = drive();
      server.feed(begin(1), record(RecordType.AbortRequest, 1), get(1));
      expect(server.told()[1]).toBe("1 end 1 0");
      expect(server.requests.length).toBe(1);
    });

    it.each([
      ["in its variables", begin(1)],
      ["in its body", join(begin(1), params(1, {}), record(RecordType.Stdin, 1, "half"))],
      ["come as a whole", get(1)],
    ])("of a request that is %s makes room for the next, without multiplexing", (__, sent) => {
      const server = drive({}, silent);
      server.feed(sent, record(RecordType.AbortRequest, 1), get(3));
      expect(server.told()).toEqual(["1 stdout", "1 end 1 0"]);
      expect([server.machine.active, server.machine.receiving]).toEqual([1, 0]);
      expect(server.requests.at(-1)).toMatchObject({ bodyEnded: true, aborted: undefined });
    });

    it("leaves the other requests of the connection alone", () => {
      const server = drive({ multiplex: true }, silent);
      server.feed(get(1), get(2), record(RecordType.AbortRequest, 1));
      expect(server.requests.map(({ aborted }) => aborted)).toEqual(["aborted", undefined]);
    });
  });

  describe("the end of the connection", () => {
    it("between requests is in order", () => {
      const server = drive();
      server.feed(get());
      expect(server.machine.closed()).toBeUndefined();
    });

    it.each([
      ["inside a record", hex("01 01 00")],
      ["inside the variables", begin(1)],
      ["inside the body", join(begin(1), params(1, {}))],
    ])("%s is truncated", (__, sent) => {
      const server = drive({}, silent);
      server.feed(sent);
      expect(server.machine.closed()).toMatchObject({ code: "truncated", offset: sent.length });
      expect(server.machine.active).toBe(0);
    });

    it("tells a request that is being answered, which may still try", () => {
      const server = drive({}, silent);
      server.feed(get());
      expect(server.machine.closed()).toMatchObject({ code: "aborted" });
      const { request, aborted } = server.requests[0] ?? expect.fail();
      expect(aborted).toBe("aborted");
      request.end();
      expect(server.told()).toEqual(["1 stdout", "1 end 0 0"]);
      expect(server.closed).toBe("finished");
    });

    it("drops every request when the connection is gone", () => {
      const server = drive({ multiplex: true }, silent);
      server.feed(get(1), get(2));
      server.machine.gone();
      expect(server.requests.map(({ aborted }) => aborted)).toEqual(["aborted", "aborted"]);
      expect(server.requests.every(({ request }) => request.ended)).toBe(true);
      server.requests[0]?.request.respond(bytes("late"));
      expect(server.told()).toEqual([]);
    });
  });

  describe("hostile front ends", () => {
    it.each([
      ["HTTP", "GET / HTTP/1.1\r\n"],
      ["HTTP", "OPTIONS * HTTP/1.1\r\n"],
      ["SCGI", "70:CONTENT_LENGTH\x000\x00"],
      ["TLS", "\x16\x03\x01\x02\0\x01\0\x01"],
      ["uwsgi", "\0\x5e\x01\0\x0e\0REQUEST_METHOD"],
    ])("that speak %s are recognised", (protocol, start) => {
      expect(drive().feed(bytes(start))).toMatchObject({
        code: "wrong_protocol",
        message: expect.stringContaining(protocol),
      });
    });

    it("a malformed record aborts every request, and has its place", () => {
      const server = drive({ multiplex: true }, silent);
      const good = join(get(1), get(2));
      expect(server.feed(good, hex("09 00 0000 0000 0000"))).toMatchObject({
        code: "malformed",
        offset: good.length,
      });
      expect(server.requests.map(({ aborted }) => aborted)).toEqual(["malformed", "malformed"]);
      expect(server.machine.active).toBe(0);
    });

    it.each([
      ["STDIN", record(RecordType.Stdin, 1, "x")],
      ["DATA", record(RecordType.Data, 1, "x")],
      ["a second BEGIN_REQUEST of the same id", begin(1)],
    ])("%s inside the variables is malformed", (__, sent) => {
      expect(drive().feed(begin(1), sent)).toMatchObject({ code: "malformed" });
    });

    it("variables that end inside a pair are truncated", () => {
      const sent = join(begin(1), record(RecordType.Params, 1, "\x05\x05HE"), record(4, 1));
      expect(drive().feed(sent)).toMatchObject({ code: "truncated" });
    });

    it("an endless PARAMS stream ends at the limit", () => {
      const server = drive();
      server.feed(begin(1));
      let sent = 0;
      let error = server.feed();
      for (; error === undefined && sent < 5_000; sent++) {
        error = server.feed(record(RecordType.Params, 1, "\x04\x04NAMEWERT".repeat(100)));
      }
      expect(error).toMatchObject({ code: "limit_exceeded" });
      expect(sent).toBeLessThan(1_100);
    });

    it("a variable that announces more than the limit is refused at once", () => {
      const server = drive({ limits: { variables: 1_000 } });
      const error = server.feed(begin(1), record(4, 1, "\x04\x80\x01\0\0NAME"));
      expect(error).toMatchObject({ code: "limit_exceeded" });
    });

    it("a flood of BEGIN_REQUEST is answered, and ended", () => {
      const server = drive({}, silent);
      let begun = 0;
      let error = server.feed();
      for (; error === undefined && begun < 10_000; begun++) error = server.feed(begin(begun + 1));
      expect(error).toMatchObject({ code: "limit_exceeded" });
      expect(begun).toBe(1_026);
      expect(server.machine.active).toBe(0);
    });

    it("a flood of unknown types is answered, and ended", () => {
      const server = drive();
      const flood = join(...Array.from({ length: 2_000 }, () => record(77, 0)));
      expect(server.feed(flood)).toMatchObject({ code: "limit_exceeded" });
    });

    it("refusals do not add up over a connection that serves requests", () => {
      const server = drive();
      for (let at = 0; at < 3_000; at++) {
        expect(server.feed(record(77, 0), get(1))).toBeUndefined();
      }
    });

    it("more records than the limit end the connection", () => {
      const server = drive({ limits: { records: 20 } }, silent);
      const one = record(RecordType.Stdin, 1, "x");
      const head = join(begin(1), params(1, {}));
      expect(server.feed(head, ...Array.from({ length: 18 }, () => one))).toBeUndefined();
      expect(server.feed(one)).toMatchObject({ code: "limit_exceeded" });
      expect(server.requests[0]?.aborted).toBe("limit_exceeded");
    });
  });

  it("tells of how many requests more is to come", () => {
    const server = drive({ multiplex: true }, silent);
    const told = [server.machine.receiving];
    for (const sent of [begin(1), begin(2), params(2, {}), endStdin(2), params(1, {})]) {
      server.feed(sent);
      told.push(server.machine.receiving);
    }
    expect(told).toEqual([0, 1, 2, 2, 1, 1]);
    server.requests[1]?.request.end();
    expect(server.machine.receiving).toBe(0);
  });

  it("tells which request's variables have been incomplete for longest", () => {
    const server = drive({ multiplex: true }, silent);
    expect(server.machine.incomplete).toBeUndefined();
    server.feed(begin(1), begin(2));
    expect(server.machine.incomplete).toBe(0);
    server.feed(params(1, {}));
    expect(server.machine.incomplete).toBe(1);
    server.feed(params(2, {}));
    expect(server.machine.incomplete).toBeUndefined();
  });
});
