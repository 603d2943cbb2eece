import { describe, expect, it } from "vitest";
import { RecordType } from "../../src/fastcgi/protocol.js";
import { bytes, hex } from "../bytes.js";
import { engines } from "../engine/engines.js";
import { type Behaviour, DrivenServer, fromHaproxy, get, silent } from "./drive-server.js";
import { begin, endStdin, join, params, record } from "./records-of.js";

/** A record type that FastCGI does not define. */
const UNKNOWN_TYPE = 50;

describe.each(engines)("A connection of a FastCgiServer on the %s engine", (_, engine) => {
  const drive = (options: object = {}, behaviour?: Behaviour) =>
    new DrivenServer({ engine, ...options }, behaviour);

  describe("the connection", () => {
    it("is closed after the response without KEEP_CONN", () => {
      const server = drive();
      server.feed(get(1, false));
      expect(server.summary().at(-1)).toBe("1 end 0 0");
      expect(server.closed).toBe("finished");
    });

    it.each([
      ["comes before the body's end", join(begin(1, { keep: false }), params(1, { A: "1" }))],
      ["comes inside a record", join(get(1, false), hex("01 02 0001 0000 00"))],
      ["comes after a record that is skipped", join(get(1, false), record(UNKNOWN_TYPE, 1, "x"))],
    ])("lingers after a response that %s", (_what, pieces) => {
      const server = drive({}, silent);
      server.feed(pieces);
      server.requests[0]?.request.end();
      expect(server.closed).toBe("lingering");
    });

    it("is left open with KEEP_CONN, request after request", () => {
      const server = drive();
      for (let at = 0; at < 3; at++) server.feed(get(1));
      expect(server.summary().filter((line) => line === "1 end 0 0").length).toBe(3);
      expect(server.closed).toBeUndefined();
      server.feed(get(2, false));
      expect(server.closed).toBe("finished");
    });

    it("takes nothing more once it is closed", () => {
      const server = drive();
      server.feed(get(1, false));
      server.take();
      expect(server.feed(get(2), hex("ff"))).toBeUndefined();
      expect(server.summary()).toEqual([]);
      expect(server.requests.length).toBe(1);
    });

    it("S3.6 refuses a second request with CANT_MPX_CONN unless it may multiplex", () => {
      const server = drive({}, silent);
      server.feed(begin(1), params(1, {}), get(2));
      expect(server.summary()).toEqual(["2 end 0 1"]);
      server.feed(record(RecordType.Stdin, 1, "still"), endStdin(1));
      expect(server.requests).toMatchObject([{ body: "still", bodyEnded: true }]);
    });

    it("refuses a request after a complete one to every front end but HAProxy", () => {
      const server = drive({}, silent);
      server.feed(get(3), get(5));
      expect(server.summary()).toEqual(["5 end 0 1"]);
      expect(server.requests.length).toBe(1);
    });

    it("serves HAProxy a request after a complete one that is not answered", () => {
      const server = drive({}, silent);
      server.feed(fromHaproxy(3), fromHaproxy(5), begin(7));
      expect(server.requests).toMatchObject([
        { variables: expect.arrayContaining([["N", "3"]]), aborted: undefined },
        { variables: expect.arrayContaining([["N", "5"]]), bodyEnded: true },
      ]);
      expect([server.machine.active, server.machine.receiving]).toEqual([3, 1]);
      server.feed(begin(9));
      expect(server.summary()).toEqual(["9 end 0 1"]);

      const [first, second] = server.requests;
      second?.request.respond(bytes("second"));
      second?.request.end();
      first?.request.respond(bytes("first"));
      first?.request.end();
      expect(server.summary()).toEqual([
        "5 stdout second",
        "5 stdout",
        "5 end 0 0",
        "3 stdout first",
        "3 stdout",
        "3 end 0 0",
      ]);
      expect(server.closed).toBeUndefined();
    });

    it("carries no more of these than limits.requests", () => {
      const server = drive({ limits: { requests: 2 } }, silent);
      server.feed(fromHaproxy(1), fromHaproxy(3), fromHaproxy(5));
      expect(server.summary()).toEqual(["5 end 0 2"]);
      expect(server.machine.active).toBe(2);
    });

    it("is closed after the last of these", () => {
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
      expect(server.summary().filter((line) => line.includes("end"))).toEqual([
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
      expect(server.summary()).toEqual(["3 end 0 2"]);
      expect(server.machine.active).toBe(2);
    });

    it("sends OVERLOADED for a request that the application refuses", () => {
      const server = drive({}, { onRequest: ({ request }) => request.refuse() });
      server.feed(get());
      expect(server.summary()).toEqual(["1 end 0 2"]);
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

    it("aborts a request that is being answered, which may still end", () => {
      const server = drive({}, silent);
      server.feed(get());
      expect(server.machine.closed()).toMatchObject({ code: "aborted" });
      const { request, aborted } = server.requests[0] ?? expect.fail();
      expect(aborted).toBe("aborted");
      request.end();
      expect(server.summary()).toEqual(["1 stdout", "1 end 0 0"]);
      expect(server.closed).toBe("finished");
    });

    it("drops every request when the connection is lost", () => {
      const server = drive({ multiplex: true }, silent);
      server.feed(get(1), get(2));
      server.machine.connectionLost();
      expect(server.requests.map(({ aborted }) => aborted)).toEqual(["aborted", "aborted"]);
      expect(server.requests.every(({ request }) => request.ended)).toBe(true);
      server.requests[0]?.request.respond(bytes("late"));
      expect(server.summary()).toEqual([]);
    });
  });

  it("counts the requests of which more is to come", () => {
    const server = drive({ multiplex: true }, silent);
    const counts = [server.machine.receiving];
    for (const sent of [begin(1), begin(2), params(2, {}), endStdin(2), params(1, {})]) {
      server.feed(sent);
      counts.push(server.machine.receiving);
    }
    expect(counts).toEqual([0, 1, 2, 2, 1, 1]);
    server.requests[1]?.request.end();
    expect(server.machine.receiving).toBe(0);
  });

  it("numbers the request whose variables have been incomplete for longest", () => {
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
