import { PoolProblem } from "../../phpfpm/diagnosis.js";
import { ProcessState, type ProcessStatus, processState } from "../../status-page/pool-status.js";
import type { Style } from "../../terminal/style.js";
import { clipStart, type Part, visible, wrapParts, wrapWords } from "../../terminal/text.js";
import { formatMicroseconds, formatSeconds } from "../../terminal/units.js";
import type { LiveTarget } from "../../top/live-target.js";
import {
  groupByScript,
  groupByUri,
  isRunning,
  type RequestGroup,
} from "../../top/request-groups.js";
import { sicknessOf, sicknessText, waitingClients } from "../../top/sickness.js";
import { type ProcessSortKey, processLines } from "../reports/process-table.js";
import { saturation } from "../reports/saturation.js";
import { rate } from "./list-view.js";

/** How the processes of a pool are shown. */
export interface PoolViewOptions {
  readonly sort: ProcessSortKey;
  /** Whether only processes with a request are listed. */
  readonly onlyRunning: boolean;
  /** Milliseconds of the monotonic clock. */
  readonly now: number;
  /** Cells of a line; `undefined` cuts nothing. */
  readonly width: number | undefined;
  /** What the log says of workers that have died. Default: nothing. */
  readonly crashes?: readonly string[] | undefined;
}

/** How many groups of each kind are shown. */
const MOST_GROUPS = 3;

/** The lines of a pool: its state and numbers, what its requests have in common, its processes. */
export function poolLines(target: LiveTarget, style: Style, options: PoolViewOptions): string[] {
  const { pool, error } = target;
  const { width, now } = options;
  const sickness = sicknessOf(target, now);
  const state = sicknessText(target, sickness, now);
  const problems = problemLines(target, style, { ...options, state });
  if (pool === undefined) return error === undefined ? [style.faint(state)] : problems;
  const processes = pool.status.processes?.filter((each) => !isOwnRequest(each, target));
  const running = (processes ?? []).filter(isRunning);
  const stale = error === undefined ? [] : [style.faint("The last page that came says:")];
  const shown = options.onlyRunning ? running : (processes ?? []);
  return [
    ...problems,
    ...stale,
    ...wrapParts("", numberParts(target, style), width),
    ...groupLines("by script", "in", groupByScript(running), style, options),
    ...groupLines("by URI", "at", groupByUri(running), style, options),
    "",
    ...(processes === undefined
      ? [style.faint("waiting for the list of processes")]
      : shown.length === 0
        ? [style.faint("no request is running")]
        : processLines(shown, style, width, options.sort)),
  ];
}

/** The process that writes the page, if it is one of the pool. */
function isOwnRequest(process: ProcessStatus, target: LiveTarget): boolean {
  if (processState(process.state) !== ProcessState.Running) return false;
  const path = process.requestUri.replace(/\?.*$/s, "");
  return path === (pathOf(target) ?? "/status");
}

function pathOf(target: LiveTarget): string | undefined {
  try {
    return target.address().path;
  } catch {
    return undefined;
  }
}

function problemLines(
  target: LiveTarget,
  style: Style,
  { state, width, crashes = [] }: PoolViewOptions & { readonly state: string },
): string[] {
  const { error, diagnoses, pool, silentWorkers } = target;
  const sentences = new Set<string>();
  if (error !== undefined) sentences.add(error.message);
  for (const { text, problem } of diagnoses) {
    if (problem !== PoolProblem.SilentClients || target.hasSilentClients) sentences.add(text);
  }
  if (sentences.size === 0 && pool !== undefined) {
    for (const reason of saturation(pool.status, target.capacity).reasons) sentences.add(reason);
  }
  if (error === undefined && silentWorkers > 0) sentences.add(silentText(silentWorkers));
  const paint = error === undefined ? style.warning : style.bad;
  const wrapped = (text: string) => wrapWords(visible(text), width);
  const died = crashes.flatMap(wrapped).map((line) => style.bad(line));
  const [first, ...rest] = sentences;
  if (first === undefined) return state === "ok" ? died : [style.warning(state), ...died];
  return [
    ...[`${state}: ${first}`, ...rest].flatMap(wrapped).map((line) => paint(line)),
    ...(error === undefined ? [] : wrapped(`hint: ${error.hint}`)),
    ...died,
  ];
}

function silentText(workers: number): string {
  const wait = workers === 1 ? "1 worker waits" : `${workers} workers wait`;
  return `${wait} for clients that have not sent the whole of their requests: fcgi-probe doctor names them`;
}

function numberParts(target: LiveTarget, style: Style): Part[] {
  const { rates, queue } = target;
  const status = target.pool?.status;
  const waiting = waitingClients(target);
  const { processManager = "", activeProcesses, idleProcesses, maxActiveProcesses } = status ?? {};
  const parts: Part[] = [
    { text: visible(processManager) },
    { text: `${activeProcesses ?? "-"} active, ${idleProcesses ?? "-"} idle` },
    { text: `peak ${maxActiveProcesses ?? "-"}` },
    {
      text: `queue ${waiting}${queue && queue.abandoned > 0 ? ` (${queue.abandoned} gone)` : ""}`,
      paint: waiting > 0 ? style.warning : undefined,
    },
    { text: `${rate(rates.requests)} requests/s` },
    { text: `slow ${rate(rates.slow)}/s` },
    { text: `max children ${rate(rates.maxed)}/s` },
  ];
  if (status?.startSince !== undefined) {
    parts.push({ text: `up ${formatSeconds(status.startSince)}` });
  }
  return parts.filter(({ text }) => text !== "");
}

const LABEL_WIDTH = 11;

/** The largest groups: `25 of 30 in CheckoutController.php, oldest 41 s`. */
function groupLines(
  label: string,
  preposition: string,
  groups: readonly RequestGroup[],
  style: Style,
  { width = Number.POSITIVE_INFINITY }: PoolViewOptions,
): string[] {
  const all = groups.reduce((sum, { count }) => sum + count, 0);
  const lines = groups.slice(0, MOST_GROUPS).map(({ name, count, oldest }, index) => {
    const start = `${count} of ${all} ${preposition} `;
    const end = oldest === undefined ? "" : `, oldest ${formatMicroseconds(oldest)}`;
    const room = Math.max(8, width - LABEL_WIDTH - start.length - end.length);
    const text = start + clipStart(visible(name), room) + end;
    return (
      style.faint((index === 0 ? label : "").padEnd(LABEL_WIDTH)) +
      (index === 0 ? style.heading(text) : text)
    );
  });
  const rest = groups.length - lines.length;
  return rest > 0 ? [...lines, style.faint(`${" ".repeat(LABEL_WIDTH)}and ${rest} more`)] : lines;
}
