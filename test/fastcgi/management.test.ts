import { describe, expect, it } from "vitest";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { cuts } from "../cuts.js";
import { engines } from "../engine/engines.js";
import { type Behaviour, DrivenServer, get, silent } from "./drive-server.js";
import { begin, endStdin, join, params, record } from "./records-of.js";

/** A record type that FastCGI does not define. */
const UNKNOWN_TYPE = 50;

describe.each(engines)("A FastCgiServer on the %s engine", (_, engine) => {
  const drive = (options: object = {}, behaviour?: Behaviour) =>
    new DrivenServer({ engine, ...options }, behaviour);

  describe("management records", () => {
    const ask = (...names: string[]) =>
      record(
        RecordType.GetValues,
        0,
        names.map((name) => `${String.fromCharCode(name.length)}\0${name}`).join(""),
      );

    it("GET_VALUES: what was asked, in that order", () => {
      const server = drive({ maxConnections: 10, maxRequests: 20 });
      server.feed(ask("FCGI_MPXS_CONNS", "FCGI_MAX_CONNS", "FCGI_MAX_REQS"));
      expect(server.summary()).toEqual([
        "0 values FCGI_MPXS_CONNS=0 FCGI_MAX_CONNS=10 FCGI_MAX_REQS=20",
      ]);
    });

    it("GET_VALUES: unknown names are left out, and nothing asked is answered with nothing", () => {
      const server = drive({ multiplex: true });
      server.feed(ask("NOPE", "FCGI_MPXS_CONNS", "__proto__", "FCGI_MPXS_CONNS"), ask());
      expect(server.summary()).toEqual(["0 values FCGI_MPXS_CONNS=1", "0 values"]);
    });

    it("GET_VALUES: in the middle of a request, byte by byte", () => {
      const server = drive();
      const all = join(
        begin(1),
        params(1, {}),
        ask("FCGI_MPXS_CONNS"),
        record(RecordType.Stdin, 1, "ab"),
        endStdin(1),
      );
      server.feed(...Array.from(all, (byte) => Uint8Array.of(byte)));
      expect(server.summary()[0]).toBe("0 values FCGI_MPXS_CONNS=0");
      expect(server.requests[0]?.body).toBe("ab");
    });

    it("GET_VALUES does not change the bytes after it", () => {
      const server = drive();
      server.feed(join(ask("FCGI_MAX_REQS"), get(5)));
      expect(server.requests[0]?.variables).toContainEqual(["N", "5"]);
    });

    it("GET_VALUES with half a pair is refused", () => {
      expect(drive().feed(record(RecordType.GetValues, 0, "\x05"))).toMatchObject({
        code: "truncated",
      });
    });

    it("an unknown type is answered with UNKNOWN_TYPE, once a record", () => {
      const server = drive();
      server.feed(...Array.from(record(UNKNOWN_TYPE, 0, "what"), (byte) => Uint8Array.of(byte)));
      expect(server.summary()).toEqual([`0 unknown ${UNKNOWN_TYPE}`]);
    });

    it("an unknown type of a request, and records that only applications send, are skipped", () => {
      const server = drive({}, silent);
      server.feed(get(), record(UNKNOWN_TYPE, 1, "x"), record(RecordType.Stdout, 1, "x"));
      expect(server.feed(record(RecordType.EndRequest, 1, "12345678"))).toBeUndefined();
      expect(server.machine.ignored).toBe(1 + 1 + 8);
      expect(server.summary()).toEqual([]);
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
});
