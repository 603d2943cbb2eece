import { ProcessState, type ProcessStatus, processState } from "../../status-page/pool-status.js";
import type { Style } from "../terminal/style.js";
import { type Column, layOut, rowLine, titleLine } from "../terminal/table.js";
import { visible } from "../terminal/text.js";
import { formatBytes, formatMicroseconds } from "../terminal/units.js";

const right = { align: "right" } as const;

const columns: readonly Column<ProcessStatus>[] = [
  { title: "PID", value: ({ pid }) => `${pid}`, ...right },
  { title: "STATE", value: stateWord },
  { title: "REQUESTS", value: ({ requests }) => `${requests}`, ...right, dropOrder: 2 },
  {
    title: "DURATION",
    value: ({ requestDuration: time }) => (time === undefined ? "-" : formatMicroseconds(time)),
    ...right,
  },
  { title: "METHOD", value: ({ requestMethod }) => visible(requestMethod), shrinkTo: 6 },
  { title: "URI", value: ({ requestUri }) => visible(requestUri), shrinkTo: 16 },
];

const userColumn: Column<ProcessStatus> = {
  title: "USER",
  value: ({ user }) => visible(user),
  shrinkTo: 8,
  dropOrder: 3,
};

const lastColumns: readonly Column<ProcessStatus>[] = [
  {
    title: "SCRIPT",
    value: ({ script }) => visible(script),
    clip: "start",
    shrinkTo: 12,
    dropOrder: 4,
  },
  { title: "CPU", value: cpu, ...right, dropOrder: 1 },
  { title: "MEMORY", value: memory, ...right },
];

/** The states of all versions of PHP, shorter. What is new is shown as it is. */
const stateWords: Readonly<Record<ProcessState, string>> = {
  [ProcessState.Idle]: "Idle",
  [ProcessState.Running]: "Running",
  [ProcessState.Finishing]: "Finishing",
  [ProcessState.Ending]: "Ending",
  [ProcessState.ReadingHeaders]: "Reading",
  [ProcessState.GettingRequestInformation]: "Getting info",
  [ProcessState.Creating]: "Creating",
};

function stateWord({ state }: ProcessStatus): string {
  const known = processState(state);
  return known === undefined ? visible(state) : stateWords[known];
}

/** CPU and memory are those of the last request, and not yet known of one that runs. */
function cpu(process: ProcessStatus): string {
  const { lastRequestCpu: percent } = process;
  return percent === undefined || !isIdle(process) ? "-" : `${percent.toFixed(1)}%`;
}

function memory(process: ProcessStatus): string {
  return isIdle(process) ? formatBytes(process.lastRequestMemory) : "-";
}

function isIdle({ state }: ProcessStatus): boolean {
  return processState(state) === ProcessState.Idle;
}

/** Processes with a request first, the longest-running on top; then the idle, then the new ones. */
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

/** The lines of a table of processes; on a terminal without the users when nobody is named. */
export function processLines(
  processes: readonly ProcessStatus[],
  style: Style,
  width?: number,
): string[] {
  const sorted = byDuration(processes);
  const hasUsers = width === undefined || sorted.some(({ user }) => user !== "-" && user !== "");
  const all = [...columns, ...(hasUsers ? [userColumn] : []), ...lastColumns];
  const layout = layOut(all, sorted, width);
  const lines = sorted.map((process) => {
    const line = rowLine(layout, process);
    return isIdle(process) ? style.faint(line) : line;
  });
  return [style.heading(titleLine(layout)), ...lines];
}
