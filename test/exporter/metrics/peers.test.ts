import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Sample } from "../../../src/exporter/sample.js";
import { fixture as serverFixture } from "../../apache/fixtures.js";
import { describeWith } from "../../harness/describe-with.js";
import { requireServer } from "../../harness/servers.js";
import { captured, capturedPools } from "./captured-pools.js";
import { everything } from "./everything.js";
import { seriesOf, serverPage, serverTarget, sortedLabels, textOf, typesOf } from "./samples.js";

/** Metrics of ours under names that php-fpm_exporter does not have. */
const isMore = (line: string) =>
  /phpfpm_(?:scrape_(?:error|duration_seconds)|pm_info)\b/.test(line);

describe("the drop-in style beside php-fpm_exporter", () => {
  const ours = textOf(capturedPools());

  it("has the same series, with the same labels and values", () => {
    const lines = seriesOf(ours).filter((line) => !isMore(line));
    expect(lines.map(sortedLabels).sort()).toEqual(seriesOf(captured));
    expect(lines.length).toBeGreaterThan(80);
  });

  it("has the same types", () => {
    expect(typesOf(ours).filter((line) => !isMore(line))).toEqual(typesOf(captured));
  });
});

function complaintsOf(text: string): string[] {
  const options = { input: text, encoding: "utf8" } as const;
  const { stdout, stderr } = spawnSync(requireServer("promtool"), ["check", "metrics"], options);
  return `${stdout}${stderr}`
    .split("\n")
    .filter((line) => line !== "")
    .sort();
}

/** The text with a help for each metric, as the peers have: the captures are without. */
const withHelp = (text: string) => text.replace(/^# TYPE (\S+)/gm, "# HELP $1 Help.\n$&");

describeWith(["promtool"], "promtool check metrics", () => {
  const exporter = {
    version: "1.2.3",
    elapsed: 5,
    reload: { successful: true, succeededAt: 1e12 },
    sources: [{ name: "files targets/*.yaml", targets: 1, ok: true }],
  };

  it("complains about the drop-in metrics of pools as about php-fpm_exporter's, 8 times", () => {
    const theirs = complaintsOf(withHelp(captured));
    expect(theirs).toHaveLength(8);
    expect(complaintsOf(textOf(capturedPools()))).toEqual(theirs);
  });

  it("complains about the drop-in metrics of httpd as about apache_exporter's, 3 times", () => {
    const file = new URL("../../fixtures/apache-exporter/extras-idle.metrics.txt", import.meta.url);
    const theirs = complaintsOf(readFileSync(file, "utf8"));
    expect(theirs).toHaveLength(3);
    const page = serverFixture("extras-idle--auto.txt");
    expect(complaintsOf(textOf([serverPage(page, serverTarget("http://a/"))]))).toEqual(theirs);
  });

  it("complains about nothing that the drop-in style adds", () => {
    const all = complaintsOf(textOf(everything(), { exporter }));
    const known =
      /^(?:phpfpm_(?:accepted_connections|max_active_processes|max_children_reached|max_listen_queue|process_requests|scrape_failures|slow_requests|start_since)|apache_(?:cpu_time_ms|duration_ms|sent_kilobytes)_total) /;
    expect(all.filter((line) => !known.test(line))).toEqual([]);
    expect(all).toHaveLength(11);
  });

  it("complains about nothing in the modern style", () => {
    const samples: readonly Sample[] = everything();
    expect(complaintsOf(textOf(samples, { style: "modern", exporter }))).toEqual([]);
  });
});
