import { ORDERED_SINCE, type ProcessFieldName, processFields } from "../../status-page/fields.js";
import { ProcessState, type ProcessStatus, processState } from "../../status-page/pool-status.js";
import type { Style } from "../../terminal/style.js";
import { layOut, rowLine, titleLine } from "../../terminal/table.js";
import { isRunning } from "../../top/request-groups.js";
import { fieldColumns } from "./field-columns.js";

/** What processes are sorted by. */
export const processSortKeys = ["duration", "requests", "memory", "cpu", "pid"] as const;
export type ProcessSortKey = (typeof processSortKeys)[number];

const columns = fieldColumns<ProcessStatus, ProcessFieldName>(
  processFields,
  {
    pid: {},
    state: {},
    requests: { dropOrder: 2 },
    requestDuration: {},
    requestMethod: { shrinkTo: 6 },
    requestUri: { shrinkTo: 16 },
    user: { shrinkTo: 8, dropOrder: 3 },
    script: { clip: "start", shrinkTo: 12, dropOrder: 4 },
    lastRequestCpu: { dropOrder: 1 },
    lastRequestMemory: {},
  },
  // While a request runs, the CPU and the memory of the last one are unknown.
  (process, name) =>
    name.startsWith("lastRequest") && !isIdle(process) ? undefined : process[name],
);

/** Columns that say nothing of the running requests are dropped before all others. */
const EMPTY_DROP_ORDER = 100;

function isIdle({ state }: ProcessStatus): boolean {
  return processState(state) === ProcessState.Idle;
}

const sortValues: Readonly<Record<ProcessSortKey, (process: ProcessStatus) => number>> = {
  duration: ({ requestDuration }) => requestDuration ?? 0,
  requests: ({ requests }) => requests,
  memory: ({ lastRequestMemory }) => lastRequestMemory ?? 0,
  cpu: ({ lastRequestCpu }) => lastRequestCpu ?? 0,
  pid: ({ pid }) => -pid,
};

/**
 * Processes with the largest value first. By `duration`, running requests come first, then idle
 * processes, then new ones.
 */
function sortProcesses(processes: readonly ProcessStatus[], key: ProcessSortKey): ProcessStatus[] {
  const value = sortValues[key];
  return [...processes].sort(
    (one, other) => (key === "duration" ? rank(one) - rank(other) : 0) || value(other) - value(one),
  );
}

function rank(process: ProcessStatus): number {
  if (process.requestDuration === undefined) return 2;
  return isIdle(process) ? 1 : 0;
}

/**
 * The lines of a table of processes. On a terminal, an empty column of users is left out, and
 * columns that are empty for all running requests give way to the others.
 */
export function processLines(
  processes: readonly ProcessStatus[],
  style: Style,
  width?: number,
  sort: ProcessSortKey = "duration",
): string[] {
  const sorted = sortProcesses(processes, sort);
  const hasUsers = width === undefined || sorted.some(({ user }) => user !== "-" && user !== "");
  const running = sorted.filter(isRunning);
  const shown = columns
    .filter(
      ({ name, since }) =>
        (name !== "user" || hasUsers) &&
        (since <= ORDERED_SINCE || sorted.some((process) => process[name] !== undefined)),
    )
    .map((column) => {
      const saysNothing =
        running.length > 0 && running.every((process) => column.value(process) === "-");
      return saysNothing ? { ...column, dropOrder: EMPTY_DROP_ORDER } : column;
    });
  const layout = layOut(shown, sorted, width);
  const lines = sorted.map((process) => {
    const line = rowLine(layout, process);
    return isIdle(process) ? style.faint(line) : line;
  });
  return [style.heading(titleLine(layout)), ...lines];
}
