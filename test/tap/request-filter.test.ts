import { describe, expect, it } from "vitest";
import { parseFilter } from "../../src/tap/request-filter.js";
import type { TappedRequest } from "../../src/tap/tapped-request.js";

const request: TappedRequest = {
  protocol: "fcgi",
  connection: 3,
  requestId: 1,
  outcome: "complete",
  startedAt: new Date(0),
  firstByte: 20.5,
  elapsed: 120,
  status: 503,
  method: "POST",
  uri: "/api/orders?id=1",
  script: "/var/www/index.php",
  sent: 10,
  received: 2_000,
  stderr: "PHP Warning: x",
  appStatus: 0,
  protocolStatus: 0,
};

describe("a condition", () => {
  it.each([
    ["status>=500", true],
    ["status=503", true],
    ["status!=503", false],
    ["time>120", false],
    ["time <= 120.0", true],
    ["first<21", true],
    ["bytes>1999", true],
    ["method=POST", true],
    ["method=post", false],
    ["uri=/api/*", true],
    ["uri=*orders*id=*", true],
    ["uri=/api/orders", false],
    ["uri!=/api/*", false],
    ["script=*.php", true],
    ["stderr=*Warning*", true],
    ["outcome=complete", true],
  ])("%s holds: %s", (text, holds) => {
    expect(parseFilter(text)(request)).toBe(holds);
  });

  it("on a status does not hold for a request without one, unless it excludes one", () => {
    const without = { ...request, status: undefined };
    expect(parseFilter("status>=500")(without)).toBe(false);
    expect(parseFilter("status!=200")(without)).toBe(true);
  });

  it("of many wildcards needs no backtracking", () => {
    const long = { ...request, uri: "a".repeat(2_048) };
    expect(parseFilter(`uri=${"a*".repeat(200)}b`)(long)).toBe(false);
  });

  it.each(["", "status", "status>", "status>x", "method>POST", "nothing=1", "status~5"])(
    "%j is refused",
    (text) => {
      expect(() => parseFilter(text)).toThrow(/is not a condition/);
    },
  );
});
