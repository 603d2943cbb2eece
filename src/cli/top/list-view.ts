import { poolFields } from "../../status-page/fields.js";
import type { Style } from "../../terminal/style.js";
import { type Column, layOut, rowLine, spanLine, titleLine } from "../../terminal/table.js";
import { visible } from "../../terminal/text.js";
import { formatMilliseconds, formatSeconds } from "../../terminal/units.js";
import type { Viewport } from "../../terminal/viewport.js";
import { type Listed, numbersOf, type TargetSortKey } from "../../top/listing.js";
import { Sickness, sicknessText } from "../../top/sickness.js";
import { keyHints, marked } from "./frame.js";

/** What the list of targets shows. */
export interface ListModel {
  readonly listed: readonly Listed[];
  readonly filter: string;
  readonly sort: TargetSortKey;
  /** Milliseconds of the monotonic clock. */
  readonly now: number;
}

const right = { align: "right" } as const;

/** From this many cells on, the addresses have room. */
const WIDE = 60;

const columnsAt = (now: number, isNarrow: boolean): readonly Column<Listed>[] => [
  { title: poolFields.pool.column, value: ({ target }) => visible(target.name), shrinkTo: 6 },
  {
    title: "STATE",
    value: ({ target, sickness }) => sicknessText(target, sickness, now),
    shrinkTo: 12,
  },
  { title: poolFields.activeProcesses.column, value: activeOf, ...right, dropOrder: 2 },
  {
    title: poolFields.listenQueue.column,
    value: ({ target }) => `${numbersOf(target).waiting ?? "-"}`,
    ...right,
    dropOrder: 1,
  },
  { title: "REQ/S", value: ({ target }) => rate(target.rates.requests), ...right, dropOrder: 3 },
  { title: "SLOW/S", value: ({ target }) => rate(target.rates.slow), ...right, dropOrder: 4 },
  { title: "MAXED/S", value: ({ target }) => rate(target.rates.maxed), ...right, dropOrder: 5 },
  { title: poolFields.startSince.column, value: uptimeOf, ...right, dropOrder: 6 },
  { title: "TARGET", value: addressOf, clip: "start", shrinkTo: isNarrow ? 14 : 20 },
];

/** The address without the usual path, whose end would be all that a narrow column shows. */
function addressOf({ target }: Listed): string {
  const { shown, place } = target;
  return visible(place.kind === "phpfpm" ? shown.replace(/:?\/status$/, "") : shown);
}

function activeOf({ target }: Listed): string {
  const { active, total } = numbersOf(target);
  return active === undefined ? "-" : `${active}/${total ?? "-"}`;
}

function uptimeOf({ target }: Listed): string {
  const { uptime } = numbersOf(target);
  return uptime === undefined ? "-" : formatSeconds(uptime);
}

/** A rate with as many digits as say something. */
export function rate(value: number | undefined): string {
  if (value === undefined) return "-";
  if (value === 0) return "0";
  return value >= 100 ? `${Math.round(value)}` : value.toFixed(value >= 10 ? 1 : 2);
}

/** The titles and the lines of the targets in the viewport. Without a width, nothing is cut. */
export function listLines(
  { listed, now }: ListModel,
  style: Style,
  { viewport, height, width }: { viewport?: Viewport; height?: number; width?: number },
): string[] {
  const offset = viewport?.offset ?? 0;
  const rows = listed.slice(offset, height === undefined ? undefined : offset + height);
  const columns = columnsAt(now, width !== undefined && width < WIDE);
  const layout = layOut(columns, rows, width === undefined ? undefined : width - 2);
  const lines = rows.map((row, index) => {
    const { error } = row.target;
    const text =
      error === undefined
        ? rowLine(layout, row)
        : spanLine(
            layout,
            row,
            `${sicknessText(row.target, row.sickness, now)}: ${visible(error.message)}`,
          );
    return marked(style[paintOf[row.sickness]](text), offset + index === viewport?.selected, style);
  });
  return [marked(style.heading(titleLine(layout)), false, style), ...lines];
}

const paintOf: Readonly<Record<Sickness, keyof Style>> = {
  [Sickness.Unreachable]: "bad",
  [Sickness.Queue]: "warning",
  [Sickness.Saturated]: "warning",
  [Sickness.Slow]: "notable",
  [Sickness.Misconfigured]: "notable",
  [Sickness.NotRunning]: "faint",
  [Sickness.Unknown]: "faint",
  [Sickness.Fine]: "plain",
};

const words: readonly (readonly [sickness: Sickness, word: string])[] = [
  [Sickness.Unreachable, "unreachable"],
  [Sickness.Queue, "with a queue"],
  [Sickness.Saturated, "saturated"],
  [Sickness.Slow, "slow"],
  [Sickness.Misconfigured, "misconfigured"],
  [Sickness.NotRunning, "not running"],
  [Sickness.Unknown, "not read yet"],
  [Sickness.Fine, "fine"],
];

/**
 * The line about all targets: `12 targets: 1 unreachable, 11 fine`.
 *
 * @param counts the number of targets of each sickness, also of those that the filter hides
 */
export function summaryLine(
  { listed, filter, sort }: ListModel,
  counts: ReadonlyMap<Sickness, number>,
  style: Style,
): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const parts = words.flatMap(([sickness, word]) => {
    const count = counts.get(sickness) ?? 0;
    return count === 0 ? [] : [style[paintOf[sickness]](`${count} ${word}`)];
  });
  const all = `${total === 1 ? "1 target" : `${total} targets`}: ${parts.join(", ")}`;
  const sorted = sort === "sick" ? "" : `; by ${sort}`;
  const filtered = filter === "" ? "" : `; ${listed.length} with "${visible(filter)}"`;
  return total === 0 ? "no target" : `${all}${sorted}${filtered}`;
}

/** When the screen was painted, and how often the targets are read. */
export function clockText(interval: number, isFrozen: boolean, style: Style): string {
  const time = new Date().toTimeString().slice(0, 8);
  return isFrozen
    ? style.warning("frozen")
    : style.faint(`${time}, every ${formatMilliseconds(interval)}`);
}

/** The keys of the list. */
export function listKeys(style: Style): string {
  return keyHints(
    [
      ["q", "quit"],
      ["enter", "open"],
      ["/", "filter"],
      ["s", "sort"],
      ["f", "freeze"],
      ["?", "help"],
    ],
    style,
  );
}
