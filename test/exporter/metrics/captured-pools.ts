import { readFileSync } from "node:fs";
import type { PoolSample, Sample } from "../../../src/exporter/sample.js";
import { entriesOf, poolFields, processFields } from "../../../src/status-page/fields.js";
import { createPool, processOf } from "../../../src/status-page/records.js";
import { failedSample, poolSample, poolTarget } from "./samples.js";

const file = new URL("../../fixtures/php-fpm-exporter/three-pools.metrics.txt", import.meta.url);

/** What php-fpm_exporter wrote about a static, a dynamic and a dead pool. */
export const captured = readFileSync(file, "utf8");

/** The same pools, read back from the values that php-fpm_exporter wrote. */
export function capturedPools(): Sample[] {
  const samples = new Map<string, Sample>();
  for (const { name, labels, value } of readSeries(captured)) {
    const target = poolTarget(labels.get("scrape_uri") ?? "");
    if (name === "phpfpm_up") {
      const status = Object.assign(createPool(), { pool: labels.get("pool"), processes: [] });
      const sample = value === 1 ? poolSample(status, target) : failedSample(target);
      samples.set(target.address, sample);
    }
  }
  for (const { name, labels, value } of readSeries(captured)) {
    const sample = samples.get(labels.get("scrape_uri") ?? "") as PoolSample;
    if (sample.status === undefined) continue;
    const child = labels.get("child");
    if (child === undefined)
      Object.assign(sample.status, fieldOf(poolFields, "phpfpm_", name, value));
    else setProcess(sample, Number(child), name, labels, value);
  }
  return [...samples.values()];
}

function setProcess(
  { status }: PoolSample,
  child: number,
  name: string,
  labels: ReadonlyMap<string, string>,
  value: number,
): void {
  const processes = status?.processes as ReturnType<typeof processOf>[];
  const process = processes[child] ?? processOf([]);
  processes[child] = process;
  if (name !== "phpfpm_process_state") {
    Object.assign(process, fieldOf(processFields, "phpfpm_process_", name, value));
  } else if (value === 1) Object.assign(process, { state: labels.get("state") });
}

function fieldOf(
  fields: typeof poolFields | typeof processFields,
  prefix: string,
  name: string,
  value: number,
): object {
  const found = entriesOf<string>(fields).find(([, { metric }]) => prefix + metric?.name === name);
  return found === undefined ? {} : { [found[0]]: value };
}

interface Series {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** Reads the series of a page of metrics whose labels have no escapes. */
function readSeries(text: string): Series[] {
  return [...text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = "", labels, value]) => ({
    name,
    labels: new Map(
      [...(labels ?? "").matchAll(/(\w+)="([^"]*)"/g)].map((each) => [each[1]!, each[2]!]),
    ),
    value: Number(value),
  }));
}
