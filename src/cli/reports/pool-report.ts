import type { PoolResult } from "../../fleet/fleet.js";
import type { Style } from "../terminal/style.js";
import { counted } from "../terminal/units.js";
import { visible } from "../terminal/visible.js";
import { PoolTable } from "./pool-table.js";
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
