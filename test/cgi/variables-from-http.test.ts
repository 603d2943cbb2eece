import { describe, expect, it } from "vitest";
import { requestFromVariables } from "../../src/cgi/request-from-variables.js";
import { Variables } from "../../src/cgi/variables.js";
import { type HttpPeers, variablesFromHttp } from "../../src/cgi/variables-from-http.js";
import { hex } from "../bytes.js";

function of(target: string, fields: readonly string[] = ["Host", "e.com"], peers: HttpPeers = {}) {
  return new Variables(variablesFromHttp({ method: "GET", target, version: "1.1", fields }, peers));
}

const malformed = expect.objectContaining({ code: "malformed" });

describe("variables from an HTTP request", () => {
  it("are those that front ends send", () => {
    const peers = {
      remoteAddress: "192.0.2.1",
      remotePort: 4_711,
      localAddress: "192.0.2.2",
      localPort: 8_080,
    };
    expect([...of("/a?b", ["Host", "e.com:80", "Accept", "*/*"], peers)]).toEqual([
      ["GATEWAY_INTERFACE", "CGI/1.1"],
      ["SERVER_SOFTWARE", "fcgi-probe"],
      ["SERVER_PROTOCOL", "HTTP/1.1"],
      ["REQUEST_METHOD", "GET"],
      ["REQUEST_URI", "/a?b"],
      ["SCRIPT_NAME", "/a"],
      ["QUERY_STRING", "b"],
      ["REQUEST_SCHEME", "http"],
      ["SERVER_NAME", "e.com"],
      ["SERVER_PORT", "8080"],
      ["REMOTE_ADDR", "192.0.2.1"],
      ["REMOTE_PORT", "4711"],
      ["HTTP_HOST", "e.com:80"],
      ["HTTP_ACCEPT", "*/*"],
    ]);
  });

  it("name the server by the Host, else by its address, else not at all", () => {
    const server = (fields: string[], peers: HttpPeers = {}) => {
      const variables = of("/", fields, peers);
      return `${variables.get("SERVER_NAME")} ${variables.get("SERVER_PORT")}`;
    };
    expect(server(["Host", "e.com:81"])).toBe("e.com 81");
    expect(server(["Host", "[::1]:81"])).toBe("[::1] 81");
    expect(server(["Host", "e.com"])).toBe("e.com 80");
    expect(server([], { localAddress: "::ffff:192.0.2.2", localPort: 81 })).toBe("192.0.2.2 81");
    expect(server([])).toBe("localhost 80");
  });

  it("have no REMOTE_ADDR when the address is unknown", () => {
    expect([of("/").has("REMOTE_ADDR"), of("/").has("REMOTE_PORT")]).toEqual([false, false]);
    const mapped = of("/", [], { remoteAddress: "::ffff:192.0.2.1" });
    expect(mapped.get("REMOTE_ADDR")).toBe("192.0.2.1");
  });

  it("leave out odd header names and fields about the connection", () => {
    const fields = ["X_User", "a", "X.User", "b", "X-User", "c", "Proxy", "d", "proxy", "e"];
    const connection = ["Connection", "close", "Transfer-Encoding", "chunked", "TE", "x"];
    const all = [...of("/", [...fields, ...connection])].filter(([name]) => /^HTTP_/.test(name));
    expect(all).toEqual([["HTTP_X_USER", "c"]]);
  });

  it("keep bytes and repeated headers", () => {
    const variables = of("/\xc3\xa9?\xff", ["Cookie", "a=\xe9", "Cookie", "b"]);
    expect(variables.bytes("REQUEST_URI")).toEqual(hex("2f c3 a9 3f ff"));
    expect(variables.bytes("SCRIPT_NAME")).toEqual(hex("2f c3 a9"));
    expect(variables.bytes("QUERY_STRING")).toEqual(hex("ff"));
    expect(variables.getAll("HTTP_COOKIE")).toEqual(["a=\xe9", "b"]);
  });

  it.each([
    ["/a%20b", "/a b"],
    ["/a/./b/../c", "/a/c"],
    ["/a/%2e%2E/b", "/b"],
    ["/a/%2e.%2fb", "/b"],
    ["/a/b/..", "/a/"],
    ["/a/.", "/a/"],
    ["/.a/..b", "/.a/..b"],
    ["//a//b", "//a//b"],
    ["/100%", "/100%"],
    ["/a;x=1,2:@~", "/a;x=1,2:@~"],
    ["*", ""],
  ])("have a path without escapes and dots: %s", (target, name) => {
    expect(of(target).get("SCRIPT_NAME")).toBe(name);
  });

  it("take the host of a URL in the request line before that of the Host field", () => {
    const variables = of("http://a.test:81?b", ["Host", "other", "X-A", "1"]);
    expect(variables.getAll("HTTP_HOST")).toEqual(["a.test:81"]);
    expect(variables.get("REQUEST_URI")).toBe("/?b");
    expect(variables.get("HTTP_X_A")).toBe("1");
    expect(requestFromVariables(variables).url).toBe("http://a.test:81/?b");
  });

  it.each(["a", "ftp://a/", "http://", "/..", "/a/../../b", "/%2e%2e/", "/a%00"])(
    "are refused for the target %s",
    (target) => {
      expect(() => of(target)).toThrow(malformed);
    },
  );

  it("are refused for two Host fields", () => {
    expect(() => of("/", ["Host", "a", "host", "a"])).toThrow(malformed);
  });
});
