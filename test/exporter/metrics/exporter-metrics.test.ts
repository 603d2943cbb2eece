import { describe, expect, it } from "vitest";
import type { ExporterFacts } from "../../../src/exporter/metrics/exporter-metrics.js";
import { everything } from "./everything.js";
import { seriesOf, textOf } from "./samples.js";

const facts = { version: "1.2.3", elapsed: 250 };
const reload = { successful: false, succeededAt: 1_795_935_600_500 };

/** The series of the exporter itself. */
function ownSeries(exporter: ExporterFacts | undefined, style: "drop-in" | "modern") {
  const text = textOf(everything(), { style, exporter });
  return seriesOf(text).filter((line) => line.startsWith("fcgi_probe_"));
}

describe.each(["drop-in", "modern"] as const)("the metrics of the exporter (%s)", (style) => {
  it("are its version, its targets, and how long they took", () => {
    expect(ownSeries(facts, style)).toEqual([
      `fcgi_probe_build_info{version="1.2.3",node="${process.versions.node}"} 1`,
      "fcgi_probe_scrape_duration_seconds 0.25",
      'fcgi_probe_targets{kind="apache"} 2',
      'fcgi_probe_targets{kind="phpfpm"} 2',
    ]);
  });

  it("say whether the last configuration could be read, and since when this one is in use", () => {
    expect(ownSeries({ ...facts, reload }, style)).toEqual(
      expect.arrayContaining([
        "fcgi_probe_config_last_reload_successful 0",
        "fcgi_probe_config_last_reload_success_timestamp_seconds 1795935600.5",
      ]),
    );
  });

  it("say of each source of targets whether all of it could be read", () => {
    const sources = [
      { name: 'files "t"/*.yaml', targets: 3, ok: true },
      { name: "discovery", targets: 0, ok: false },
    ];
    const series = ownSeries({ ...facts, sources }, style);
    expect(series.filter((line) => line.includes("source"))).toEqual([
      'fcgi_probe_source_up{source="discovery"} 0',
      String.raw`fcgi_probe_source_up{source="files \"t\"/*.yaml"} 1`,
    ]);
  });

  it("are not there for a single target", () => {
    expect(ownSeries(undefined, style)).toEqual([]);
  });
});

it("apache_exporter's own version is that of this exporter, where there is an httpd", () => {
  const builds = (samples: ReturnType<typeof everything>, style: "drop-in" | "modern") =>
    seriesOf(textOf(samples, { style, exporter: facts })).filter((line) =>
      line.startsWith("apache_exporter_build_info"),
    );
  const names = 'branch="",goarch="\\w+",goos="\\w+",goversion="node[\\d.]+"';
  const build = `{${names},revision="unknown",tags="unknown",version="1.2.3"} 1`;
  expect(builds(everything(), "drop-in")).toEqual([
    expect.stringMatching(`^apache_exporter_build_info${build.replace(/[{}]/g, "\\$&")}$`),
  ]);
  const pools = everything().filter(({ kind }) => kind === "phpfpm");
  expect(builds(pools, "drop-in")).toEqual([]);
  expect(builds(everything(), "modern")).toEqual([]);
});
