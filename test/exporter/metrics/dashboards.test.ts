import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fixture } from "../../apache/fixtures.js";
import { describeWith } from "../../harness/describe-with.js";
import { makeFolder } from "../../harness/server-process.js";
import { requireServer } from "../../harness/servers.js";
import { captured, capturedPools } from "./captured-pools.js";
import { seriesOf, serverPage, serverTarget, textOf } from "./samples.js";

/** What published dashboards, alerts and autoscalers ask about PHP-FPM, by where they are. */
const poolExpressions = {
  "Grafana dashboard 4912": [
    'sum(phpfpm_active_processes{namespace="web",kubernetes_pod_name=~".*"}) by (kubernetes_pod_name)',
    'sum(phpfpm_idle_processes{namespace="web"})',
    'sum(phpfpm_total_processes{namespace="web"})',
    'avg(phpfpm_listen_queue{namespace="web"})',
    'sum(delta(phpfpm_accepted_connections{namespace="web"}[2m])) by (kubernetes_pod_name)',
    'phpfpm_max_children_reached{namespace="web"}',
    'sum(phpfpm_scrape_failures{namespace="web"}) by (kubernetes_pod_name)',
    'count(phpfpm_up{namespace="web"} > 0)',
    'sum(phpfpm_process_state{namespace="web"}) by (state)',
    'avg(phpfpm_process_request_duration{namespace="web"}) by (kubernetes_pod_name)',
    'sum(phpfpm_process_requests{namespace="web"}) by (kubernetes_pod_name, pid_hash)',
  ],
  "jsonnet-libs' phpfpm-mixin": [
    'increase(phpfpm_scrape_failures{pool=~"www|dyn"}[5m])',
    "phpfpm_max_children_reached",
    "sum by (pool) (phpfpm_active_processes) / sum by (pool) (phpfpm_total_processes)",
    'rate(phpfpm_accepted_connections{pool="www"}[5m])',
    "increase(phpfpm_listen_queue[5m])",
    "increase(phpfpm_slow_requests[5m])",
    "count by (pool) (phpfpm_up)",
    "phpfpm_up != 1",
    "increase(phpfpm_scrape_failures[1m]) > 0",
  ],
  "sysdig's alerts": [
    "sum(phpfpm_up) / 4 < 0.75",
    "phpfpm_start_since < 1800",
    "rate(phpfpm_max_children_reached[5m]) > 0",
    "phpfpm_listen_queue / phpfpm_listen_queue_length > 0.8",
    "sum(rate(phpfpm_slow_requests[5m])) / sum(rate(phpfpm_process_requests[5m])) > 0.1",
  ],
  "uptrace's templates": [
    "sum by (pool, instance) (rate(phpfpm_accepted_connections[5m]))",
    "max by (pool) (phpfpm_listen_queue)",
    "sum by (pool) (phpfpm_total_processes)",
  ],
  "autoscalers (KEDA, prometheus-adapter)": [
    "sum by (namespace, pod) (phpfpm_active_processes) / sum by (namespace, pod) (phpfpm_total_processes)",
    'avg(phpfpm_active_processes{namespace="web"} / phpfpm_total_processes{namespace="web"}) * 100',
  ],
};

/** What they ask about httpd. The rates of response codes are not the exporter's. */
const serverExpressions = {
  "Grafana dashboard 3894": [
    'apache_up{instance=~"web.*"}',
    'apache_uptime_seconds_total{instance=~"web.*"}',
    'rate(apache_sent_kilobytes_total{instance=~"web.*"}[5m])',
    'rate(apache_accesses_total{instance=~"web.*"}[5m])',
    'apache_scoreboard{instance=~"web.*"}',
    'apache_workers{instance=~"web.*",state="busy"}',
    "sum(apache_workers)",
    'apache_cpuload{instance=~"web.*"}',
  ],
  "the apache-http-mixin": [
    'rate(apache_duration_ms_total{job=~".+"}[5m]) / rate(apache_accesses_total[5m])',
    "apache_info",
    "count by (version) (apache_info)",
    "apache_up == 0",
    "apache_uptime_seconds_total / 60 < 1",
    'sum by (instance) (apache_workers{state="busy"}) / sum by (instance) (apache_scoreboard) * 100 > 80',
    "increase(apache_duration_ms_total[5m]) / increase(apache_accesses_total[5m]) > 5000",
    "sum by (instance) (apache_connections)",
    "sum by (state) (apache_scoreboard)",
  ],
};

/** Labels that Prometheus' discovery adds. */
const discovered =
  'instance="web-1:9253",job="web",namespace="web",pod="web-1",kubernetes_pod_name="web-1"';

/**
 * What promtool says about expressions whose results are expected to be empty: the series that each
 * one has. Every series grows by one a minute, so that rates are not 0.
 */
function resultsOf(text: string, expressions: readonly string[]): string[] {
  const series = seriesOf(text).map((line) => {
    const [, name, labels, value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    const all = labels === undefined ? discovered : `${labels},${discovered}`;
    return { series: `${name}{${all}}`, values: `${value}+1x30` };
  });
  const tests = expressions.map((expr) => ({ expr, eval_time: "20m" }));
  const test = { interval: "1m", input_series: series, promql_expr_test: tests };
  const folder = makeFolder();
  try {
    const file = join(folder, "test.yml");
    writeFileSync(
      file,
      JSON.stringify({ rule_files: [], evaluation_interval: "1m", tests: [test] }),
    );
    const { stdout, stderr } = spawnSync(requireServer("promtool"), ["test", "rules", file], {
      encoding: "utf8",
    });
    return `${stdout}${stderr}`.split(/^ {4}expr: /m).slice(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describeWith(["promtool"], "expressions of published dashboards and alerts", () => {
  const pools = textOf(capturedPools());

  it.each(Object.entries(poolExpressions))(
    "have the same series as from php-fpm_exporter: %s",
    (_, expressions) => {
      const theirs = resultsOf(captured, expressions);
      expect(theirs.length).toBeGreaterThanOrEqual(2);
      expect(resultsOf(pools, expressions)).toEqual(theirs);
    },
  );

  it.each(Object.entries(serverExpressions))(
    "have the same series as from apache_exporter: %s",
    (_, expressions) => {
      for (const name of ["event-loaded", "prefork-loaded", "extras-idle"]) {
        const file = new URL(`../../fixtures/apache-exporter/${name}`, import.meta.url).pathname;
        const theirs = resultsOf(readFileSync(`${file}.metrics.txt`, "utf8"), expressions);
        expect(theirs.length).toBeGreaterThanOrEqual(2);
        const page = readFileSync(`${file}.auto.txt`);
        const ours = textOf([serverPage(page, serverTarget("http://127.0.0.1/server-status"))]);
        expect(resultsOf(ours, expressions)).toEqual(theirs);
      }
    },
  );

  it("would tell a difference: graceful workers in a state of their own change a sum", () => {
    const ours = textOf([serverPage(fixture("extras-idle--auto.txt"), serverTarget("http://a/"))]);
    const worse = ours.replace("apache_workers_graceful 0", 'apache_workers{state="graceful"} 1');
    expect(worse).not.toBe(ours);
    const sum = ["sum(apache_workers)"];
    expect(resultsOf(worse, sum)).not.toEqual(resultsOf(ours, sum));
  });
});
