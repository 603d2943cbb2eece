import { clipEnd, clipStart, textWidth } from "./text.js";

/** A column of a table, and what happens to it when the table is wider than the terminal. */
export interface Column<Row> {
  title: string;
  /** The text of a row, without control characters. */
  value(row: Row): string;
  /** The alignment of the text. Default: `left`. */
  align?: "left" | "right";
  /** Which end is cut when the text does not fit. Default: `end`. */
  clip?: "start" | "end";
  /**
   * The least width in cells. Default: the width of the longest text, so the column never shrinks.
   */
  shrinkTo?: number;
  /** A table that does not fit drops columns, the highest number first. Default: never dropped. */
  dropOrder?: number;
}

/** Columns and their widths in cells. */
export type Layout<Row> = readonly { column: Column<Row>; width: number }[];

const GAP = "  ";

/**
 * Gives each column its width. Without a `width`, each column is as wide as its longest text. With
 * one, columns shrink until the table fits; if that is not enough, columns are dropped first.
 */
export function layOut<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width?: number,
): Layout<Row> {
  const natural = columns.map((column) => ({ column, width: naturalWidth(column, rows) }));
  return width === undefined ? natural : shrinkToFit(natural, width);
}

function naturalWidth<Row>(column: Column<Row>, rows: readonly Row[]): number {
  let width = textWidth(column.title);
  for (const row of rows) width = Math.max(width, textWidth(column.value(row)));
  return width;
}

function shrinkToFit<Row>(natural: Layout<Row>, width: number): Layout<Row> {
  const least = (layout: Layout<Row>) => totalWidth(layout.map(atLeast));
  let layout = natural;
  while (least(layout) > width) {
    const drop = Math.max(...layout.map(({ column }) => column.dropOrder ?? 0));
    if (drop === 0) break;
    layout = layout.filter(({ column }) => column.dropOrder !== drop);
  }
  return shrink(layout, width);
}

function atLeast<Row>({ column, width }: Layout<Row>[number]): Layout<Row>[number] {
  return { column, width: Math.min(width, column.shrinkTo ?? width) };
}

/** Takes cells from the widest column that may shrink, one by one, until the table fits. */
function shrink<Row>(layout: Layout<Row>, width: number): Layout<Row> {
  const shrunk = layout.map((cell) => ({ ...cell }));
  for (let excess = totalWidth(shrunk) - width; excess > 0; excess--) {
    const able = shrunk.filter(({ column, width: now }) => now > (column.shrinkTo ?? now));
    if (able.length === 0) break;
    const widest = able.reduce((one, other) => (other.width > one.width ? other : one));
    widest.width--;
  }
  return shrunk;
}

function totalWidth<Row>(layout: Layout<Row>): number {
  return layout.reduce((sum, { width }) => sum + width, (layout.length - 1) * GAP.length);
}

/** The line of the titles. */
export function titleLine<Row>(layout: Layout<Row>): string {
  return line(layout, (column) => column.title);
}

/** The line of a row. Texts that are wider than their column are cut. */
export function rowLine<Row>(layout: Layout<Row>, row: Row): string {
  return line(layout, (column) => column.value(row));
}

/** A line with the first and the last column of a row, and one text across the columns between. */
export function spanLine<Row>(layout: Layout<Row>, row: Row, text: string): string {
  if (layout.length < 3) return rowLine(layout, row);
  const middle = layout.slice(1, -1);
  const span: Column<Row> = { title: "", value: () => text };
  return rowLine(
    [
      layout[0] as Layout<Row>[number],
      { column: span, width: totalWidth(middle) },
      layout[layout.length - 1] as Layout<Row>[number],
    ],
    row,
  );
}

function line<Row>(layout: Layout<Row>, text: (column: Column<Row>) => string): string {
  return layout
    .map(({ column, width }) => cell(text(column), column, width))
    .join(GAP)
    .trimEnd();
}

function cell<Row>(text: string, column: Column<Row>, width: number): string {
  const clipped = column.clip === "start" ? clipStart(text, width) : clipEnd(text, width);
  const padding = " ".repeat(Math.max(0, width - textWidth(clipped)));
  return column.align === "right" ? padding + clipped : clipped + padding;
}
