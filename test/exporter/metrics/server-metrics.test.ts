import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ErrorCode } from "../../../src/errors.js";
import { fixture } from "../../apache/fixtures.js";
import {
  failedSample,
  seriesOf,
  serverPage,
  serverTarget,
  sortedLabels,
  textOf,
  typesOf,
} from "./samples.js";

const folder = fileURLToPath(new URL("../../fixtures/apache-exporter/", import.meta.url));
/** Each page, and the metrics that prometheus-apache-exporter 0.12 makes of it. */
const pairs = readdirSync(folder)
  .filter((name) => name.endsWith(".auto.txt"))
  .map((name) => name.slice(0, -".auto.txt".length));

const target = serverTarget("http://127.0.0.1/server-status");
const metricsOf = (page: Uint8Array | string) => textOf([serverPage(page, target)]);
const isOfExporter = (line: string) => line.includes("apache_exporter_build_info");

/** Metrics that apache_exporter lacks, under names that it does not have. */
const isMore = (line: string) =>
  /^(?:# TYPE )?apache_(?:tls_session_cache_|workers_graceful|connections_wait_io|scrape_)/.test(
    line,
  );

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
    expect(seriesOf(ours).filter(kept)).toEqual(
      seriesOf(theirs).filter((line) => !isOfExporter(line)),
    );
    expect(typesOf(ours).filter(kept)).toEqual(
      typesOf(theirs).filter((line) => !isOfExporter(line)),
    );
  });

  it("show graceful workers, connections that wait for I/O, and the cache of TLS sessions", () => {
    const text = metricsOf(fixture("extras-idle--auto.txt"));
    expect(text).toContain("apache_workers_graceful 0\n");
    expect(text).toContain("apache_connections_wait_io 0\n");
    expect(text).toContain("apache_tls_session_cache_shared_memory_bytes 512000\n");
    expect(text).toMatch(/^apache_tls_session_cache_stores_total \d+$/m);
  });

  it("have 0 if a balancer has counted its busy requests below zero", () => {
    const page = new TextDecoder().decode(fixture("extras-idle--auto.txt"));
    const text = metricsOf(page.replace("Worker[0]Busy: 0", "Worker[0]Busy: 18446744073709551615"));
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
    const text = metricsOf("BusyWorkers: 1\nIdleWorkers: 0\nScoreboard: WZZ\n");
    expect(text).toContain('apache_scoreboard{state="Z"} 2\n');
  });

  it("use the second count of workers if event prints two", () => {
    const text = metricsOf(
      "BusyWorkers: 1\nIdleWorkers: 2\nBusyWorkers: 3\nIdleWorkers: 4\nScoreboard: W\n",
    );
    expect(text).toContain('apache_workers{state="busy"} 3\napache_workers{state="idle"} 4\n');
  });

  it.each([
    ["Apache/2.4.23 (Unix)", "2.04023"],
    ["Apache/2.2.3", "2.02003"],
  ])("have the version %s as %s", (version, number) => {
    const text = metricsOf(`name\nServerVersion: ${version}\nBusyWorkers: 1\nScoreboard: W\n`);
    expect(text).toContain(`apache_version ${number}\n`);
  });

  it("have no version if the server hides it", () => {
    const text = metricsOf("name\nServerVersion: Apache\nBusyWorkers: 1\nScoreboard: W\n");
    expect(text).not.toContain("apache_version");
    expect(text).toContain('apache_info{mpm="UNKNOWN",version="Apache"} 1\n');
  });

  it("escape what a server puts into its texts", () => {
    const text = metricsOf('name\nServerVersion: a"b\\c\nBusyWorkers: 1\nScoreboard: W\n');
    expect(text).toContain('version="a\\"b\\\\c"');
  });
});

describe("the metrics of servers", () => {
  const isDuration = (line: string) => line.startsWith("apache_scrape_duration_seconds");

  it.each([
    [ErrorCode.Refused, 0, "refused"],
    [ErrorCode.Deadline, 0, "timeout"],
    [ErrorCode.AccessDenied, 1, "access_denied"],
    [ErrorCode.NotAStatusPage, 1, "not_a_status_page"],
  ])("have apache_up for the error %s: %d, and the reason", (code, up, reason) => {
    const text = textOf([failedSample(target, { code, failures: 3 })]);
    expect(seriesOf(text).filter((line) => !isDuration(line))).toEqual([
      "apache_exporter_scrape_failures_total 3",
      `apache_scrape_error{reason="${reason}"} 1`,
      `apache_up ${up}`,
    ]);
  });

  it("have a label each if there are several servers, and are grouped by name", () => {
    const page = fixture("prefork-idle--auto.txt");
    const text = textOf([
      serverPage(page, serverTarget("http://a/")),
      serverPage(page, serverTarget("http://b/")),
    ]);
    expect(text).toContain(
      'apache_up{scrape_uri="http://a/"} 1\napache_up{scrape_uri="http://b/"} 1\n',
    );
    expect(seriesOf(text).map(sortedLabels)).toContainEqual(
      expect.stringMatching(/^apache_load\{interval="1min",scrape_uri="http:\/\/b\/"\}/),
    );
    const heads = typesOf(text);
    expect(new Set(heads).size).toBe(heads.length);
  });

  it("never have a password as a label", () => {
    const page = fixture("prefork-idle--auto.txt");
    const urls = ["http://me:secret@a/", "http://b/"];
    for (const style of ["drop-in", "modern"] as const) {
      const samples = urls.map((url) => serverPage(page, serverTarget(url)));
      const text = textOf(samples, { style });
      expect(text).toContain('="http://a/"');
      expect(text).not.toContain("secret");
    }
  });
});
