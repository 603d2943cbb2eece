import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { requestFromVariables, requestParts } from "../../src/cgi/request-from-variables.js";
import { type Variable, Variables } from "../../src/cgi/variables.js";
import { variablesFromRequest } from "../../src/cgi/variables-from-request.js";
import { ScgiRequestDecoder } from "../../src/scgi/server.js";
import { UwsgiPacketDecoder } from "../../src/uwsgi/packet-decoder.js";
import { bytes } from "../bytes.js";
import { fixture } from "../fixtures.js";

function of(variables: Record<string, string | Uint8Array>, body?: BodyInit): Request {
  return requestFromVariables(Object.entries(variables), body ?? null);
}

const malformed = expect.objectContaining({ code: "malformed" });

/** The variables of a captured request, and its body. */
function captured(name: string) {
  const all = fixture(`wire/${name}--001.c2s.bin`);
  const decoder = name.includes("scgi") ? new ScgiRequestDecoder() : new UwsgiPacketDecoder();
  const head = decoder.push(all);
  if (head === undefined) throw new Error(`${name} is not whole`);
  return requestFromVariables(head.variables, new Uint8Array(head.rest));
}

describe("a request from variables", () => {
  it("takes its URL from REQUEST_URI, not from SCRIPT_NAME and PATH_INFO", () => {
    const variables = { SCRIPT_NAME: "/a b", PATH_INFO: "/c?d", REQUEST_URI: "/a%20b/c%3Fd?q" };
    expect(of(variables).url).toBe("http://localhost/a%20b/c%3Fd?q");
  });

  it("is for the target of a local redirect, where Apache keeps the client's REQUEST_URI", () => {
    const redirected = {
      REQUEST_URI: "/from?a",
      SCRIPT_NAME: "/to there",
      QUERY_STRING: "b=c",
      REDIRECT_STATUS: "200",
      REDIRECT_SCRIPT_NAME: "/from",
    };
    expect(of(redirected).url).toBe("http://localhost/to%20there?b=c");
    // An error document, and the variables of mod_rewrite and nginx without a program's answer.
    expect(of({ ...redirected, REDIRECT_STATUS: "404" }).url).toBe("http://localhost/from?a");
    const { REDIRECT_SCRIPT_NAME: _, ...rewritten } = redirected;
    expect(of(rewritten).url).toBe("http://localhost/from?a");
  });

  it("makes the URL of SCRIPT_NAME and PATH_INFO without REQUEST_URI", () => {
    const variables = { SCRIPT_NAME: "/a b", PATH_INFO: "/c?d%", QUERY_STRING: "q=?&%20 " };
    expect(of(variables).url).toBe("http://localhost/a%20b/c%3Fd%25?q=?&%20%20");
    expect(of({ DOCUMENT_URI: "/x", REQUEST_URI: "" }).url).toBe("http://localhost/x");
    expect(of({}).url).toBe("http://localhost/");
    expect(() => of({ SCRIPT_NAME: "x" })).toThrow(malformed);
  });

  it("S3.B encodes raw blanks, control characters and bytes that are not ASCII", () => {
    const uri = bytes('/a b\t\n?q=\xc3\xa9\xff#f\\"');
    expect(of({ REQUEST_URI: uri }).url).toBe("http://localhost/a%20b%09%0A?q=%C3%A9%FF%23f%5C%22");
  });

  it.each([
    ["//evil.example/x", "http://h.example//evil.example/x"],
    ["/\\evil.example", "http://h.example/%5Cevil.example"],
    ["http://other.example/x?y", "http://h.example/x?y"],
    ["http://other.example?y", "http://h.example/?y"],
    ["*", "http://h.example/"],
  ])("keeps the host out of the reach of REQUEST_URI %s", (uri, url) => {
    expect(of({ HTTP_HOST: "h.example", REQUEST_URI: uri }).url).toBe(url);
  });

  it.each(["evil.example", ".evil.example/", "@evil.example/", ":80/", "ftp://x/"])(
    "refuses the REQUEST_URI %s",
    (uri) => {
      expect(() => of({ HTTP_HOST: "h", REQUEST_URI: uri })).toThrow(malformed);
    },
  );

  it.each([
    [{ HTTP_HOST: "h:81", SERVER_NAME: "s" }, "http://h:81/"],
    [{ HTTP_HOST: "", SERVER_NAME: "s", SERVER_PORT: "81" }, "http://s:81/"],
    [{ SERVER_NAME: "s", SERVER_PORT: "80" }, "http://s/"],
    [{ SERVER_NAME: "::1", SERVER_PORT: "81" }, "http://[::1]:81/"],
    [{ SERVER_NAME: "" }, "http://localhost/"],
  ])("takes its host from %j", (variables, url) => {
    expect(of(variables).url).toBe(url);
  });

  it.each(["a b", "a/b", "u@h", "h#", "h?x", "h\\x", "h:x", "\u00e9", "h:99999", "["])(
    "refuses the host %j",
    (host) => {
      expect(() => of({ HTTP_HOST: host })).toThrow(malformed);
    },
  );

  it.each([
    [{ HTTPS: "on" }, "https:"],
    [{ HTTPS: "1" }, "https:"],
    [{ HTTPS: "off" }, "http:"],
    [{ HTTPS: "" }, "http:"],
    [{ HTTPS: "", REQUEST_SCHEME: "https" }, "https:"],
    [{ REQUEST_SCHEME: "gopher" }, "http:"],
  ])("takes its scheme from %j", (variables, scheme) => {
    expect(new URL(of(variables).url).protocol).toBe(scheme);
  });

  it("takes empty CONTENT_LENGTH and CONTENT_TYPE for absent (S3.B, nginx)", () => {
    const request = of({ CONTENT_LENGTH: "", CONTENT_TYPE: "", REQUEST_METHOD: "GET" });
    expect([...request.headers]).toEqual([]);
  });

  it("ignores HTTP_CONTENT_LENGTH, HTTP_CONTENT_TYPE, HTTP_PROXY and the connection's fields", () => {
    const request = of({
      CONTENT_TYPE: "a/b",
      HTTP_CONTENT_LENGTH: "9",
      HTTP_CONTENT_TYPE: "c/d",
      HTTP_PROXY: "evil",
      HTTP_TRANSFER_ENCODING: "chunked",
      HTTP_CONNECTION: "close",
      HTTP_: "x",
    });
    expect([...request.headers]).toEqual([["content-type", "a/b"]]);
  });

  it("joins repeated headers, cookies with a semicolon", () => {
    const variables: Variable[] = [
      ["HTTP_X_DUP", "1"],
      ["HTTP_COOKIE", "a=1"],
      ["HTTP_X_DUP", "2"],
      ["HTTP_COOKIE", "b=2"],
    ];
    expect([...requestFromVariables(variables).headers]).toEqual([
      ["cookie", "a=1; b=2"],
      ["x-dup", "1, 2"],
    ]);
  });

  it("S2.7 reads header values as ISO-8859-1", () => {
    expect(of({ HTTP_X: bytes("caf\xc3\xa9\x80") }).headers.get("x")).toBe("caf\xc3\xa9\x80");
  });

  it.each([
    { HTTP_X: "a\r\nb" },
    { HTTP_X: bytes("a\0") },
    { "HTTP_X Y": "a" },
    { CONTENT_TYPE: "a\nb" },
    { CONTENT_LENGTH: "-1" },
    { REQUEST_METHOD: "G T" },
  ])("refuses %j", (variables) => {
    expect(() => of(variables as Record<string, string>)).toThrow(malformed);
  });

  it.each(["TRACE", "CONNECT", "track"])("refuses the method %s", (method) => {
    expect(() => of({ REQUEST_METHOD: method })).toThrow(
      expect.objectContaining({ code: "bad_input" }),
    );
  });

  it("has any other method, and GET by default", () => {
    expect(of({ REQUEST_METHOD: "PROPFIND" }).method).toBe("PROPFIND");
    expect(of({ REQUEST_METHOD: "" }).method).toBe("GET");
  });

  it("has a body for the methods that can", async () => {
    const stream = () => new Response("hello").body as ReadableStream;
    for (const method of ["POST", "DELETE", "OPTIONS"]) {
      expect(await of({ REQUEST_METHOD: method }, stream()).text()).toBe("hello");
    }
    for (const method of ["GET", "HEAD"]) {
      expect(of({ REQUEST_METHOD: method }, "ignored").body).toBeNull();
    }
  });

  it("is aborted by the signal", () => {
    const controller = new AbortController();
    const request = requestFromVariables([], null, { signal: controller.signal });
    controller.abort();
    expect(request.signal.aborted).toBe(true);
  });

  it("groups 50,000 variables in one pass", () => {
    const variables: Variable[] = [];
    for (let at = 0; at < 50_000; at++) variables.push([`HTTP_X${at % 500}`, "v"]);
    const { headers } = requestFromVariables(variables);
    expect(headers.get("x499")?.split(", ")).toHaveLength(100);
  });

  it("has its URL as Fetch writes it, before there is a Request", () => {
    const target = fc
      .array(fc.constantFrom(..."ab/.%2eE?#'\"\\|^`{}[]<> ~!$&()*+,;=:@_-\t", "..", "%2E", "/./"))
      .map((parts) => `/${parts.join("")}`);
    const host = fc.constantFrom("h", "H.Example", "h:80", "h:81", "127.1", "[::1]", "[0::0:1]:80");
    fc.assert(
      fc.property(target, host, fc.boolean(), (uri, name, secure) => {
        const variables = new Variables([
          ["REQUEST_URI", uri],
          ["HTTP_HOST", name],
          ["HTTPS", secure ? "on" : ""],
        ]);
        expect(requestParts(variables).url).toBe(requestFromVariables(variables).url);
      }),
      { numRuns: 2_000 },
    );
  });

  it("comes back from the variables that it becomes", async () => {
    const init = { method: "POST", body: "hello", headers: { "x-a": "caf\xe9", cookie: "a=1" } };
    const request = new Request("https://example.com:8443/a%20b/c%2Fd?x=%20", init);
    const variables = variablesFromRequest(request, { contentLength: 5 });
    const back = requestFromVariables(variables, "hello");
    expect([back.url, back.method]).toEqual([request.url, "POST"]);
    expect(back.headers.get("x-a")).toBe("caf\xe9");
    expect(back.headers.get("content-length")).toBe("5");
    expect(await back.text()).toBe("hello");
  });
});

describe("S3.B captured requests", () => {
  it.each([
    ["nginx-scgi--odd", "http://ex.ample/tscgi/app?q=%00%ff&%C3%A9", "1, 2", "a=1; b=2"],
    ["apache-scgi--odd", "http://ex.ample:8080/tscgi/app?q=%00%ff&%C3%A9", "1, 2", "a=1, b=2"],
    ["nginx-uwsgi--odd", "http://ex.ample/tuw/app?q=%00%ff&%C3%A9", "1, 2", "a=1; b=2"],
    ["apache-uwsgi--odd", "http://ex.ample:8080/tuw/app?q=%00%ff&%C3%A9", "1, 2", "a=1, b=2"],
  ])("%s", (name, url, dup, cookie) => {
    const { url: actual, headers, method, body } = captured(name);
    expect([actual, method, body]).toEqual([url, "GET", null]);
    expect(headers.get("x-dup")).toBe(dup);
    expect(headers.get("cookie")).toBe(cookie);
    expect(headers.get("x-empty")).toBe("");
    expect(headers.get("user-agent")).toBe('ua "q" \xc3\xa9');
    expect(headers.has("proxy")).toBe(false);
  });

  it.each(["nginx-scgi", "apache-scgi", "nginx-uwsgi", "apache-uwsgi"])(
    "%s: a path with a blank, and a query",
    (front) => {
      const mount = front.endsWith("scgi") ? "tscgi" : "tuw";
      const { pathname, search } = new URL(captured(`${front}--pathinfo`).url);
      expect(pathname + search).toBe(`/${mount}/app/extra/p%20i?x`);
    },
  );

  it.each(["nginx-scgi", "apache-scgi", "nginx-uwsgi", "apache-uwsgi"])(
    "%s: a body",
    async (front) => {
      const request = captured(`${front}--post`);
      expect(request.method).toBe("POST");
      expect(request.headers.get("content-length")).toBe("11");
      expect(request.headers.get("content-type")).toBe("application/x-www-form-urlencoded");
      expect(await request.text()).toBe("hello=world");
    },
  );
});
