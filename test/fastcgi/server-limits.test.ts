import { describe, expect, it } from "vitest";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { bytes, hex } from "../bytes.js";
import { engines } from "../engine/engines.js";
import { type Behaviour, DrivenServer, get, silent } from "./drive-server.js";
import { begin, join, params, record } from "./records-of.js";

/** A record type that FastCGI does not define. */
const UNKNOWN_TYPE = 50;

describe.each(engines)("A FastCgiServer on the %s engine", (_, engine) => {
  const drive = (options: object = {}, behaviour?: Behaviour) =>
    new DrivenServer({ engine, ...options }, behaviour);

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
      const sent = join(
        begin(1),
        record(RecordType.Params, 1, "\x05\x05HE"),
        record(RecordType.Params, 1),
      );
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
      const error = server.feed(begin(1), record(RecordType.Params, 1, "\x04\x80\x01\0\0NAME"));
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
      const flood = join(...Array.from({ length: 2_000 }, () => record(UNKNOWN_TYPE, 0)));
      expect(server.feed(flood)).toMatchObject({ code: "limit_exceeded" });
    });

    it("refusals do not add up over a connection that serves requests", () => {
      const server = drive();
      for (let at = 0; at < 3_000; at++) {
        expect(server.feed(record(UNKNOWN_TYPE, 0), get(1))).toBeUndefined();
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
});
