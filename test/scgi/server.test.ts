import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeNetstring } from "../../src/scgi/netstring.js";
import { createScgiServer, type ScgiServerOptions } from "../../src/scgi/server.js";
import { bytes } from "../bytes.js";
import { mutations } from "../cgi/arbitrary.js";
import { type Behaviour, DrivenRequest } from "../cgi/drive-one-request.js";
import { peerView } from "../cgi/peer-env.js";
import { cuts } from "../cuts.js";
import { engines } from "../engine/engines.js";
import { fixture } from "../fixtures.js";

/** The example of the SCGI specification. */
const example = bytes(
  "70:CONTENT_LENGTH\x0027\0SCGI\x001\0REQUEST_METHOD\0POST\0REQUEST_URI\0/deepthought\0," +
    "What is the answer to life?",
);
const get = bytes("24:CONTENT_LENGTH\x000\0SCGI\x001\0,");
/** Headers as the text of a netstring. */
const netstring = (headers: string) =>
  Buffer.from(encodeNetstring(bytes(headers))).toString("latin1");
const silent: Behaviour = () => {};
const badRequest =
  "Status: 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 12\r\n\r\nBad Request\n";

describe.each(engines)("an SCGI server on the %s engine", (_, engine) => {
  const drive = (onBodyEnd?: Behaviour, options: ScgiServerOptions = {}, onRequest?: Behaviour) =>
    new DrivenRequest(
      (handlers) => createScgiServer(handlers, { engine, ...options }),
      onBodyEnd,
      onRequest,
    );

  it("S2.12 serves one request and closes after the answer, at any cut", () => {
    for (const [how, pieces] of cuts(example)) {
      expect(drive().feed(...pieces), how).toEqual({
        variables: new Map([
          ["CONTENT_LENGTH", "27"],
          ["SCGI", "1"],
          ["REQUEST_METHOD", "POST"],
          ["REQUEST_URI", "/deepthought"],
        ]),
        body: "What is the answer to life?",
        bodyEnded: true,
        aborted: undefined,
        sent: "27",
        errorOutput: "",
        closed: "finished",
        problem: undefined,
      });
    }
  });

  it("answers as CGI programs do", () => {
    expect(drive().machine).toMatchObject({ headBegin: "status-field", role: "responder" });
  });

  const labels = ["get", "odd", "post", "pathinfo", "bighdr", "delete", "post70k"];
  it.each(["nginx", "apache"].flatMap((front) => labels.map((label) => `${front}-scgi--${label}`)))(
    "S3.B serves what %s is",
    (name) => {
      const all = fixture(`wire/${name}--001.c2s.bin`);
      const { env, bodyLength } = peerView(name);
      for (const step of [all.length, 4_096, 61]) {
        const pieces: Uint8Array[] = [];
        for (let at = 0; at < all.length; at += step) pieces.push(all.subarray(at, at + step));
        const seen = drive().feed(...pieces);
        expect(seen).toMatchObject({ bodyEnded: true, sent: `${bodyLength}`, closed: "finished" });
        expect(seen.variables).toEqual(env);
      }
    },
  );

  it("S2.6 reads exactly CONTENT_LENGTH bytes of body, and ignores what follows", () => {
    const driven = drive(silent);
    const seen = driven.feed(bytes("24:CONTENT_LENGTH\x003\0SCGI\x001\0,abcdef"), bytes("ghi"));
    expect(seen).toMatchObject({ body: "abc", bodyEnded: true, problem: undefined });
    expect(driven.machine.ignored).toBe(6);
    driven.machine.end();
    expect(seen.closed).toBe("lingering");
  });

  it("S2.6 tells the application of a body that is too short, and lets it answer", () => {
    const driven = drive(silent);
    driven.feed(bytes("25:CONTENT_LENGTH\x0010\0SCGI\x001\0,abc"));
    const seen = driven.end();
    expect(seen).toMatchObject({ body: "abc", bodyEnded: false, aborted: "truncated" });
    expect(seen).toMatchObject({ problem: "aborted", closed: undefined });
    driven.machine.respond(bytes("no"));
    driven.machine.end();
    expect(seen).toMatchObject({ sent: "no", closed: "lingering" });
  });

  it("says to the application that the front end has sent all, or has left", () => {
    const driven = drive(silent);
    driven.feed(get);
    expect(driven.end()).toMatchObject({ aborted: "aborted", problem: "aborted" });
    driven.machine.connectionLost();
    driven.machine.respond(bytes("late"));
    expect(driven.seen).toMatchObject({ sent: "", closed: undefined });
    expect(driven.machine.ended).toBe(true);
  });

  it("S2.4 takes no harm from a connection that is closed without a byte", () => {
    const driven = drive();
    expect(driven.end()).toMatchObject({ problem: undefined, sent: "", variables: undefined });
    expect(driven.machine.active).toBe(0);
  });

  it.each([
    ["an end before the colon", "12", "truncated"],
    ["an end inside the headers", "24:CONTENT_LENGTH", "truncated"],
    ["an end before the comma", "24:CONTENT_LENGTH\x000\0SCGI\x001\0", "truncated"],
  ])("S2.3 answers 400 to %s", (_what, text, code) => {
    const driven = drive();
    driven.feed(bytes(text));
    expect(driven.end()).toMatchObject({ problem: code, sent: badRequest, closed: "lingering" });
  });

  it.each([
    ["no comma", "24:CONTENT_LENGTH\x000\0SCGI\x001\0;", "malformed"],
    ["an odd number of items", netstring("CONTENT_LENGTH\x000\0A"), "malformed"],
    ["no number", "abc:", "malformed"],
    ["an empty number", ":", "malformed"],
    ["a CONTENT_LENGTH that is no number", netstring("CONTENT_LENGTH\0abc\0"), "malformed"],
    ["an empty CONTENT_LENGTH", netstring("CONTENT_LENGTH\0\0"), "malformed"],
    ["S2.2 a negative CONTENT_LENGTH", netstring("CONTENT_LENGTH\0-1\0"), "malformed"],
    ["S2.2 a negative length", "-5:,", "malformed"],
    ["S2.2 a length with a plus", "+0:,", "malformed"],
    ["S2.2 an empty name", netstring("CONTENT_LENGTH\x000\0\0\0"), "malformed"],
    ["HTTP", "GET / HTTP/1.1\r\n\r\n", "wrong_protocol"],
    ["FastCGI", "\x01\x01\0\x01\0\x08\0\0", "wrong_protocol"],
  ])("S2.3 answers 400 to %s, at any cut", (_what, text, code) => {
    for (const [how, pieces] of cuts(bytes(text))) {
      expect(drive().feed(...pieces), how).toMatchObject({
        sent: badRequest,
        closed: "lingering",
        variables: undefined,
        problem: code,
      });
    }
  });

  it("S2.2 serves requests that are out of order or say too little, unless it is strict", () => {
    const requests = ["A\0B\0", "A\0B\0CONTENT_LENGTH\x000\0", "CONTENT_LENGTH\x000\0A\0B\0"];
    for (const request of requests.map((headers) => bytes(netstring(headers)))) {
      expect(drive().feed(request)).toMatchObject({ sent: "0", problem: undefined });
      expect(drive(silent, { strict: true }).feed(request).problem).toBe("malformed");
    }
  });

  it("S2.5 answers 431 to a head that is longer than its limit, at its first bytes", () => {
    const seen = drive(silent, { limits: { variables: 100 } }).feed(bytes("101:"));
    expect(seen).toMatchObject({ problem: "limit_exceeded", closed: "lingering" });
    expect(seen.sent).toMatch(/^Status: 431 Request Header Fields Too Large\r\n/);
  });

  it("reports a head as missing until it is whole, and the body until it has come", () => {
    const { machine } = drive(silent);
    const counts = () => [machine.active, machine.receiving, machine.incomplete];
    expect(counts()).toEqual([1, 1, 0]);
    machine.take(get.slice(0, 20));
    expect(counts()).toEqual([1, 1, 0]);
    machine.take(get.slice(20));
    expect(counts()).toEqual([1, 0, undefined]);
    machine.end();
    expect(counts()).toEqual([0, 0, undefined]);
  });

  it("breaks the connection off when the answer breaks off: its end would be a success", () => {
    const seen = drive((request) => {
      request.respond(bytes("half"));
      request.fail();
      request.respond(bytes("more"));
    }).feed(get);
    expect(seen).toMatchObject({ sent: "half", closed: "reset" });
  });

  it("answers 503 when the application takes no more", () => {
    const seen = drive(silent, {}, (request) => request.refuse()).feed(example);
    expect(seen.sent).toMatch(
      /^Status: 503 Service Unavailable\r\n.*\r\n\r\nService Unavailable\n$/s,
    );
    expect(seen).toMatchObject({ closed: "lingering", body: "" });
  });

  it("has no error stream: what is written there goes to the server's", () => {
    const seen = drive((request) => {
      request.error(bytes("to the log"));
      request.end();
      request.error(bytes("late"));
    }).feed(get);
    expect(seen).toMatchObject({ errorOutput: "to the log", sent: "" });
  });

  it("may be answered before its body has come: the rest is skipped", () => {
    const driven = drive(silent, {}, (request) => {
      request.respond(bytes("early"));
      request.end();
    });
    const seen = driven.feed(example);
    expect(seen).toMatchObject({
      sent: "early",
      closed: "lingering",
      body: "",
      problem: undefined,
    });
    expect(driven.end()).toMatchObject({ problem: undefined, aborted: undefined });
  });

  it("serves, or refuses in words, alike at any cut whatever bytes come", () => {
    const original = fixture("wire/nginx-scgi--post--001.c2s.bin");
    fc.assert(
      fc.property(mutations(original), ([all, cut]) => {
        const [whole, cutUp] = [[all], [all.subarray(0, cut), all.subarray(cut)]].map((pieces) => {
          const driven = drive();
          const seen = driven.feed(...pieces);
          const end = seen.closed === undefined ? driven.end() : seen;
          // What follows the request may have come before the answer, or not.
          return end.closed === "lingering" ? { ...end, closed: "finished" } : end;
        });
        expect(cutUp).toEqual(whole);
        expect(whole?.sent !== "" || whole?.aborted !== undefined).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
