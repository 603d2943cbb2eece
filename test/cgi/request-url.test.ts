import { describe, expect, it } from "vitest";
import { requestParts } from "../../src/cgi/request-from-variables.js";
import { Variables } from "../../src/cgi/variables.js";
import { bytes } from "../bytes.js";

const urlOf = (variables: Record<string, string | Uint8Array>, defaultHost?: string) =>
  requestParts(new Variables(Object.entries(variables)), { defaultHost }).url;

const failure = (variables: Record<string, string | Uint8Array>): string => {
  try {
    return urlOf(variables);
  } catch (error) {
    return (error as Error).message;
  }
};

describe("a SERVER_NAME that is no host, with a client that names none,", () => {
  it.each([
    "~^www\\d+\\.example\\.com$",
    "~^(?<name>.+)$",
    "_",
    "--",
    "!@#",
    "*.example.com",
    "www.example.*",
    "a b",
    "x/y",
    "user@h",
    "h?x",
    "café.example",
    "256.1.1.1",
    "fe80::1%eth0",
    "example.com:8080",
    "[",
    `${"a".repeat(100_000)}!`,
  ])("is the default host: %j", (name) => {
    expect(urlOf({ SERVER_NAME: name, SERVER_PORT: "81" })).toBe("http://localhost/");
    expect(urlOf({ SERVER_NAME: name }, "shop.example:81")).toBe("http://shop.example:81/");
    expect(urlOf({ SERVER_NAME: name, HTTP_HOST: "h.example" })).toBe("http://h.example/");
  });

  it.each(["~^www", "_", "a b", "[", "café.example"])(
    "is no fault of the client's where the front end sends it as HTTP_HOST: %j",
    (name) => {
      expect(urlOf({ SERVER_NAME: name, HTTP_HOST: name })).toBe("http://localhost/");
      expect(failure({ SERVER_NAME: "h.example", HTTP_HOST: name })).toContain("HTTP_HOST is");
    },
  );

  it.each(["999.1.1.1", "a:b", "[::1"])("but no excuse for a client's host: %s", (host) => {
    expect(failure({ SERVER_NAME: host, HTTP_HOST: host })).toContain("HTTP_HOST is");
  });

  it("is the default host when the port is none", () => {
    expect(urlOf({ SERVER_NAME: "s", SERVER_PORT: "99999" })).toBe("http://localhost/");
  });

  it.each([
    ["s", "http://s/"],
    ["a_b.Example", "http://a_b.example/"],
    ["127.0.0.1", "http://127.0.0.1/"],
    ["::1", "http://[::1]/"],
    ["[::1]", "http://[::1]/"],
  ])("but a host is one: %s", (name, url) => {
    expect(urlOf({ SERVER_NAME: name })).toBe(url);
  });
});

describe("the query of a URL", () => {
  it.each([
    ["/a", "b=c", "/a?b=c"],
    ["/a?", "b=c", "/a?b=c"],
    ["/a?b=c", "d=e", "/a?b=c"],
    ["/a?b=c", "", "/a?b=c"],
    ["/a", "", "/a"],
    ["/a?", "", "/a?"],
    ["http://h.example/a", "b=c", "/a?b=c"],
    ["http://h.example", "b=c", "/?b=c"],
    ["*", "b", "/?b"],
    ["/a%3Fb", "c", "/a%3Fb?c"],
    ["/a", "b=?#c d", "/a?b=?%23c%20d"],
  ])("of REQUEST_URI %s and QUERY_STRING %s", (uri, query, target) => {
    expect(urlOf({ REQUEST_URI: uri, QUERY_STRING: query })).toBe(`http://localhost${target}`);
  });

  it("may have any bytes", () => {
    const query = bytes("q=\xc3\xa9\xff");
    expect(urlOf({ REQUEST_URI: "/a", QUERY_STRING: query })).toBe(
      "http://localhost/a?q=%C3%A9%FF",
    );
  });
});

describe("what a front end sent that cannot be", () => {
  it.each([
    [bytes("caf\xc3\xa9"), "café"],
    ["café", "café"],
    [bytes("caf\xe9"), "caf%E9"],
  ])("is shown in Unicode: %j", (host, shown) => {
    expect(failure({ HTTP_HOST: host })).toBe(`HTTP_HOST is "${shown}", which is invalid`);
    expect(failure({ REQUEST_METHOD: host })).toBe(
      `REQUEST_METHOD is "${shown}", which is invalid`,
    );
  });
});
