import { textWidth } from "./text-width.js";

/** A part of a line, which is not cut, and how it is painted. */
export interface Part {
  readonly text: string;
  readonly paint?: ((text: string) => string) | undefined;
}

const GAP = "   ";

/** Parts behind a label, on as many lines as they need; further lines are indented like it. */
export function wrapParts(
  label: string,
  parts: readonly Part[],
  width: number = Number.POSITIVE_INFINITY,
): string[] {
  const indent = " ".repeat(textWidth(label));
  const lines: string[] = [];
  let line = label;
  let used = label.length;
  let isEmpty = true;
  for (const { text, paint } of parts) {
    const gap = isEmpty ? "" : GAP;
    const needed = gap.length + textWidth(text);
    if (!isEmpty && used + needed > width) {
      lines.push(line);
      line = indent;
      used = indent.length;
      isEmpty = true;
    }
    line += (isEmpty ? "" : gap) + (paint === undefined ? text : paint(text));
    used += (isEmpty ? 0 : gap.length) + textWidth(text);
    isEmpty = false;
  }
  if (!isEmpty) lines.push(line);
  return lines;
}
