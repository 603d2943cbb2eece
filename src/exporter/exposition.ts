/** A metric of the Prometheus text format, version 0.0.4. */
export interface Metric {
  name: string;
  type: "counter" | "gauge";
  help: string;
}

/** A value of a metric, and its labels as {@link formatLabels} writes them. */
export type LabelledValue = readonly [labels: string, value: number | undefined];

/**
 * Writes a metric with all of its values, or nothing if it has none. Values that are `undefined` are
 * left out. Of values with the same labels only the first is written, because Prometheus rejects a
 * page with a second one.
 */
export function metricText({ name, type, help }: Metric, values: Iterable<LabelledValue>): string {
  const written = new Set<string>();
  let lines = "";
  for (const [labels, value] of values) {
    if (value === undefined || written.has(labels)) continue;
    written.add(labels);
    lines += `${name}${labels === "" ? "" : `{${labels}}`} ${formatValue(value)}\n`;
  }
  if (lines === "") return "";
  const text = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return `# HELP ${name} ${text}\n# TYPE ${name} ${type}\n${lines}`;
}

/** Writes labels as they stand between braces. Lone surrogates become U+FFFD. */
export function formatLabels(labels: readonly (readonly [name: string, value: string])[]): string {
  return labels.map(([name, value]) => `${name}="${escapeValue(value)}"`).join(",");
}

function escapeValue(value: string): string {
  return value
    .replace(/\p{Surrogate}/gu, "\ufffd")
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll('"', '\\"');
}

function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return `${value}`;
}
