import { describe, expect, it } from "vitest";
import { RECORD_HEADER_LENGTH, RecordType, Role } from "../../src/fastcgi/protocol.js";
import { FastCgiRecordDecoder } from "../../src/fastcgi/records.js";
import { bytes } from "../bytes.js";
import { engines } from "../engine/engines.js";
import { type Behaviour, DrivenServer, get, silent } from "./drive-server.js";
import { begin, endStdin, join, params, record, summaryOf } from "./records-of.js";

/** A role that FastCGI does not define. */
const UNKNOWN_ROLE = 9;

describe.each(engines)("A request to a FastCgiServer on the %s engine", (_, engine) => {
  const drive = (options: object = {}, behaviour?: Behaviour) =>
    new DrivenServer({ engine, ...options }, behaviour);

  describe("a request", () => {
    it("has its variables, and then its body", () => {
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
      expect(server.summary()).toEqual([
        "7 stdout Status: 200 OK\r\n\r\n0",
        "7 stdout",
        "7 end 0 0",
      ]);
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
      expect(server.summary()).toEqual([
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
      const decoder = new FastCgiRecordDecoder();
      for (const { offset, contentLength, paddingLength } of decoder.push(server.take())) {
        expect(offset % 8).toBe(0);
        expect(contentLength + paddingLength).toBeLessThanOrEqual(65_535);
      }
      expect(decoder.offset % 8).toBe(0);
      decoder.end();
    });

    it("S3.7 keeps order and duplicates of variables that straddle records", () => {
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
      expect(server.summary()).toEqual(["1 stdout", "1 end 0 0"]);
      expect(server.feed(record(RecordType.Stdin, 1, "late"), endStdin(1))).toBeUndefined();
      expect(server.machine.ignored).toBe("late".length);
      expect(server.feed(get(1))).toBeUndefined();
      expect(server.summary()).toEqual(["1 stdout", "1 end 0 0"]);
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
      expect(server.summary()).toEqual([]);
      expect(server.closed).toBeUndefined();
    });
  });

  describe("roles", () => {
    it("an authorizer has no body", () => {
      const server = drive();
      server.feed(begin(1, { role: Role.Authorizer }), params(1, {}));
      expect(server.requests).toMatchObject([{ request: { role: "authorizer" }, bodyEnded: true }]);
      expect(server.summary().at(-1)).toBe("1 end 0 0");
    });

    it("a filter has data after its body", () => {
      const server = drive({}, silent);
      server.feed(
        begin(1, { role: Role.Filter }),
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
      server.feed(begin(1, { role: UNKNOWN_ROLE }), params(1, {}), endStdin(1), get(2));
      expect(server.summary()).toEqual([
        "1 end 0 3",
        "2 stdout Status: 200 OK\r\n\r\n0",
        "2 stdout",
        "2 end 0 0",
      ]);
    });
  });

  describe("a response that breaks off", () => {
    it("ends in an invalid record, because front ends take END_REQUEST for success", () => {
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
      const end = sent.length - RECORD_HEADER_LENGTH;
      expect(summaryOf(sent.subarray(0, end))).toEqual(["1 stdout half"]);
      expect(sent.subarray(end)).toEqual(new Uint8Array(RECORD_HEADER_LENGTH));
      expect(server.closed).toBe("cut");
    });

    it("has an appStatus that is not 0 where others are on the connection", () => {
      const server = drive({ multiplex: true }, silent);
      server.feed(get(1), get(2));
      server.requests[0]?.request.fail();
      expect(server.summary()).toEqual(["1 stdout", "1 end 1 0"]);
      expect(server.closed).toBeUndefined();
    });
  });

  describe("ABORT_REQUEST", () => {
    it("aborts the request, then ends it", () => {
      const server = drive({}, silent);
      server.feed(get(), record(RecordType.AbortRequest, 1));
      expect(server.requests[0]?.aborted).toBe("aborted");
      expect(server.summary()).toEqual(["1 stdout", "1 end 1 0"]);
      server.requests[0]?.request.respond(bytes("late"));
      expect(server.summary()).toEqual([]);
    });

    it("ends a request whose variables are not complete", () => {
      const server = drive();
      server.feed(begin(1), record(RecordType.AbortRequest, 1), get(1));
      expect(server.summary()[1]).toBe("1 end 1 0");
      expect(server.requests.length).toBe(1);
    });

    it.each([
      ["in its variables", begin(1)],
      ["in its body", join(begin(1), params(1, {}), record(RecordType.Stdin, 1, "half"))],
      ["come as a whole", get(1)],
    ])("of a request that is %s makes room for the next, without multiplexing", (__, sent) => {
      const server = drive({}, silent);
      server.feed(sent, record(RecordType.AbortRequest, 1), get(3));
      expect(server.summary()).toEqual(["1 stdout", "1 end 1 0"]);
      expect([server.machine.active, server.machine.receiving]).toEqual([1, 0]);
      expect(server.requests.at(-1)).toMatchObject({ bodyEnded: true, aborted: undefined });
    });

    it("leaves the other requests of the connection alone", () => {
      const server = drive({ multiplex: true }, silent);
      server.feed(get(1), get(2), record(RecordType.AbortRequest, 1));
      expect(server.requests.map(({ aborted }) => aborted)).toEqual(["aborted", undefined]);
    });
  });
});
