import { describe, expect, it } from "vitest";
import { formatResponseHead, hasNullBody, responseFromHead } from "../../src/cgi/response.js";
import type { ResponseHead } from "../../src/cgi/response-head.js";
import { ResponseHeadReader } from "../../src/cgi/response-head-reader.js";
import { bytes } from "../bytes.js";

function head(text: string): ResponseHead {
  return new ResponseHeadReader().push(bytes(text)) as ResponseHead;
}

describe("a Response from a CGI response head", () => {
  it("has status, reason, headers and body", async () => {
    const response = responseFromHead(head("Status: 404 Nope\nX-A: 1\nX-a: 2\n\n"), "no page");
    expect([response.status, response.statusText]).toEqual([404, "Nope"]);
    expect(response.headers.get("x-a")).toBe("1, 2");
    expect(response.headers.has("status")).toBe(false);
    expect(await response.text()).toBe("no page");
  });

  it("keeps each cookie", () => {
    const response = responseFromHead(head("Set-Cookie: a=1, x\nSet-Cookie: b=2\n\n"), null);
    expect(response.headers.getSetCookie()).toEqual(["a=1, x", "b=2"]);
  });

  it("leaves out fields about the connection", () => {
    const text = "Connection: close\nTransfer-Encoding: chunked\nKeep-Alive: 1\nX: y\n\n";
    expect([...responseFromHead(head(text), null).headers]).toEqual([["x", "y"]]);
  });

  it.each([
    ["Content-Length: 12", "12"],
    ["Content-Length: 12\nContent-Length: 12", "12"],
    ["Content-Length: 12\nContent-Length: 13", null],
    ["Content-Length: -1", null],
    ["Content-Length: 1e3", null],
  ])("keeps a Content-Length that is one number: %j", (text, length) => {
    const response = responseFromHead(head(`${text}\n\n`), null);
    expect(response.headers.get("content-length")).toBe(length);
  });

  it.each([204, 205, 304])("has no body with status %d", (status) => {
    expect(hasNullBody(status)).toBe(true);
    expect(responseFromHead(head(`Status: ${status}\n\n`), "ignored").body).toBeNull();
  });

  it.each([100, 101, 199, 600, 999])("is refused with status %d", (status) => {
    expect(() => responseFromHead(head(`Status: ${status}\n\n`), null)).toThrow(
      expect.objectContaining({ code: "bad_status" }),
    );
  });

  it("becomes an ordinary redirect when it is a local one", () => {
    const response = responseFromHead(head("Location: /other\n\n"), null);
    expect([response.status, response.headers.get("location")]).toEqual([302, "/other"]);
  });

  it("drops a reason that a Response cannot have", () => {
    expect(responseFromHead(head("Status: 200 O\x01K\n\n"), null).statusText).toBe("");
    expect(responseFromHead(head("Status: 200 d\xe9j\xe0\n\n"), null).statusText).toBe(
      "d\xe9j\xe0",
    );
  });
});

describe("the head of a Response", () => {
  it("begins with Status, and ends in a blank line", () => {
    const response = new Response("x", { headers: { "content-type": "text/plain" } });
    expect(formatResponseHead(response)).toBe("Status: 200 OK\r\ncontent-type: text/plain\r\n\r\n");
  });

  it("begins with HTTP's line for uwsgi front ends", () => {
    const response = new Response(null, { status: 418, statusText: "Teapot" });
    expect(formatResponseHead(response, { begin: "status-line" })).toBe(
      "HTTP/1.1 418 Teapot\r\n\r\n",
    );
  });

  it("has Status after a Location: HAProxy takes the later of them for the status", () => {
    const response = new Response(null, {
      status: 308,
      headers: { location: "/there", "x-a": "1" },
    });
    const head = formatResponseHead(response);
    expect(head).toBe("location: /there\r\nx-a: 1\r\nStatus: 308 Permanent Redirect\r\n\r\n");
    const line = formatResponseHead(response, { begin: "status-line" });
    expect(line).toMatch(/^HTTP\/1\.1 308 /);
  });

  it("always has a reason", () => {
    expect(formatResponseHead(new Response(null, { status: 404 }))).toBe(
      "Status: 404 Not Found\r\n\r\n",
    );
    expect(formatResponseHead(new Response(null, { status: 299 }))).toBe(
      "Status: 299 Unknown\r\n\r\n",
    );
  });

  it("keeps cookies apart", () => {
    const headers = new Headers([
      ["set-cookie", "a=1, x"],
      ["set-cookie", "b=2"],
      ["x", "y"],
    ]);
    expect(formatResponseHead(new Response(null, { headers }))).toBe(
      "Status: 200 OK\r\nx: y\r\nset-cookie: a=1, x\r\nset-cookie: b=2\r\n\r\n",
    );
  });

  it("leaves out fields about the connection, and a Status of the handler's own", () => {
    const headers = { connection: "close", "transfer-encoding": "chunked", status: "500" };
    expect(formatResponseHead(new Response(null, { headers }))).toBe("Status: 200 OK\r\n\r\n");
  });

  it.each([
    { status: 0, statusText: "" },
    { status: 101, statusText: "" },
    { status: 200, statusText: "OK\r\nX: y" },
    { status: 200, statusText: "\u0100" },
  ])("refuses %j", (init) => {
    expect(() => formatResponseHead({ ...init, headers: new Headers() })).toThrow(
      expect.objectContaining({ code: "bad_input" }),
    );
  });

  it("refuses a line break in headers of any class", () => {
    for (const pair of [
      ["x", "a\r\nb: c"],
      ["x", "a\nb"],
      ["x\r\ny", "a"],
      ["x", "a\0"],
    ]) {
      const headers = { [Symbol.iterator]: () => [pair].values(), getSetCookie: () => [] };
      expect(() =>
        formatResponseHead({
          status: 200,
          statusText: "",
          headers: headers as unknown as Headers,
        }),
      ).toThrow(expect.objectContaining({ code: "bad_input" }));
    }
  });

  it("has the length of the body when the response has no Content-Length", () => {
    const length = (response: Response, contentLength: number | undefined): string[] =>
      formatResponseHead(response, { contentLength }).match(/content-length.*(?=\r)/g) ?? [];
    expect(length(new Response("hello"), 5)).toEqual(["content-length: 5"]);
    expect(length(new Response(null, { status: 404 }), 0)).toEqual(["content-length: 0"]);
    expect(length(new Response("hello"), undefined)).toEqual([]);
    const headers = { "content-length": "7" };
    expect(length(new Response(null, { headers }), 0)).toEqual(["content-length: 7"]);
  });

  it.each([
    [204, []],
    [205, ["content-length: 0"]],
    [304, []],
  ])("states of %d no length, or 0, whatever the response says", (status, expected) => {
    for (const headers of [{}, { "content-length": "5" }]) {
      const head = formatResponseHead(new Response(null, { status, headers }), {
        contentLength: 0,
      });
      expect(head.match(/content-length.*(?=\r)/g) ?? []).toEqual(expected);
    }
  });

  it.each(["", "five", "-5", "+5", "5.0", "5, 5", "0x5", "9007199254740992"])(
    "refuses the Content-Length %j",
    (length) => {
      for (const status of [200, 304]) {
        const response = new Response(null, { status, headers: { "content-length": length } });
        expect(() => formatResponseHead(response)).toThrow(
          expect.objectContaining({ code: "bad_input" }),
        );
      }
    },
  );

  it("is read back by the reader", () => {
    const response = new Response("x", { status: 404, headers: { "x-a": "\xe9", "x-b": "" } });
    const sent = Buffer.from(formatResponseHead(response), "latin1");
    const read = new ResponseHeadReader().push(sent) as ResponseHead;
    expect([read.status, read.statusText]).toEqual([404, "Not Found"]);
    expect(read.headers).toContainEqual(["x-a", "\xe9"]);
    expect(read.headers).toContainEqual(["x-b", ""]);
  });
});
