/** A metric of the Prometheus text format, version 0.0.4. */
export interface Metric {
  name: string;
  type: "counter" | "gauge";
  help: string;
}

/** A value, and the labels that tell it from the others of its metric, see {@link formatLabels}. */
export type LabelledValue = readonly [labels: string, value: number | undefined];

/**
 * A metric with all of its samples; the empty text when there is none. Values that are `undefined`
 * are left out. Of samples with the same labels the first is written: Prometheus, which rejects a
 * whole page for a second one, has no place for it.
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

/** Labels as they stand between the braces. What is no Unicode text becomes U+FFFD. */
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
