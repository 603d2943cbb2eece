import type { PoolResult } from "../../phpfpm/status.js";
import type { PoolStatus } from "../../status-page/pool-status.js";
import type { Style } from "../terminal/style.js";
import {
  type Column,
  type Layout,
  layOut,
  rowLine,
  spanLine,
  titleLine,
} from "../terminal/table.js";
import { visible } from "../terminal/text.js";
import { counted, formatBytes, formatSeconds } from "../terminal/units.js";
import { processLines } from "./process-table.js";
import { saturation } from "./saturation.js";

/**
 * What people see of pools: a line each, in plain words which of them are full, and the processes
 * of those whose page has them.
 */
export function poolReport(results: readonly PoolResult[], style: Style, width?: number): string[] {
  const table = new PoolTable(results, style, width);
  return [
    table.title(),
    ...results.map((result) => table.line(result)),
    ...saturationLines(results, style),
    ...results.flatMap((result) => processSection(result, style, width)),
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

function processSection(result: PoolResult, style: Style, width: number | undefined): string[] {
  if (!result.ok || result.value.processes === undefined) return [];
  const { processes } = result.value;
  const count = counted(processes.length, "process", "processes");
  return [
    "",
    style.heading(`${nameOf(result)}, ${visible(result.target)}: ${count}`),
    ...(processes.length === 0 ? [] : processLines(processes, style, width)),
  ];
}

function nameOf(result: PoolResult): string {
  const name = result.ok ? result.value.pool : undefined;
  return visible(name ?? result.target);
}

const right = { align: "right" } as const;

/** A column of a pool's values; a pool that failed, or does not tell, has `-`. */
function poolColumn(
  title: string,
  value: (pool: PoolStatus) => string | number | undefined,
  more: Omit<Column<PoolResult>, "title" | "value"> = right,
): Column<PoolResult> {
  return {
    title,
    value: (result) => `${(result.ok ? value(result.value) : undefined) ?? "-"}`,
    ...more,
  };
}

const columns: readonly Column<PoolResult>[] = [
  poolColumn("POOL", ({ pool }) => pool && visible(pool), { shrinkTo: 8 }),
  poolColumn("PM", (pool) => pool.processManager && visible(pool.processManager), { dropOrder: 7 }),
  poolColumn("ACTIVE", (pool) => pool.activeProcesses),
  poolColumn("IDLE", (pool) => pool.idleProcesses),
  poolColumn("TOTAL", (pool) => pool.totalProcesses),
  poolColumn("PEAK", (pool) => pool.maxActiveProcesses, { ...right, dropOrder: 6 }),
  poolColumn("QUEUE", listenQueue),
  poolColumn("MAXED", (pool) => pool.maxChildrenReached, { ...right, dropOrder: 2 }),
  poolColumn("SLOW", (pool) => pool.slowRequests, { ...right, dropOrder: 3 }),
  poolColumn("REQUESTS", (pool) => pool.acceptedConn, { ...right, dropOrder: 4 }),
  poolColumn("UPTIME", uptime, { ...right, dropOrder: 5 }),
];

const memoryColumn = poolColumn("MEMORY", memoryPeak, { ...right, dropOrder: 8 });

const targetColumn: Column<PoolResult> = {
  title: "TARGET",
  value: ({ target }) => visible(target),
  clip: "start",
  shrinkTo: 20,
};

function listenQueue({ listenQueue: waiting, listenQueueLen: size }: PoolStatus) {
  return waiting !== undefined && size ? `${waiting}/${size}` : waiting;
}

function uptime({ startSince }: PoolStatus) {
  return startSince === undefined ? undefined : formatSeconds(startSince);
}

function memoryPeak({ memoryPeak: bytes }: PoolStatus) {
  return bytes === undefined ? undefined : formatBytes(bytes);
}

/** One line a pool, with the columns that fit. */
export class PoolTable {
  readonly #layout: Layout<PoolResult>;
  readonly #style: Style;

  /**
   * @param sample the rows that the columns' widths are taken from
   * @param width cells of a line; undefined cuts nothing
   */
  constructor(sample: readonly PoolResult[], style: Style, width?: number) {
    const hasMemory = sample.some((result) => result.ok && result.value.memoryPeak !== undefined);
    const memory = hasMemory ? [memoryColumn] : [];
    this.#layout = layOut([...columns, ...memory, targetColumn], sample, width);
    this.#style = style;
  }

  title(): string {
    return this.#style.heading(titleLine(this.#layout));
  }

  line(result: PoolResult): string {
    if (!result.ok) {
      const { code, message } = result.error;
      return this.#style.bad(spanLine(this.#layout, result, `${code}: ${visible(message)}`));
    }
    const text = rowLine(this.#layout, result);
    return saturation(result.value).isSaturated ? this.#style.warning(text) : text;
  }
}
