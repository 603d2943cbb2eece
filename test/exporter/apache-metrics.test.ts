import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseServerStatus } from "../../src/apache/page/text-page.js";
import { ErrorCode, GatewayError } from "../../src/errors.js";
import { ApacheMetrics } from "../../src/exporter/apache-metrics.js";
import { fixture } from "../apache/fixtures.js";

const folder = fileURLToPath(new URL("../fixtures/apache-exporter/", import.meta.url));
/** Each page, and the metrics that prometheus-apache-exporter 0.12 makes of it. */
const pairs = readdirSync(folder)
  .filter((name) => name.endsWith(".auto.txt"))
  .map((name) => name.slice(0, -".auto.txt".length));

const url = "http://127.0.0.1/server-status";

function metricsOf(page: Uint8Array): string {
  const metrics = new ApacheMetrics();
  metrics.add({ target: url, ok: true, value: parseServerStatus(page), elapsed: 1 });
  return [...metrics.text()].join("");
}

const pageOf = (text: string) => metricsOf(new TextEncoder().encode(text));
/** Sorts lines, whose order has no meaning: those of apache_exporter are sorted. */
const linesOf = (text: string, start: RegExp) =>
  text
    .split("\n")
    .filter((line) => start.test(line))
    .sort();
const samplesOf = (text: string) => linesOf(text, /^[a-z]/);
const typesOf = (text: string) => linesOf(text, /^# TYPE /);
const isOfExporter = (line: string) => line.includes("apache_exporter_build_info");

/** Metrics that apache_exporter lacks. They come from other keys of the page. */
const isMore = (line: string) =>
  /^(?:# TYPE )?apache_tls_session_cache_/.test(line) ||
  line.startsWith('apache_workers{state="graceful"}') ||
  line.startsWith('apache_connections{state="wait_io"}');

describe("the metrics of a page", () => {
  it("are compared for every captured pair", () => {
    expect(pairs.length).toBeGreaterThanOrEqual(23);
  });

  it.each(pairs)("are apache_exporter's: %s", (name) => {
    const ours = metricsOf(readFileSync(`${folder}${name}.auto.txt`));
    const theirs = readFileSync(`${folder}${name}.metrics.txt`, "utf8");
    // Without ExtendedStatus there is no line Uptime, but ServerUptimeSeconds has the same value.
    const isUptime = (line: string) =>
      name.startsWith("extoff") && line.includes("apache_uptime_seconds_total");
    const kept = (line: string) => !isMore(line) && !isUptime(line);
    expect(samplesOf(ours).filter(kept)).toEqual(
      samplesOf(theirs).filter((line) => !isOfExporter(line)),
    );
    expect(typesOf(ours).filter(kept)).toEqual(
      typesOf(theirs).filter((line) => !isOfExporter(line)),
    );
  });

  it("show graceful workers, connections that wait for I/O, and the cache of TLS sessions", () => {
    const text = metricsOf(fixture("extras-idle--auto.txt"));
    expect(text).toContain('apache_workers{state="graceful"} 0\n');
    expect(text).toContain('apache_connections{state="wait_io"} 0\n');
    expect(text).toContain("apache_tls_session_cache_shared_memory_bytes 512000\n");
    expect(text).toMatch(/^apache_tls_session_cache_stores_total \d+$/m);
  });

  it("have 0 if a balancer has counted its busy requests below zero", () => {
    const page = new TextDecoder().decode(fixture("extras-idle--auto.txt"));
    const text = pageOf(page.replace("Worker[0]Busy: 0", "Worker[0]Busy: 18446744073709551615"));
    const busy =
      /^apache_proxy_balancer_busy\{balancer="balancer:\/\/pool1",worker="fcgi:.*9101"\} 0$/m;
    expect(text).toMatch(busy);
    expect(text).not.toContain("e+19");
  });

  it("have an uptime even without ExtendedStatus", () => {
    expect(metricsOf(fixture("extoff-idle--auto.txt"))).toMatch(
      /^apache_uptime_seconds_total \d+$/m,
    );
  });

  it("have a letter without a name as it is", () => {
    const text = pageOf("BusyWorkers: 1\nIdleWorkers: 0\nScoreboard: WZZ\n");
    expect(text).toContain('apache_scoreboard{state="Z"} 2\n');
  });

  it("use the second count of workers if event prints two", () => {
    const text = pageOf(
      "BusyWorkers: 1\nIdleWorkers: 2\nBusyWorkers: 3\nIdleWorkers: 4\nScoreboard: W\n",
    );
    expect(text).toContain('apache_workers{state="busy"} 3\napache_workers{state="idle"} 4\n');
  });

  it.each([
    ["Apache/2.4.23 (Unix)", "2.04023"],
    ["Apache/2.2.3", "2.02003"],
  ])("have the version %s as %s", (version, number) => {
    const text = pageOf(`name\nServerVersion: ${version}\nBusyWorkers: 1\nScoreboard: W\n`);
    expect(text).toContain(`apache_version ${number}\n`);
  });

  it("have no version if the server hides it", () => {
    const text = pageOf("name\nServerVersion: Apache\nBusyWorkers: 1\nScoreboard: W\n");
    expect(text).not.toContain("apache_version");
    expect(text).toContain('apache_info{mpm="UNKNOWN",version="Apache"} 1\n');
  });

  it("escape what a server puts into its texts", () => {
    const text = pageOf('name\nServerVersion: a"b\\c\nBusyWorkers: 1\nScoreboard: W\n');
    expect(text).toContain('version="a\\"b\\\\c"');
  });
});

describe("the metrics of servers", () => {
  const failed = (code: ErrorCode) => {
    const metrics = new ApacheMetrics();
    metrics.add({ target: url, ok: false, error: new GatewayError(code, "no"), elapsed: 1 });
    return samplesOf([...metrics.text()].join(""));
  };

  it.each([
    [ErrorCode.Refused, 0],
    [ErrorCode.Deadline, 0],
    [ErrorCode.AccessDenied, 1],
    [ErrorCode.NotAStatusPage, 1],
  ])("have apache_up for the error %s: %d", (code, up) => {
    expect(failed(code)).toEqual(["apache_exporter_scrape_failures_total 1", `apache_up ${up}`]);
  });

  it("have a label each if there are several servers, and are grouped by name", () => {
    const metrics = new ApacheMetrics();
    const value = parseServerStatus(fixture("prefork-idle--auto.txt"));
    metrics.add({ target: "http://a/", ok: true, value, elapsed: 1 });
    metrics.add({ target: "http://b/", ok: true, value, elapsed: 1 });
    const text = [...metrics.text()].join("");
    expect(text).toContain(
      'apache_up{scrape_uri="http://a/"} 1\napache_up{scrape_uri="http://b/"} 1\n',
    );
    expect(text).toContain('apache_load{interval="1min",scrape_uri="http://b/"}');
    const heads = typesOf(text);
    expect(new Set(heads).size).toBe(heads.length);
  });
});
