import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LocationForm, type ResponseHead } from "../../src/cgi/response-head.js";
import {
  type ResponseHeadOptions,
  ResponseHeadReader,
} from "../../src/cgi/response-head-reader.js";
import { GatewayError } from "../../src/errors.js";
import { bytes } from "../bytes.js";
import { cuts } from "../cuts.js";
import { fixture } from "../fixtures.js";
import { mutations } from "./arbitrary.js";

interface Read {
  head: ResponseHead;
  body: Uint8Array;
}

/** Feeds pieces to a reader: the head and all bytes after it, or the error at the end. */
function feed(pieces: readonly Uint8Array[], options?: ResponseHeadOptions): Read {
  const reader = new ResponseHeadReader(options);
  for (const [index, piece] of pieces.entries()) {
    const head = reader.push(piece);
    if (head === undefined) continue;
    const rest = [piece.subarray(head.bodyStart), ...pieces.slice(index + 1)];
    return { head, body: new Uint8Array(Buffer.concat(rest)) };
  }
  throw reader.closed();
}

function valuesOf({ head, body }: Read) {
  const { status, explicitStatus, statusText, headers, location, locationForm, length } = head;
  const text = Buffer.from(body).toString("latin1");
  return { status, explicitStatus, statusText, headers, location, locationForm, length, text };
}

function attempt(pieces: readonly Uint8Array[], options?: ResponseHeadOptions): unknown {
  try {
    return valuesOf(feed(pieces, options));
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { code: error.code, offset: error.offset, message: error.message };
  }
}

/** Reads it whole, and checks that every other cut gives the same. */
function read(text: string, options?: ResponseHeadOptions) {
  const all = bytes(text);
  const whole = attempt([all], options);
  for (const [how, pieces] of cuts(all)) expect(attempt(pieces, options), how).toEqual(whole);
  return whole;
}

describe("the head of a CGI response", () => {
  it("is split once, at the first blank line (S0.29)", () => {
    expect(read("Content-Type: text/plain\r\n\r\npart1\r\n\r\npart2")).toMatchObject({
      status: 200,
      explicitStatus: false,
      headers: [["Content-Type", "text/plain"]],
      text: "part1\r\n\r\npart2",
    });
  });

  it("may end its lines in LF alone (S0.29)", () => {
    expect(read("Content-Type: a/b\nX-A: 1\n\nbody\n")).toMatchObject({
      headers: [
        ["Content-Type", "a/b"],
        ["X-A", "1"],
      ],
      text: "body\n",
    });
  });

  it("may mix LF and CRLF", () => {
    expect(read("A: 1\nB: 2\r\n\nbody")).toMatchObject({ text: "body" });
    expect(read("A: 1\r\nB: 2\n\r\nbody")).toMatchObject({ text: "body" });
  });

  it("S0.29 is an error when there is none", () => {
    expect(read("just text, and no header\n")).toMatchObject({ code: "malformed", offset: 0 });
    expect(read("just text")).toMatchObject({ code: "malformed", offset: 0 });
    expect(read("\r\nbody")).toMatchObject({ code: "malformed", offset: 0 });
  });

  it("is truncated when the response ends before the blank line", () => {
    expect(read("Content-Type: text/plain\r\n")).toMatchObject({ code: "truncated", offset: 26 });
    expect(read("Content-Type: text/plain\r\n\r")).toMatchObject({ code: "truncated" });
    expect(read("Content-Ty")).toMatchObject({ code: "truncated", offset: 10 });
    expect(read("HTTP/1.")).toMatchObject({ code: "truncated", offset: 7 });
  });

  it("is closed_without_answer when the response has no byte", () => {
    expect(attempt([])).toMatchObject({ code: "closed_without_answer" });
    expect(attempt([new Uint8Array(0)])).toMatchObject({ code: "closed_without_answer" });
  });

  it("S0.27 has the status of the Status field", () => {
    expect(read("Status: 404 Not Found\r\nContent-type: text/html\r\n\r\n")).toMatchObject({
      status: 404,
      explicitStatus: true,
      statusText: "Not Found",
      headers: [["Content-type", "text/html"]],
    });
  });

  it.each(["status: 503", "STATUS:503", "Status:\t503 ", "Status: 503 "])(
    "knows a status without a reason: %j",
    (line) => {
      expect(read(`${line}\n\n`)).toMatchObject({ status: 503, statusText: "", headers: [] });
    },
  );

  it.each(["20", "2000", "200OK", "abc", "", "-20", "099", "2 0", "+20"])(
    "refuses the status %j",
    (status) => {
      expect(read(`Status: ${status}\nA: b\n\n`)).toMatchObject({ code: "malformed" });
    },
  );

  it("reads the status of a status line, as uWSGI and NPH programs send it", () => {
    expect(read("HTTP/1.1 404 Not Here\r\nStatus: 200 OK\r\nA: b\r\n\r\nx")).toMatchObject({
      status: 404,
      explicitStatus: true,
      statusText: "Not Here",
      headers: [
        ["Status", "200 OK"],
        ["A", "b"],
      ],
      text: "x",
    });
    expect(read("HTTP/1.0 200\r\n\r\n")).toMatchObject({
      status: 200,
      headers: [],
      statusText: "",
    });
    expect(read("HTTP/1.1 20x\r\n\r\n")).toMatchObject({ code: "malformed" });
    expect(read("A: b\nHTTP/1.1 200 OK\n\n")).toMatchObject({ code: "malformed", offset: 5 });
  });

  it("keeps headers in order, with duplicates and as they were written", () => {
    expect(read("set-cookie: a=1\nX-Y:\nSET-COOKIE:b=2 \t\n\n")).toMatchObject({
      headers: [
        ["set-cookie", "a=1"],
        ["X-Y", ""],
        ["SET-COOKIE", "b=2"],
      ],
    });
  });

  it("reads values as ISO-8859-1, the bytes 0x80 to 0x9F too", () => {
    expect(read("X: \x80\x99\xe9\xff\n\n")).toMatchObject({ headers: [["X", "\x80\x99\xe9\xff"]] });
  });

  it("finds a field in any case", () => {
    const { head } = feed([bytes("Content-TYPE: a/b\nX-A: 1\nx-a: 2\n\n")]);
    expect(head.get("content-type")).toBe("a/b");
    expect(head.get("X-A")).toBe("1");
    expect(head.get("x-b")).toBeUndefined();
  });

  it.each([
    ["no colon\n\n", 0],
    ["A: b\nno colon\n\n", 5],
    [": empty name\n\n", 0],
    ["A : b\n\n", 0],
    ["A\x01: b\n\n", 0],
    ["A: b\n folded\n\n", 5],
    ["A: b\0\n\n", 4],
    ["A: b\rC: d\n\n", 4],
    ["A: b\r\r\n\n", 4],
  ])("refuses %j with the place", (text, offset) => {
    expect(read(text)).toMatchObject({ code: "malformed", offset });
  });

  it("accepts a repeated CGI field only with the same value", () => {
    expect(read("Status: 200 OK\nStatus: 200\nA: b\n\n")).toMatchObject({ status: 200 });
    expect(read("Status: 200\nStatus: 500\n\n")).toMatchObject({ code: "malformed", offset: 20 });
    expect(read("Location: /a\nLocation: /b\n\n")).toMatchObject({ code: "malformed" });
    expect(read("Location: /a\nLocation: /a\n\n")).toMatchObject({ location: "/a" });
    expect(read("Content-Type: a/b\ncontent-type: a/c\n\n")).toMatchObject({ code: "malformed" });
  });

  it("bounds the bytes of the head, its blank line included", () => {
    const head = "A: 123456\n\n";
    expect(read(`${head}body`, { responseHead: 11 })).toMatchObject({ text: "body" });
    expect(read(`${head}body`, { responseHead: 10 })).toMatchObject({ code: "limit_exceeded" });
    expect(read("A: 123456789", { responseHead: 10 })).toMatchObject({ code: "limit_exceeded" });
  });

  it("bounds the number of fields", () => {
    expect(read("A: 1\nB: 2\n\n", { headerCount: 2 })).toMatchObject({ status: 200 });
    expect(read("A: 1\nB: 2\nC: 3\n\n", { headerCount: 2 })).toMatchObject({
      code: "limit_exceeded",
      offset: 10,
    });
  });

  it("looks at every byte once, however small the pieces: 64 KiB byte by byte", () => {
    const reader = new ResponseHeadReader();
    const piece = bytes("A");
    const started = performance.now();
    for (let at = 0; at < 65_535; at++) reader.push(piece);
    expect(() => reader.push(piece)).toThrow(/longer than 65536/);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe("the Location of a CGI response", () => {
  it.each([
    ["Location: /other?x\n\n", 302, LocationForm.Local],
    ["Location: http://example.com/\n\n", 302, LocationForm.Client],
    ["Location: //example.com/\n\n", 302, LocationForm.Client],
    ["Location: page.html\n\n", 302, LocationForm.Client],
    ["Status: 302 Found\nLocation: /other\n\n", 302, LocationForm.Client],
    [
      "Status: 301\nLocation: http://e.com/\nContent-Type: a/b\n\n",
      301,
      LocationForm.ClientDocument,
    ],
    ["Status: 201 Created\nLocation: /thing\nContent-Type: a/b\n\n", 201, undefined],
    ["HTTP/1.1 303 See Other\nLocation: /x\n\n", 303, LocationForm.Client],
    ["Location:\nContent-Type: a/b\n\n", 200, undefined],
  ])("in %j", (text, status, locationForm) => {
    expect(read(text)).toMatchObject({ status, locationForm });
  });
});

describe("captured answers", () => {
  it.each(["nginx-scgi--get", "apache-scgi--bighdr", "nginx-uwsgi--get", "apache-uwsgi--odd"])(
    "%s",
    (name) => {
      const all = fixture(`wire/${name}--001.s2c.bin`);
      const end = Buffer.from(all).indexOf("\r\n\r\n") + 4;
      const whole = valuesOf(feed([all]));
      expect(whole).toMatchObject({ status: 200, statusText: "OK", length: end });
      expect(whole.headers).toEqual([
        ["Content-Type", expect.any(String)],
        ["Content-Length", `${whole.text.length}`],
        ["X-Peer", expect.any(String)],
      ]);
    },
  );
});

describe("changed bytes", () => {
  it("give a head, or a typed error, alike at any cut", () => {
    const original = bytes(
      "Status: 302 Found\r\nLocation: /x\nSet-Cookie: a=1\r\nContent-Type: a/b\r\n\r\nbody\n\n",
    );
    fc.assert(
      fc.property(mutations(original), ([all, cut]) => {
        const pieces = [all.subarray(0, cut), all.subarray(cut)];
        expect(attempt(pieces, { responseHead: 80 })).toEqual(attempt([all], { responseHead: 80 }));
      }),
      { numRuns: 2_000 },
    );
  });
});
