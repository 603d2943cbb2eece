import { describe, expect, it } from "vitest";
import { exporterMetrics } from "../../../src/exporter/metrics/exporter-metrics.js";
import { poolMetrics } from "../../../src/exporter/metrics/pool-metrics.js";
import { httpdMetrics } from "../../../src/exporter/metrics/server-metrics.js";
import { createPool } from "../../../src/status-page/records.js";
import { fixture } from "../../apache/fixtures.js";
import { everything, fields, processIn } from "./everything.js";
import { poolSample, poolTarget, seriesOf, serverPage, serverTarget, textOf } from "./samples.js";

const modern = { style: "modern" } as const;
const exporter = {
  version: "1.2.3",
  elapsed: 5,
  reload: { successful: false, succeededAt: 2_500 },
  sources: [{ name: "files targets/*.yaml", targets: 1, ok: true }],
};

function linesOf(status: object, address = "tcp://127.0.0.1:9000/status"): string[] {
  const pool = Object.assign(createPool(), fields, status);
  return seriesOf(textOf([poolSample(pool, poolTarget(address))], modern));
}

describe("the table of metrics", () => {
  it.each(["drop-in", "modern"] as const)(
    "has a value for each metric of all samples (%s)",
    (style) => {
      const text = textOf(everything(), { style, exporter });
      const forms = [...poolMetrics, ...httpdMetrics, ...exporterMetrics].map(
        (each) => each[style],
      );
      for (const form of forms) {
        if (form !== undefined) expect(text).toContain(`\n# TYPE ${form.name} `);
      }
      const names = forms.flatMap((form) => (form === undefined ? [] : [form.name]));
      expect(new Set(names).size).toBe(names.length);
    },
  );

  it.each(["drop-in", "modern"] as const)(
    "has no series twice, and no label twice in one (%s)",
    (style) => {
      const text = textOf([...everything(), ...everything()], { style, exporter });
      const series = seriesOf(text).map((line) => line.slice(0, line.lastIndexOf(" ")));
      expect(series).toEqual([...new Set(series)]);
      for (const line of series) {
        const names = [...line.matchAll(/(\w+)="/g)].map((match) => match[1]);
        expect(names).toEqual([...new Set(names)]);
      }
    },
  );
});

describe("the modern style of a pool", () => {
  const of = 'pool="www",target="127.0.0.1:9000/status"';

  it("has base units, and no total beside its parts", () => {
    const lines = linesOf({ processes: [processIn("Idle", 0.0015, 4_096)] });
    expect(lines).toEqual(
      [
        `phpfpm_accepted_connections_total{${of}} 120`,
        `phpfpm_active_processes_peak{${of}} 4`,
        `phpfpm_listen_queue_connections{${of}} 1`,
        `phpfpm_listen_queue_limit_connections{${of}} 128`,
        `phpfpm_listen_queue_peak_connections{${of}} 2`,
        `phpfpm_max_children_reached_total{${of}} 0`,
        `phpfpm_memory_peak_bytes{${of}} 2097152`,
        `phpfpm_pm_info{${of},pm="dynamic"} 1`,
        `phpfpm_process_last_request_cpu_ratio{${of},child="0"} 0.125`,
        `phpfpm_process_last_request_memory_bytes{${of},child="0"} 4096`,
        `phpfpm_process_request_duration_seconds{${of},child="0"} 0.0015`,
        `phpfpm_process_requests_total{${of},child="0"} 9`,
        `phpfpm_process_state{${of},child="0",state="Idle"} 1`,
        `phpfpm_processes{${of},state="active"} 1`,
        `phpfpm_processes{${of},state="idle"} 3`,
        `phpfpm_scrape_duration_seconds{${of}} 0.004`,
        `phpfpm_scrape_failures_total{${of}} 0`,
        `phpfpm_slow_requests_total{${of}} 5`,
        `phpfpm_start_time_seconds{${of}} 1795935600`,
        `phpfpm_up{${of}} 1`,
      ].sort(),
    );
  });

  it("has no queue of a unix socket, where the page always says 0", () => {
    const lines = linesOf({ listenQueue: 0, maxListenQueue: 0, listenQueueLen: 0 });
    expect(lines.filter((line) => line.includes("_queue"))).toEqual([]);
  });

  it("has the kernel's queue instead of the page's", () => {
    const pool = Object.assign(createPool(), fields);
    const queue = { waiting: 7, abandoned: 2, limit: 511 };
    const lines = seriesOf(textOf([poolSample(pool, poolTarget("a:1"), { queue })], modern));
    expect(lines.filter((line) => line.includes("_queue"))).toEqual([
      'phpfpm_listen_queue_abandoned_connections{pool="www",target="a:1"} 2',
      'phpfpm_listen_queue_connections{pool="www",target="a:1"} 7',
      'phpfpm_listen_queue_limit_connections{pool="www",target="a:1"} 511',
      'phpfpm_listen_queue_peak_connections{pool="www",target="a:1"} 2',
    ]);
  });

  it.each([
    ["unix:///run/x.sock;/status", "unix:/run/x.sock:/status"],
    ["/run/x.sock:status", "unix:/run/x.sock:/status"],
    ["tcp://[::1]:9000/status", "[::1]:9000/status"],
    ["unix:@name:/status", "unix:@name:/status"],
    ["scgi://127.0.0.1:4000/status", "scgi://127.0.0.1:4000/status"],
    ["not an address", "not an address"],
  ])("spells %s as %s", (address, target) => {
    expect(linesOf({ pool: "www" }, address)).toContain(
      `phpfpm_up{pool="www",target="${target}"} 1`,
    );
  });

  it("tells targets apart that are one address in two spellings", () => {
    const pool = Object.assign(createPool(), fields);
    const addresses = ["tcp://127.0.0.1:9000/status", "127.0.0.1:9000/status"];
    const samples = addresses.map((address) => poolSample(pool, poolTarget(address)));
    const lines = seriesOf(textOf(samples, modern)).filter((line) => line.startsWith("phpfpm_up"));
    expect(lines).toEqual([`phpfpm_up{${of}} 1`, `phpfpm_up{${of.slice(0, -1)}#2"} 1`].sort());
  });
});

describe("the modern style of an httpd", () => {
  const target = serverTarget("http://127.0.0.1/server-status");
  const lines = seriesOf(textOf([serverPage(fixture("extras-idle--auto.txt"), target)], modern));
  const startingWith = (start: string) => lines.filter((line) => line.startsWith(start));
  const of = 'target="http://127.0.0.1/server-status"';

  it("has base units", () => {
    const dropIn = seriesOf(textOf([serverPage(fixture("extras-idle--auto.txt"), target)]));
    const number = (start: string, all = lines) =>
      Number(all.find((line) => line.startsWith(start))?.replace(/.* /, ""));
    expect(number("apache_sent_bytes_total")).toBe(
      1_024 * number("apache_sent_kilobytes_total", dropIn),
    );
    expect(number("apache_request_duration_seconds_total")).toBe(
      number("apache_duration_ms_total", dropIn) / 1_000,
    );
    expect(number(`apache_cpu_seconds_total{${of},mode="user"}`)).toBeCloseTo(
      number('apache_cpu_time_ms_total{type="user"}', dropIn) / 1_000,
    );
    expect(number("apache_tls_session_cache_usage_ratio")).toBe(
      number("apache_tls_session_cache_usage_percent", dropIn) / 100,
    );
    expect(startingWith("apache_requests_total")).toHaveLength(1);
  });

  it("has graceful workers and connections that wait for I/O as states, and no totals", () => {
    const states = (name: string) =>
      startingWith(`${name}{`).map((line) => /state="(\w+)"/.exec(line)?.[1]);
    expect(states("apache_workers")).toEqual(["busy", "graceful", "idle"]);
    expect(states("apache_connections")).toEqual(["closing", "keepalive", "wait_io", "writing"]);
    expect(states("apache_processes")).toEqual(["running", "stopping"]);
  });

  it("leaves out the load, the version as a number, and the share of a CPU", () => {
    expect(lines.join("\n")).not.toMatch(/^apache_(?:load|version|cpuload|uptime)/m);
    expect(startingWith("apache_generation").join()).toMatch(/kind="config".*kind="mpm"/);
  });

  it.each([
    ["UTC", "Sunday, 29-Nov-2026 07:00:15 UTC", 1_795_935_615],
    ["Kathmandu", "Sunday, 29-Nov-2026 12:45:15 +0545", 1_795_935_615],
    ["New York", "Sunday, 29-Nov-2026 02:00:15 EST", 1_795_935_615],
    ["no restart time", "", 1_795_935_615],
  ])(
    "has the time of the restart (%s), which does not change from page to page",
    (_, text, start) => {
      for (const uptime of text === "" ? [1] : [0, 1, 2]) {
        const page = `name\nRestartTime: ${text}\nServerUptimeSeconds: ${uptime}\nBusyWorkers: 1\nScoreboard: W\n`;
        expect(seriesOf(textOf([serverPage(page, target)], modern))).toContain(
          `apache_start_time_seconds{${of}} ${start}`,
        );
      }
    },
  );
});
