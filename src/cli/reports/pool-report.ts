import type { LabeledTarget } from "../../discovery/target-groups.js";
import type { PoolResult } from "../../phpfpm/status.js";
import { ORDERED_SINCE, type PoolFieldName, poolFields } from "../../status-page/fields.js";
import type { Style } from "../../terminal/style.js";
import {
  type Column,
  type Layout,
  layOut,
  rowLine,
  spanLine,
  titleLine,
} from "../../terminal/table.js";
import { visible } from "../../terminal/text.js";
import { counted } from "../../terminal/units.js";
import { isRunning } from "../../top/request-groups.js";
import { fieldColumns } from "./field-columns.js";
import { type ProcessSortKey, processLines } from "./process-table.js";
import { saturation } from "./saturation.js";

/** A pool that was read, and the labels of its target, where it has some. */
export type PoolRow = PoolResult & { readonly labels?: LabeledTarget["labels"] };

/** Which processes of a pool are listed, and in which order. */
export interface ShownProcesses {
  /** Default: `duration`. */
  readonly sort?: ProcessSortKey | undefined;
  /** Whether only processes with a request are listed. Default: false. */
  readonly onlyRunning?: boolean | undefined;
}

/**
 * The report on pools: a table with one line per pool, sentences about saturated pools, and the
 * processes of each pool whose page lists them.
 */
export function poolReport(
  results: readonly PoolRow[],
  style: Style,
  width?: number,
  processes: ShownProcesses = {},
): string[] {
  const table = new PoolTable(results, style, width);
  return [
    table.title(),
    ...results.map((result) => table.line(result)),
    ...saturationLines(results, style),
    ...results.flatMap((result) => processSection(result, style, width, processes)),
  ];
}

function saturationLines(results: readonly PoolResult[], style: Style): string[] {
  const lines: string[] = [];
  for (const result of results) {
    if (!result.ok) continue;
    const { isSaturated, reasons } = saturation(result.value);
    if (reasons.length === 0) continue;
    const words = `${nameOf(result)}${isSaturated ? " is saturated" : ""}: ${reasons.join("; ")}`;
    lines.push(isSaturated ? style.warning(words) : words);
  }
  return lines.length === 0 ? [] : ["", ...lines];
}

function processSection(
  result: PoolResult,
  style: Style,
  width: number | undefined,
  { sort, onlyRunning }: ShownProcesses,
): string[] {
  if (!result.ok || result.value.processes === undefined) return [];
  const { processes } = result.value;
  const shown = onlyRunning ? processes.filter(isRunning) : processes;
  const count = counted(processes.length, "process", "processes");
  const running = onlyRunning ? `, ${shown.length} running` : "";
  return [
    "",
    style.heading(`${nameOf(result)}, ${visible(result.target)}: ${count}${running}`),
    ...(shown.length === 0 ? [] : processLines(shown, style, width, sort)),
  ];
}

function nameOf(result: PoolResult): string {
  const name = result.ok ? result.value.pool : undefined;
  return visible(name ?? result.target);
}

/** A pool that failed has no values. */
const columns = fieldColumns<PoolRow, PoolFieldName>(
  poolFields,
  {
    pool: { shrinkTo: 8 },
    processManager: { dropOrder: 7 },
    activeProcesses: {},
    idleProcesses: {},
    totalProcesses: {},
    maxActiveProcesses: { dropOrder: 6 },
    listenQueue: {},
    maxChildrenReached: { dropOrder: 2 },
    slowRequests: { dropOrder: 3 },
    acceptedConn: { dropOrder: 4 },
    startSince: { dropOrder: 5 },
    memoryPeak: { dropOrder: 8 },
  },
  (result, name) => (result.ok ? result.value[name] : undefined),
).map((column) => (column.name === "listenQueue" ? { ...column, value: listenQueue } : column));

const labelsColumn: Column<PoolRow> = {
  title: "LABELS",
  value: ({ labels = {} }) => {
    const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    return pairs.length === 0 ? "-" : visible(pairs.join(","));
  },
  shrinkTo: 12,
  dropOrder: 1,
};

const targetColumn: Column<PoolRow> = {
  title: "TARGET",
  value: ({ target }) => visible(target),
  clip: "start",
  shrinkTo: 20,
};

/** The connections that wait, and the size of the queue if it is known. */
function listenQueue(result: PoolResult): string {
  const { listenQueue: waiting, listenQueueLen: size } = result.ok ? result.value : {};
  return waiting === undefined ? "-" : `${waiting}${size ? `/${size}` : ""}`;
}

/** One line per pool, with the columns that fit. */
export class PoolTable {
  readonly #layout: Layout<PoolRow>;
  readonly #style: Style;

  /**
   * @param sample the rows that determine the columns' widths
   * @param width cells of a line; undefined cuts nothing
   */
  constructor(sample: readonly PoolRow[], style: Style, width?: number) {
    // A field of later versions of PHP has a column only if a pool has it.
    const shown = columns.filter(
      ({ name, since }) =>
        since <= ORDERED_SINCE ||
        sample.some((result) => result.ok && result.value[name] !== undefined),
    );
    const labels = sample.some(({ labels }) => labels !== undefined) ? [labelsColumn] : [];
    this.#layout = layOut([...shown, ...labels, targetColumn], sample, width);
    this.#style = style;
  }

  title(): string {
    return this.#style.heading(titleLine(this.#layout));
  }

  line(result: PoolRow): string {
    if (!result.ok) {
      const { code, message } = result.error;
      return this.#style.bad(spanLine(this.#layout, result, `${code}: ${visible(message)}`));
    }
    const text = rowLine(this.#layout, result);
    return saturation(result.value).isSaturated ? this.#style.warning(text) : text;
  }
}
