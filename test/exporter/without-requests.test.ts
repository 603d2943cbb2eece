import { describe, expect, it } from "vitest";
import { withoutRequests } from "../../src/exporter/without-requests.js";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { fixture } from "../fixtures.js";
import { poolSample, poolTarget, textOf } from "./metrics/samples.js";

describe("a status without requests", () => {
  const page = fixture("fpm-status/static-slow--text-full.body.txt");
  const status = parseStatusPage(page);
  const target = poolTarget("127.0.0.1:9000/status");

  it("has the same metrics in both styles", () => {
    expect(status.processes?.length).toBeGreaterThan(0);
    for (const style of ["drop-in", "modern"] as const) {
      const text = textOf([poolSample(withoutRequests(status), target)], { style });
      expect(text).toBe(textOf([poolSample(status, target)], { style }));
    }
  });

  it("has no part of a request", () => {
    const { processes = [] } = withoutRequests(status);
    for (const { requestMethod, requestUri, user, script } of processes) {
      expect([requestMethod, requestUri, user, script]).toEqual(["", "", "", ""]);
    }
    expect(status.processes?.some(({ requestUri }) => requestUri !== "")).toBe(true);
  });

  it("has no processes if the page has none", () => {
    const bare = parseStatusPage(fixture("fpm-status/static-slow--text.body.txt"));
    expect(withoutRequests(bare).processes).toBeUndefined();
  });
});
