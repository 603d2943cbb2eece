import { processFields } from "../../status-page/fields.js";
import { ProcessState, type ProcessStatus, processState } from "../../status-page/pool-status.js";
import { fieldMetrics } from "./field-metrics.js";
import { LabelSet } from "./labels.js";
import { both, type Emit, type Metric, single } from "./metric.js";
import type { PoolReading } from "./pool-reading.js";

/**
 * The states for which php-fpm_exporter always has a series. One is in the words of PHP 7.3 and
 * earlier; the words of later versions are an additional state, which only a process in it has.
 */
const dropInStates = [
  "Idle",
  "Running",
  "Finishing",
  "Reading headers",
  "Getting request informations",
  "Ending",
];

const stateNames = new Set<string>([...dropInStates, ...Object.values(ProcessState)]);
const stateSets = Object.values(ProcessState).map(
  (state) => [state, new LabelSet([["state", state]])] as const,
);

/** The labels of a process, alone and with each state in the words of any version of PHP. */
interface ChildLabels {
  readonly alone: LabelSet;
  readonly states: ReadonlyMap<string, LabelSet>;
}

const children: ChildLabels[] = [];

/** The labels of the process at an index of the page, each made once. */
function labelsOf(index: number): ChildLabels {
  const known = children[index];
  if (known !== undefined) return known;
  const child = ["child", `${index}`] as const;
  const states = new Map(
    [...stateNames].map((state) => [state, new LabelSet([child, ["state", state]])]),
  );
  const labels = { alone: new LabelSet([child]), states };
  children[index] = labels;
  return labels;
}

/** Processes have the label `child`, their index on the page. No label is a part of a request. */
export const processMetrics: readonly Metric<PoolReading>[] = [
  ...fieldMetrics<keyof typeof processFields, PoolReading>(
    "phpfpm_process_",
    processFields,
    (field, convert) =>
      ({ shown }, emit) => {
        for (const [child, process] of shown.entries()) {
          emit(convert(process[field]), labelsOf(child).alone);
        }
      },
    ({ shown }, labels) => shown[Number(labels?.pairs[0]?.[1])]?.startTime?.getTime(),
  ),
  {
    "drop-in": {
      name: "phpfpm_process_state",
      type: "gauge",
      help: "1 for the state that the process is in, 0 for the others.",
      emit: ({ shown }, emit) => {
        for (const [child, process] of shown.entries()) {
          const { states } = labelsOf(child);
          for (const state of dropInStates)
            emit(state === process.state ? 1 : 0, states.get(state));
          const other = dropInStates.includes(process.state) ? undefined : stateOf(process);
          if (other !== undefined) emit(1, states.get(other));
        }
      },
    },
    modern: {
      name: "phpfpm_process_state",
      type: "gauge",
      help: "1 for the state that the process is in.",
      emit: ({ shown }, emit) => {
        for (const [child, process] of shown.entries()) {
          const state = stateOf(process);
          if (state !== undefined) emit(1, labelsOf(child).states.get(state));
        }
      },
    },
  },
  both({
    name: "phpfpm_processes_omitted",
    type: "gauge",
    help: "Processes without series of their own, because the pool has more than the limit.",
    emit: single(({ shown, summarized: { length } }) =>
      length === 0 ? undefined : length - shown.length,
    ),
  }),
  both({
    name: "phpfpm_processes_by_state",
    type: "gauge",
    help: "Processes in each state, where the pool has too many for series of their own.",
    emit: ({ summarized }, emit) => {
      if (summarized.length === 0) return;
      const states = summarized.map(stateOf);
      for (const [state, labels] of stateSets) {
        const { length } = states.filter((each) => each === state);
        if (length > 0 || state !== ProcessState.Creating) emit(length, labels);
      }
    },
  }),
  both({
    name: "phpfpm_running_request_duration_seconds",
    type: "histogram",
    help: "How long the requests have taken that run now, where the pool has too many processes for series of their own.",
    emit: ({ summarized }, emit) => {
      if (summarized.length > 0) emitDurations(runningSeconds(summarized), emit);
    },
  }),
  both({
    name: "phpfpm_last_request_memory_bytes",
    type: "summary",
    help: "Memory that the last requests of idle processes took, where the pool has too many processes for series of their own.",
    emit: ({ summarized }, emit) => {
      const bytes = summarized.map(({ lastRequestMemory }) => lastRequestMemory);
      emitQuantiles(
        bytes.filter((each) => each > 0),
        emit,
      );
    },
  }),
];

function stateOf({ state }: ProcessStatus): ProcessState | undefined {
  return processState(state);
}

/** The durations of requests that run. An idle process shows that of its last request. */
function runningSeconds(processes: readonly ProcessStatus[]): number[] {
  return processes.flatMap((process) => {
    const { requestDuration } = process;
    const isRunning = stateOf(process) !== ProcessState.Idle && requestDuration !== undefined;
    return isRunning ? [requestDuration / 1_000_000] : [];
  });
}

const bounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
const boundLabels = bounds.map((bound) => [bound, new LabelSet([["le", `${bound}`]])] as const);
const infinity = new LabelSet([["le", "+Inf"]]);

function emitDurations(seconds: readonly number[], emit: Emit): void {
  for (const [bound, labels] of boundLabels) {
    emit(seconds.filter((each) => each <= bound).length, labels, "_bucket");
  }
  emit(seconds.length, infinity, "_bucket");
  emit(sumOf(seconds), undefined, "_sum");
  emit(seconds.length, undefined, "_count");
}

const quantileLabels = [0.5, 0.9, 0.99, 1].map(
  (quantile) => [quantile, new LabelSet([["quantile", `${quantile}`]])] as const,
);

/** A quantile is the least value that this part of the values does not exceed. */
function emitQuantiles(values: readonly number[], emit: Emit): void {
  if (values.length === 0) return;
  const sorted = values.toSorted((a, b) => a - b);
  for (const [quantile, labels] of quantileLabels) {
    emit(sorted[Math.ceil(quantile * sorted.length) - 1], labels);
  }
  emit(sumOf(values), undefined, "_sum");
  emit(values.length, undefined, "_count");
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
