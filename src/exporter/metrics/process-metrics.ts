import { processFields } from "../../status-page/fields.js";
import { ProcessState, type ProcessStatus, processState } from "../../status-page/pool-status.js";
import { fieldMetrics } from "./field-metrics.js";
import { LabelSet } from "./labels.js";
import { both, type Emit, type Metric, single } from "./metric.js";
import type { PoolReading } from "./pool-reading.js";

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

const stateSets = stateLabels.map(
  ([state, label]) => [state, new LabelSet([["state", label]])] as const,
);

/** The labels of a process, alone and with each of its states. */
interface ChildLabels {
  readonly alone: LabelSet;
  readonly states: ReadonlyMap<ProcessState, LabelSet>;
}

const children: ChildLabels[] = [];

/** The labels of the process at an index of the page, each made once. */
function labelsOf(index: number): ChildLabels {
  const known = children[index];
  if (known !== undefined) return known;
  const child = ["child", `${index}`] as const;
  const states = new Map(
    stateLabels.map(([state, label]) => [state, new LabelSet([child, ["state", label]])]),
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
        for (let child = 0; child < shown.length; child++) {
          emit(convert(shown[child]?.[field]), labelsOf(child).alone);
        }
      },
  ),
  {
    "drop-in": {
      name: "phpfpm_process_state",
      type: "gauge",
      help: "1 for the state that the process is in, 0 for the others.",
      emit: ({ shown }, emit) => {
        for (let child = 0; child < shown.length; child++) {
          const current = stateOf(shown[child]);
          for (const [state, labels] of labelsOf(child).states) {
            if (state === current) emit(1, labels);
            else if (state !== ProcessState.Creating) emit(0, labels);
          }
        }
      },
    },
    modern: {
      name: "phpfpm_process_state",
      type: "gauge",
      help: "1 for the state that the process is in.",
      emit: ({ shown }, emit) => {
        for (let child = 0; child < shown.length; child++) {
          const current = stateOf(shown[child]);
          if (current !== undefined) emit(1, labelsOf(child).states.get(current));
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

function stateOf(process: ProcessStatus | undefined): ProcessState | undefined {
  return process && processState(process.state);
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
