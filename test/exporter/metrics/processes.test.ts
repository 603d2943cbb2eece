import { describe, expect, it } from "vitest";
import type { MetricsTextOptions } from "../../../src/exporter/metrics/metrics-text.js";
import { targetDefaults } from "../../../src/exporter/target.js";
import type { ProcessStatus } from "../../../src/status-page/pool-status.js";
import { createPool } from "../../../src/status-page/records.js";
import { fields, processIn } from "./everything.js";
import { poolSample, poolTarget, textOf } from "./samples.js";

/** The series of a pool, without the labels of the pool. */
function seriesOfPool(
  processes: ProcessStatus[] | undefined,
  limit: number = targetDefaults.processes,
  options?: MetricsTextOptions,
): string[] {
  const status = Object.assign(createPool(), fields, { processes });
  const text = textOf([poolSample(status, poolTarget("a:1", { processes: limit }))], options);
  return text
    .split("\n")
    .filter((line) => line.startsWith("phpfpm_"))
    .map((line) => line.replace(/pool="www",(?:scrape_uri|target)="a:1",?/, "").replace("{}", ""));
}

const of = (series: readonly string[], name: string) =>
  series.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
const summaries = /^phpfpm_(?:processes_omitted|processes_by_state|running_request|last_request)/;

describe("processes", () => {
  const idle = processIn("Idle", 1, 4_096);

  it("have series of their own up to 64, and no summary", () => {
    const series = seriesOfPool(Array(64).fill(idle));
    expect(of(series, "phpfpm_process_requests")).toHaveLength(64);
    expect(series.filter((line) => summaries.test(line))).toEqual([]);
  });

  it("beyond the limit are the first ones of the page, and are said to be incomplete", () => {
    const series = seriesOfPool(Array(66).fill(idle));
    expect(of(series, "phpfpm_process_requests")).toHaveLength(64);
    expect(of(series, "phpfpm_process_requests").at(-1)).toBe(
      'phpfpm_process_requests{child="63"} 9',
    );
    expect(of(series, "phpfpm_processes_omitted")).toEqual(["phpfpm_processes_omitted 2"]);
  });

  it("have no series of their own with a limit of 0", () => {
    const series = seriesOfPool([idle, idle], 0);
    expect(series.filter((line) => line.startsWith("phpfpm_process_"))).toEqual([]);
    expect(of(series, "phpfpm_processes_omitted")).toEqual(["phpfpm_processes_omitted 2"]);
  });

  const many = [
    processIn("Running", 0.1),
    processIn("Running", 1),
    processIn("Finishing", 400),
    processIn("Idle", 9, 1_000),
    processIn("Idle", 9, 3_000),
    processIn("Idle", 9, 0),
    processIn("(null)", 5),
  ];

  it.each(["drop-in", "modern"] as const)("beyond the limit are counted by state (%s)", (style) => {
    expect(of(seriesOfPool(many, 1, { style }), "phpfpm_processes_by_state")).toEqual([
      'phpfpm_processes_by_state{state="Idle"} 3',
      'phpfpm_processes_by_state{state="Reading headers"} 0',
      'phpfpm_processes_by_state{state="Getting request information"} 0',
      'phpfpm_processes_by_state{state="Running"} 2',
      'phpfpm_processes_by_state{state="Ending"} 0',
      'phpfpm_processes_by_state{state="Finishing"} 1',
      'phpfpm_processes_by_state{state="Creating"} 1',
    ]);
  });

  it("beyond the limit have a histogram of how long running requests have taken", () => {
    const series = seriesOfPool(many.slice(0, 6), 1);
    const name = "phpfpm_running_request_duration_seconds";
    expect(of(series, `${name}_bucket`)).toEqual(
      [
        ["0.1", 1],
        ["0.25", 1],
        ["0.5", 1],
        ["1", 2],
        ["2.5", 2],
        ["5", 2],
        ["10", 2],
        ["30", 2],
        ["60", 2],
        ["120", 2],
        ["300", 2],
        ["+Inf", 3],
      ].map(([le, count]) => `${name}_bucket{le="${le}"} ${count}`),
    );
    expect(of(series, `${name}_sum`)).toEqual([`${name}_sum 401.1`]);
    expect(of(series, `${name}_count`)).toEqual([`${name}_count 3`]);
  });

  it("beyond the limit have quantiles of the memory that requests took", () => {
    const name = "phpfpm_last_request_memory_bytes";
    const memory = Array.from({ length: 100 }, (_, at) => processIn("Idle", 1, (100 - at) * 1_000));
    const series = seriesOfPool([...memory, processIn("Running", 1)], 1);
    expect(of(series, name)).toEqual([
      `${name}{quantile="0.5"} 50000`,
      `${name}{quantile="0.9"} 90000`,
      `${name}{quantile="0.99"} 99000`,
      `${name}{quantile="1"} 100000`,
    ]);
    expect(of(series, `${name}_sum`)).toEqual([`${name}_sum 5050000`]);
    expect(of(series, `${name}_count`)).toEqual([`${name}_count 100`]);
    expect(of(seriesOfPool([processIn("Running", 1), processIn("Running", 1)], 1), name)).toEqual(
      [],
    );
  });

  it("beyond the limit never have a part of a request as a label", () => {
    const secret = { requestUri: "/secret", user: "secret", script: "/secret.php" };
    const series = seriesOfPool(
      many.map((process) => Object.assign(processIn("Running", 1), process, secret)),
      1,
    );
    expect(series.join()).not.toContain("secret");
  });
});

describe("the state of a process", () => {
  const statesOf = (state: string, style: "drop-in" | "modern") =>
    of(seriesOfPool([processIn(state, 1)], 64, { style }), "phpfpm_process_state").map((line) =>
      line.replace(/^.*state="(.*)"\} /, "$1 "),
    );
  const none = [
    ...["Idle 0", "Running 0", "Finishing 0", "Reading headers 0"],
    ...["Getting request informations 0", "Ending 0"],
  ];

  it.each([
    ["Idle", none.with(0, "Idle 1")],
    ["Getting request informations", none.with(4, "Getting request informations 1")],
    ["Getting request information", [...none, "Getting request information 1"]],
    ["Creating", [...none, "Creating 1"]],
    ["(null)", [...none, "Creating 1"]],
    ["a state of a later PHP", none],
  ])("is one of six as in php-fpm_exporter, or an additional one: %s", (state, expected) => {
    expect(statesOf(state, "drop-in")).toEqual(expected);
  });

  it.each([
    ["Idle", ["Idle 1"]],
    ["Getting request informations", ["Getting request information 1"]],
    ["(null)", ["Creating 1"]],
    ["a state of a later PHP", []],
  ])("is one series in the modern style, in PHP's current words: %s", (state, expected) => {
    expect(statesOf(state, "modern")).toEqual(expected);
  });
});

describe("--phpfpm.fix-process-count", () => {
  const processes = [
    ...["Idle", "Running", "Finishing", "Ending", "Reading headers"],
    ...["Getting request informations", "Getting request information", "(null)"],
  ].map((state) => processIn(state, 1));
  const counts = (options: MetricsTextOptions, list: ProcessStatus[] | undefined = processes) =>
    seriesOfPool(list, 64, options).filter((line) =>
      /^phpfpm_(?:(?:idle|active|total)_processes |processes\{)/.test(line),
    );

  it("counts only processes that wait as idle", () => {
    expect(counts({ fixProcessCount: true })).toEqual([
      "phpfpm_idle_processes 1",
      "phpfpm_active_processes 7",
      "phpfpm_total_processes 8",
    ]);
    expect(counts({ fixProcessCount: true, style: "modern" })).toEqual([
      'phpfpm_processes{state="idle"} 1',
      'phpfpm_processes{state="active"} 7',
    ]);
  });

  it("leaves the page's totals where it is off, or the page has no processes", () => {
    const page = [
      "phpfpm_idle_processes 3",
      "phpfpm_active_processes 1",
      "phpfpm_total_processes 4",
    ];
    expect(counts({})).toEqual(page);
    const status = Object.assign(createPool(), fields);
    const text = textOf([poolSample(status, poolTarget("a:1"))], { fixProcessCount: true });
    for (const line of page) {
      expect(text).toContain(line.replace(" ", '{pool="www",scrape_uri="a:1"} '));
    }
  });
});
