import { describe, expect, it } from "vitest";
import { type Variable, Variables } from "../../src/cgi/variables.js";
import {
  type RequestVariablesOptions,
  variablesFromRequest,
} from "../../src/cgi/variables-from-request.js";
import { bytes } from "../bytes.js";

function of(url: string, init?: RequestInit, options?: RequestVariablesOptions): Variables {
  return new Variables(variablesFromRequest(new Request(url, init), options));
}

function refusal(headers: [string, string][], options?: RequestVariablesOptions) {
  return () => variablesFromRequest(new Request("http://e.com/", { headers }), options);
}

const badInput = expect.objectContaining({ code: "bad_input" });

describe("variables from a request", () => {
  it("are RFC 3875's meta-variables and those that front ends add", () => {
    const request = new Request("http://example.com:8080/app%20x/p?q=%20&r#part");
    expect(variablesFromRequest(request, { documentRoot: "/srv/www/" })).toEqual([
      ["GATEWAY_INTERFACE", "CGI/1.1"],
      ["SERVER_PROTOCOL", "HTTP/1.1"],
      ["SERVER_SOFTWARE", "fcgi-probe"],
      ["REQUEST_METHOD", "GET"],
      ["REQUEST_URI", "/app%20x/p?q=%20&r"],
      ["SCRIPT_NAME", "/app x/p"],
      ["SCRIPT_FILENAME", "/srv/www/app x/p"],
      ["DOCUMENT_ROOT", "/srv/www/"],
      ["QUERY_STRING", "q=%20&r"],
      ["SERVER_NAME", "example.com"],
      ["SERVER_PORT", "8080"],
      ["REQUEST_SCHEME", "http"],
      ["HTTP_HOST", "example.com:8080"],
    ] satisfies Variable[]);
  });

  it("split the path after the script", () => {
    const variables = of("http://e.com/index.php/a%2Fb", {}, { scriptName: "/index.php" });
    expect(variables.get("SCRIPT_NAME")).toBe("/index.php");
    expect(variables.get("PATH_INFO")).toBe("/a/b");
    expect(of("http://e.com/x", {}, { scriptName: "" }).get("PATH_INFO")).toBe("/x");
  });

  it("refuse a path that is not below the script", () => {
    for (const path of ["/other", "/index.phpx", "/index.ph"]) {
      expect(() => of(`http://e.com${path}`, {}, { scriptName: "/index.php" })).toThrow(badInput);
    }
  });

  it("refuse a path with `..` once it is decoded", () => {
    for (const path of ["/a%2f..%2f..%2fetc/passwd", "/..%2f", "/a/..%2Fb"]) {
      expect(() => of(`http://e.com${path}`)).toThrow(badInput);
    }
    expect(of("http://e.com/a..b/..c").get("SCRIPT_NAME")).toBe("/a..b/..c");
  });

  it("keep bytes that are not UTF-8", () => {
    expect(of("http://e.com/%ff%C3%A9").bytes("SCRIPT_NAME")).toEqual(bytes("/\xff\xc3\xa9"));
    expect(of("http://e.com/é").bytes("SCRIPT_NAME")).toEqual(bytes("/\xc3\xa9"));
    expect(of("http://e.com/%zz%").get("SCRIPT_NAME")).toBe("/%zz%");
  });

  it("have HTTPS and the port of the scheme", () => {
    const variables = of("https://[::1]/");
    expect(variables.get("HTTPS")).toBe("on");
    expect(variables.get("SERVER_PORT")).toBe("443");
    expect(variables.get("SERVER_NAME")).toBe("[::1]");
    expect(of("http://e.com/").has("HTTPS")).toBe(false);
  });

  it("have no REMOTE_ADDR by default", () => {
    expect(of("http://e.com/").has("REMOTE_ADDR")).toBe(false);
    const variables = of("http://e.com/", {}, { remoteAddress: "192.0.2.1", remotePort: 5 });
    expect([variables.get("REMOTE_ADDR"), variables.get("REMOTE_PORT")]).toEqual([
      "192.0.2.1",
      "5",
    ]);
  });

  it("have CONTENT_LENGTH only for a body of known length", () => {
    const post = { method: "POST", body: "hello" };
    expect(of("http://e.com/", post).has("CONTENT_LENGTH")).toBe(false);
    expect(of("http://e.com/", post, { contentLength: 5 }).get("CONTENT_LENGTH")).toBe("5");
    const headers = { "content-length": "5", "content-type": "a/b" };
    const variables = of("http://e.com/", { ...post, headers });
    expect(variables.get("CONTENT_LENGTH")).toBe("5");
    expect(variables.get("CONTENT_TYPE")).toBe("a/b");
    expect(of("http://e.com/", { headers }).has("CONTENT_LENGTH")).toBe(false);
    expect(() => of("http://e.com/", { ...post, headers: { "content-length": "x" } })).toThrow(
      badInput,
    );
  });

  it("S3.B hold no HTTP_CONTENT_LENGTH and no HTTP_CONTENT_TYPE", () => {
    const headers = { "content-length": "5", "content-type": "a/b" };
    const variables = of("http://e.com/", { method: "POST", body: "hello", headers });
    expect(variables.has("HTTP_CONTENT_LENGTH")).toBe(false);
    expect(variables.has("HTTP_CONTENT_TYPE")).toBe(false);
  });

  it("hold the headers", () => {
    const headers = { "x-a": "1", authorization: "Basic x", cookie: "a=1; b=2", host: "h:1" };
    const variables = of("http://e.com/", { headers });
    expect(variables.get("HTTP_X_A")).toBe("1");
    expect(variables.get("HTTP_AUTHORIZATION")).toBe("Basic x");
    expect(variables.get("HTTP_COOKIE")).toBe("a=1; b=2");
    expect(variables.getAll("HTTP_HOST")).toEqual(["h:1"]);
  });

  it("send a header's value as the bytes it is", () => {
    const variables = [...of("http://e.com/", { headers: { "x-a": "caf\xe9" } })];
    expect(variables).toContainEqual(["HTTP_X_A", bytes("caf\xe9")]);
  });

  it("never turn Proxy into HTTP_PROXY, nor fields about the connection", () => {
    const headers = { proxy: "http://evil", connection: "close", te: "trailers" };
    const names = [...of("http://e.com/", { headers })].map(([name]) => name);
    expect(names.filter((name) => name.startsWith("HTTP_"))).toEqual(["HTTP_HOST"]);
  });

  it.each(["x_user", "x.user", "x!user", "x_a"])("refuse the header %s", (name) => {
    expect(refusal([[name, "1"]])).toThrow(badInput);
    expect(new Variables(refusal([[name, "1"]], { oddHeaderNames: "drop" })()).size).toBe(
      new Variables(refusal([])()).size,
    );
    const variable = `HTTP_${name.toUpperCase().replace(/\W/, "_")}`;
    expect(refusal([[name, "1"]], { oddHeaderNames: "fold" })()).toContainEqual([variable, "1"]);
  });

  it.each([
    ["x-user", "x_user"],
    ["x_user", "x.user"],
    ["x-user", "x.user"],
  ])("refuse %s beside %s even if odd names may pass", (one, other) => {
    const headers: [string, string][] = [
      [one, "1"],
      [other, "2"],
    ];
    expect(refusal(headers, { oddHeaderNames: "fold" })).toThrow(badInput);
  });

  it.each(["content_length", "content.type", "transfer_encoding", "keep.alive"])(
    "refuse %s, which folds to what is kept out",
    (name) => {
      expect(refusal([[name, "1"]], { oddHeaderNames: "fold" })).toThrow(badInput);
    },
  );

  it("are replaced by those of the caller, which come last and may be repeated", () => {
    const variables = variablesFromRequest(new Request("http://e.com/"), {
      variables: [
        ["SERVER_SOFTWARE", undefined],
        ["REQUEST_URI", "/other"],
        ["X", "1"],
        ["X", bytes("\xff")],
      ],
    });
    expect(variables.slice(-3)).toEqual([
      ["REQUEST_URI", "/other"],
      ["X", "1"],
      ["X", bytes("\xff")],
    ]);
    const names = variables.map(([name]) => name);
    expect(names).not.toContain("SERVER_SOFTWARE");
    expect(names.filter((name) => name === "REQUEST_URI")).toHaveLength(1);
  });

  it("refuse a NUL anywhere, and an empty name", () => {
    expect(() => of("http://e.com/a%00b")).toThrow(badInput);
    for (const variable of [
      ["A\0", "x"],
      ["A", "x\0"],
      ["A", bytes("\0")],
      ["", "x"],
    ] as const) {
      expect(() => of("http://e.com/", {}, { variables: [variable] })).toThrow(badInput);
    }
  });
});
