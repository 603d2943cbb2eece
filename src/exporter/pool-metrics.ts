import type { PoolResult } from "../phpfpm/status.js";
import { entriesOf, type Field, poolFields, processFields } from "../status-page/fields.js";
import { ProcessState, processState } from "../status-page/pool-status.js";
import { formatLabels, type LabelledValue, type Metric, metricText } from "./exposition.js";

const up: Metric = {
  name: "phpfpm_up",
  type: "gauge",
  help: "1 if the status of the pool could be read, 0 if not.",
};
const scrapeFailures: Metric = {
  name: "phpfpm_scrape_failures",
  type: "counter",
  help: "1 if the status of the pool could not be read, 0 if it could.",
};

/** A metric and the field that it shows. Names and types are those of php-fpm_exporter. */
type FieldMetric<Name> = Metric & { readonly field: Name };

function metricsOf<Name extends string>(
  prefix: string,
  fields: Readonly<Record<Name, Field>>,
): readonly FieldMetric<Name>[] {
  return entriesOf(fields).flatMap(([field, { metric }]) =>
    metric === undefined ? [] : [{ ...metric, name: prefix + metric.name, field }],
  );
}

const poolMetrics = metricsOf("phpfpm_", poolFields);
const processMetrics = metricsOf("phpfpm_process_", processFields);

/** The values of these metrics, in their order. */
function valuesOf<Name extends string>(
  metrics: readonly FieldMetric<Name>[],
  status: Readonly<Record<NoInfer<Name>, unknown>>,
): readonly (number | undefined)[] {
  return metrics.map(({ field }) => status[field] as number | undefined);
}

const processStates: Metric = {
  name: "phpfpm_process_state",
  type: "gauge",
  help: "1 for the state that the process is in, 0 for the others.",
};

/** The values of the label `state`. One is spelled as PHP 7.3 and earlier spell it. */
const stateLabels: readonly (readonly [state: ProcessState, label: string])[] = [
  [ProcessState.Idle, "Idle"],
  [ProcessState.Running, "Running"],
  [ProcessState.Finishing, "Finishing"],
  [ProcessState.ReadingHeaders, "Reading headers"],
  [ProcessState.GettingRequestInformation, "Getting request informations"],
  [ProcessState.Ending, "Ending"],
  // Only for a process in this state, as php-fpm_exporter writes states that it does not know.
  [ProcessState.Creating, "Creating"],
];

/** The numbers of a result, without the requests that its processes serve. */
interface PoolNumbers {
  labels: string;
  isUp: boolean;
  values: readonly (number | undefined)[];
  processes: readonly ProcessNumbers[];
}

interface ProcessNumbers {
  values: readonly (number | undefined)[];
  state: ProcessState | undefined;
}

/**
 * Collects the results of any number of pools and writes them in the Prometheus text format, in
 * which all values of a metric are together. The labels are `pool` and `scrape_uri`, the address as
 * it was given; those of processes have `child`, the index on the page, too. No label contains a part
 * of a request.
 */
export class PoolMetrics {
  readonly #pools: PoolNumbers[] = [];

  add(result: PoolResult): void {
    const pool = result.ok ? result.value : undefined;
    this.#pools.push({
      labels: formatLabels([
        ["pool", pool?.pool ?? ""],
        ["scrape_uri", result.target],
      ]),
      isUp: result.ok,
      values: pool === undefined ? [] : valuesOf(poolMetrics, pool),
      processes: (pool?.processes ?? []).map((process) => ({
        values: valuesOf(processMetrics, process),
        state: processState(process.state),
      })),
    });
  }

  /** Yields the text of one metric at a time, without metrics that have no value. */
  *text(): Generator<string> {
    yield this.#metric(up, ({ isUp }) => (isUp ? 1 : 0));
    yield this.#metric(scrapeFailures, ({ isUp }) => (isUp ? 0 : 1));
    for (const [index, metric] of poolMetrics.entries()) {
      yield this.#metric(metric, ({ values }) => values[index]);
    }
    for (const [index, metric] of processMetrics.entries()) {
      yield this.#processMetric(metric, ({ values }, labels) => [[labels, values[index]]]);
    }
    yield this.#processMetric(processStates, ({ state }, labels) =>
      stateLabels
        .filter(([each]) => each === state || each !== ProcessState.Creating)
        .map(([each, label]) => [
          `${labels},${formatLabels([["state", label]])}`,
          each === state ? 1 : 0,
        ]),
    );
  }

  #metric(metric: Metric, value: (numbers: PoolNumbers) => number | undefined): string {
    return metricText(
      metric,
      this.#pools.map((numbers) => [numbers.labels, value(numbers)]),
    );
  }

  #processMetric(
    metric: Metric,
    values: (process: ProcessNumbers, labels: string) => readonly LabelledValue[],
  ): string {
    return metricText(
      metric,
      this.#pools.flatMap(({ labels, processes }) =>
        processes.flatMap((process, child) =>
          values(process, `${labels},${formatLabels([["child", `${child}`]])}`),
        ),
      ),
    );
  }
}
