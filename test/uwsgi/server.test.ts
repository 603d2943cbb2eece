import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Variable } from "../../src/cgi/variables.js";
import { encodePacket, encodePing } from "../../src/uwsgi/encode.js";
import { createUwsgiServer, type UwsgiServerOptions } from "../../src/uwsgi/server.js";
import { bytes, hex } from "../bytes.js";
import { mutations } from "../cgi/arbitrary.js";
import { type Behaviour, DrivenRequest } from "../cgi/drive-one-request.js";
import { peerView } from "../cgi/peer-env.js";
import { cuts } from "../cuts.js";
import { engines } from "../engine/engines.js";
import { fixture } from "../fixtures.js";

const silent: Behaviour = () => {};
const badRequest =
  "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 12\r\n\r\nBad Request\n";
const request = (body: string, ...variables: Variable[]) =>
  new Uint8Array(Buffer.concat([encodePacket({ variables }), Buffer.from(body)]));

describe.each(engines)("a uwsgi server on the %s engine", (_, engine) => {
  const drive = (onBodyEnd?: Behaviour, options: UwsgiServerOptions = {}) =>
    new DrivenRequest((handlers) => createUwsgiServer(handlers, { engine, ...options }), onBodyEnd);

  it("S3.20 serves one request and closes after the answer, at any cut", () => {
    const all = request("hello", ["REQUEST_METHOD", "POST"], ["CONTENT_LENGTH", "5"]);
    for (const [how, pieces] of cuts(all)) {
      expect(drive().feed(...pieces), how).toMatchObject({
        variables: new Map([
          ["REQUEST_METHOD", "POST"],
          ["CONTENT_LENGTH", "5"],
        ]),
        body: "hello",
        bodyEnded: true,
        sent: "5",
        closed: "finished",
        problem: undefined,
      });
    }
  });

  it("S3.20 answers as HTTP does", () => {
    expect(drive().machine.headBegin).toBe("status-line");
  });

  it("answers a ping with a pong, at any cut", () => {
    for (const [how, pieces] of cuts(encodePing())) {
      const seen = drive().feed(...pieces);
      expect(Buffer.from(seen.sent, "latin1").toString("hex"), how).toBe("64000001");
      expect(seen).toMatchObject({ closed: "lingering", variables: undefined, problem: undefined });
    }
  });

  const labels = ["get", "odd", "post", "pathinfo", "bighdr", "delete", "post70k"];
  it.each(
    ["nginx", "apache"].flatMap((front) => labels.map((label) => `${front}-uwsgi--${label}`)),
  )("S3.B serves what %s is", (name) => {
    const all = fixture(`wire/${name}--001.c2s.bin`);
    const { env, bodyLength } = peerView(name);
    for (const step of [all.length, 4_096, 61]) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < all.length; at += step) pieces.push(all.subarray(at, at + step));
      const seen = drive().feed(...pieces);
      expect(seen).toMatchObject({ bodyEnded: true, sent: `${bodyLength}`, closed: "finished" });
      expect(seen.variables).toEqual(env);
    }
  });

  it("serves requests of any modifier that front ends give them", () => {
    const all = fixture("wire/nginx-uwsgi--modifier--001.c2s.bin");
    expect(drive().feed(all)).toMatchObject({ sent: "0", problem: undefined });
  });

  it.each([
    ["a pong", hex("64 0000 01")],
    ["code to evaluate", hex("16 0200 00 3432")],
    ["a subscription", hex("e0 0600 00 0100 61 0100 62")],
    ["a request to reload", hex("62 0000 00")],
    ["a variable that does not fit", hex("00 0500 00 0100 61 0900")],
    ["HTTP", bytes("GET / HTTP/1.1\r\n\r\n")],
    ["a CONTENT_LENGTH that is no number", request("", ["CONTENT_LENGTH", "-1"])],
    [
      "two CONTENT_LENGTHs that differ",
      request("", ["CONTENT_LENGTH", "1"], ["CONTENT_LENGTH", "2"]),
    ],
  ])("answers 400 to %s, at any cut", (what, all) => {
    for (const [how, pieces] of cuts(all)) {
      expect(drive().feed(...pieces), how).toMatchObject({
        sent: badRequest,
        closed: "lingering",
        variables: undefined,
        problem: what === "HTTP" ? "wrong_protocol" : "malformed",
      });
    }
  });

  it("answers 400 to an end inside the packet, and nothing to one before it", () => {
    const driven = drive();
    driven.feed(hex("00 0500 00 0100"));
    expect(driven.end()).toMatchObject({ problem: "truncated", sent: badRequest });
    expect(drive().end()).toMatchObject({ problem: undefined, sent: "", closed: undefined });
  });

  it("answers 431 to a packet that is longer than its limit", () => {
    const seen = drive(silent, { limits: { variables: 8 } }).feed(hex("00 0900 00"));
    expect(seen).toMatchObject({ problem: "limit_exceeded", closed: "lingering" });
    expect(seen.sent).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/);
  });

  it("S2.6 reads exactly CONTENT_LENGTH bytes of body; an empty one is none", () => {
    expect(drive().feed(request("abc", ["CONTENT_LENGTH", "2"]))).toMatchObject({ body: "ab" });
    expect(drive().feed(request("abc", ["CONTENT_LENGTH", ""]))).toMatchObject({
      body: "",
      bodyEnded: true,
    });
  });

  it("S2.6 tells the application of a body that is too short", () => {
    const driven = drive(silent);
    driven.feed(request("abc", ["CONTENT_LENGTH", "10"]));
    expect(driven.end()).toMatchObject({ body: "abc", bodyEnded: false, aborted: "truncated" });
  });

  it("serves, or refuses in words, alike at any cut whatever bytes come", () => {
    const original = fixture("wire/nginx-uwsgi--post--001.c2s.bin");
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
