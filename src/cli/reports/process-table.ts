import { ORDERED_SINCE, type ProcessFieldName, processFields } from "../../status-page/fields.js";
import { ProcessState, type ProcessStatus, processState } from "../../status-page/pool-status.js";
import type { Style } from "../../terminal/style.js";
import { layOut, rowLine, titleLine } from "../../terminal/table.js";
import { fieldColumns } from "./field-columns.js";

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

function isIdle({ state }: ProcessStatus): boolean {
  return processState(state) === ProcessState.Idle;
}

/** Running requests first, the longest on top; then idle processes, then new ones. */
function byDuration(processes: readonly ProcessStatus[]): ProcessStatus[] {
  return [...processes].sort(
    (one, other) =>
      rank(one) - rank(other) || (other.requestDuration ?? 0) - (one.requestDuration ?? 0),
  );
}

function rank(process: ProcessStatus): number {
  if (process.requestDuration === undefined) return 2;
  return isIdle(process) ? 1 : 0;
}

/** The lines of a table of processes. On a terminal, an empty column of users is left out. */
export function processLines(
  processes: readonly ProcessStatus[],
  style: Style,
  width?: number,
): string[] {
  const sorted = byDuration(processes);
  const hasUsers = width === undefined || sorted.some(({ user }) => user !== "-" && user !== "");
  const shown = columns.filter(
    ({ name, since }) =>
      (name !== "user" || hasUsers) &&
      (since <= ORDERED_SINCE || sorted.some((process) => process[name] !== undefined)),
  );
  const layout = layOut(shown, sorted, width);
  const lines = sorted.map((process) => {
    const line = rowLine(layout, process);
    return isIdle(process) ? style.faint(line) : line;
  });
  return [style.heading(titleLine(layout)), ...lines];
}
