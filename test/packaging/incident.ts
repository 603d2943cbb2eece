import { execFile } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type RunningExporter, startExporter } from "../cli/exporter/start-exporter.js";
import { makeFolder, until } from "../harness/server-process.js";
import { requireServer } from "../harness/servers.js";

export const styles = ["drop-in", "modern"] as const;
export type Style = (typeof styles)[number];

export const rulesOf = (style: Style) =>
  fileURLToPath(
    new URL(`../../packaging/prometheus/fcgi-probe-${style}.rules.yaml`, import.meta.url),
  );

/** Minutes that each of the two states lasts. */
const LENGTH = 30;

/** An incident: what both exporters said before it, and what they say in it. */
export class Incident implements AsyncDisposable {
  readonly #exporters: ReadonlyMap<Style, RunningExporter>;
  readonly #headers: Record<string, string>;
  readonly #before = new Map<Style, string>();

  private constructor(
    exporters: ReadonlyMap<Style, RunningExporter>,
    headers: Record<string, string>,
  ) {
    this.#exporters = exporters;
    this.#headers = headers;
  }

  /**
   * Starts an exporter for each style, and reads a target that is well.
   *
   * @param ready what is on the page once the exporters know the target
   */
  static async of(
    target: string,
    ready: RegExp,
    headers: Record<string, string> = {},
  ): Promise<Incident> {
    const started = await Promise.all(
      styles.map(async (style) => {
        return [style, await startExporter(["--metric-style", style, target])] as const;
      }),
    );
    const incident = new Incident(new Map(started), headers);
    for (const style of styles) {
      incident.#before.set(style, await incident.#pageWith(style, ready));
    }
    return incident;
  }

  /**
   * The alerts that fire in one style when the target had been well for half an hour, and is for
   * another half as it is now.
   *
   * @param isThere what is on the page once the incident is seen
   */
  async expectAlerts(style: Style, isThere: RegExp, alerts: readonly string[]): Promise<string> {
    const before = samplesOf(this.#before.get(style) ?? "");
    const now = samplesOf(await this.#pageWith(style, isThere));
    const series = [...new Set([...before.keys(), ...now.keys()])].map((name) => {
      return { series: name, values: `${part(before.get(name))} ${part(now.get(name))}` };
    });
    const fired = `group by (alertname) (max_over_time(ALERTS{alertstate="firing"}[${LENGTH}m]))`;
    const expected = alerts.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 }));
    const test = {
      interval: "1m",
      input_series: series,
      promql_expr_test: [{ expr: fired, eval_time: `${2 * LENGTH - 1}m`, exp_samples: expected }],
    };
    return runRulesTest({ rule_files: [rulesOf(style)], evaluation_interval: "1m", tests: [test] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const exporter of this.#exporters.values()) await exporter[Symbol.asyncDispose]();
  }

  async #pageWith(style: Style, text: RegExp): Promise<string> {
    const exporter = this.#exporters.get(style) as RunningExporter;
    let page = "";
    await until(
      async () => {
        page = await exporter.get("/metrics", this.#headers);
        return text.test(page);
      },
      () => `${text} is not there:\n${page}\n${exporter.log}`,
      15_000,
    );
    return page;
  }
}

/** The samples of a page, as Prometheus would name their series. */
function samplesOf(page: string): Map<string, string> {
  const sample = /^(\w+)(?:\{(.*)\})? (\S+)$/gm;
  return new Map(
    [...page.matchAll(sample)].map(([, name = "", labels = "", value = ""]) => {
      const own = labels === "" ? "" : `,${labels}`;
      return [`${name}{job="php",instance="web1:9253"${own}}`, value];
    }),
  );
}

/** Half an hour with the same value, or without one. */
function part(value: string | undefined): string {
  return value === undefined ? `stale _x${LENGTH - 2}` : `${value}+0x${LENGTH - 1}`;
}

/** What `promtool test rules` says of a test. */
export async function runRulesTest(test: object): Promise<string> {
  const folder = makeFolder();
  try {
    const file = join(folder, "incident.yaml");
    writeFileSync(file, JSON.stringify(test));
    const promtool = requireServer("promtool");
    const { stdout, stderr } = await promisify(execFile)(promtool, ["test", "rules", file]).catch(
      (error) => error as { stdout: string; stderr: string },
    );
    return stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
