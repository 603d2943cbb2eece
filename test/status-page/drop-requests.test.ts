import { describe, expect, it } from "vitest";
import { dropRequests } from "../../src/status-page/drop-requests.js";
import { parseStatusPage } from "../../src/status-page/read-page.js";
import { textOf as metricsOf, poolSample, poolTarget } from "../exporter/metrics/samples.js";
import { fixture } from "../fixtures.js";

const page = fixture("fpm-status/static-slow--text-full.body.txt");
const text = Buffer.from(page).toString("latin1");
const target = poolTarget("127.0.0.1:9000/status");

/** The page with another state of its processes. */
const withState = (state: string) => Buffer.from(text.replaceAll(/^(state: +).*$/gm, `$1${state}`));

describe("a status without requests", () => {
  it.each([
    ["a text page", () => page],
    ["a text page with states of PHP 7.3", () => withState("Getting request informations")],
    ["a text page with unknown states", () => withState("Größer")],
    ["a text page with a process that is being created", () => withState("(null)")],
    ["a JSON page", () => fixture("fpm-status/static-slow--json-full.body.json")],
  ])("has the same metrics and states in both styles: %s", (_, bytes) => {
    const [status, whole] = [parseStatusPage(bytes()), parseStatusPage(bytes())];
    expect(status.processes?.length).toBeGreaterThan(0);
    expect(dropRequests(status)).toBe(status);
    const statesOf = ({ processes }: typeof status) => processes?.map(({ state }) => state);
    expect(statesOf(status)).toEqual(statesOf(whole));
    for (const style of ["drop-in", "modern"] as const) {
      const metrics = metricsOf([poolSample(status, target)], { style });
      expect(metrics).toBe(metricsOf([poolSample(whole, target)], { style }));
    }
  });

  it.each(["text-full.body.txt", "json-full.body.json"])("has no part of a request: %s", (name) => {
    const status = parseStatusPage(fixture(`fpm-status/static-slow--${name}`));
    const textsOf = () =>
      (status.processes ?? []).flatMap(({ requestMethod, requestUri, user, script }) => [
        ...[requestMethod, requestUri, user, script],
      ]);
    expect(textsOf().join("")).not.toBe("");
    dropRequests(status);
    expect(textsOf().join("")).toBe("");
  });

  it("has no processes if the page has none", () => {
    const bare = parseStatusPage(fixture("fpm-status/static-slow--text.body.txt"));
    expect(dropRequests(bare).processes).toBeUndefined();
  });
});
