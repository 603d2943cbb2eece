import type { MetricStyle } from "../settings.js";
import { type LabelSet, noLabels } from "./labels.js";
import type { Emit, Metric, MetricForm, MetricType } from "./metric.js";

/** The text format of Prometheus, version 0.0.4, or OpenMetrics 1.0. */
export type MetricsFormat = "text" | "openmetrics";

/** Text is handed on in pieces of about this many characters. */
const PIECE = 65_536;

/** Of two readings with the same labels, which would give a series twice, the first one. */
export function distinct<Reading extends { readonly labels: LabelSet }>(
  readings: readonly Reading[],
): Reading[] {
  const found = new Map<string, Reading>();
  for (const reading of readings) {
    const { text } = reading.labels;
    if (!found.has(text)) found.set(text, reading);
  }
  return [...found.values()];
}

/** Writes metrics, all values of one together, and none that has no value. */
export function* writeMetrics<Reading extends { readonly labels: LabelSet }>(
  metrics: Iterable<Metric<Reading>>,
  readings: readonly Reading[],
  style: MetricStyle,
  format: MetricsFormat,
): Generator<string> {
  const all = distinct(readings);
  const selected = new Map<Metric<Reading>["where"], readonly Reading[]>([[undefined, all]]);
  for (const { where, [style]: form } of metrics) {
    if (form === undefined) continue;
    const some = selected.get(where) ?? all.filter((reading) => where?.(reading));
    selected.set(where, some);
    yield* writeMetric(form, some, format);
  }
}

function* writeMetric<Reading extends { readonly labels: LabelSet }>(
  form: MetricForm<Reading>,
  readings: readonly Reading[],
  format: MetricsFormat,
): Generator<string> {
  const { name } = form;
  let text = "";
  let outer = "";
  /** How most lines of a reading begin. Each string that is joined less saves 32 bytes a line. */
  let start = "";
  const emit: Emit = (value, labels = noLabels, suffix = "") => {
    if (value === undefined) return;
    const end = `${formatValue(value)}\n`;
    if (outer === "") text += `${name}${suffix}${labels.text && `{${labels.text}}`} ${end}`;
    else text += (suffix === "" ? start : `${name}${suffix}{${outer}`) + labels.closing + end;
  };
  let isHeaded = false;
  for (const reading of readings) {
    outer = reading.labels.text;
    start = `${name}{${outer}`;
    form.emit(reading, emit);
    if (text.length > PIECE) {
      yield isHeaded ? text : headOf(form, format) + text;
      isHeaded = true;
      text = "";
    }
  }
  if (text !== "") yield isHeaded ? text : headOf(form, format) + text;
}

/** The lines that describe a metric. */
function headOf<Reading>({ name, type, help }: MetricForm<Reading>, format: MetricsFormat): string {
  const text = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  if (format === "text") {
    return `# HELP ${name} ${text}\n# TYPE ${name} ${type === "info" ? "gauge" : type}\n`;
  }
  const family = familyName(name, type);
  const unit = /_(seconds|bytes|ratio)$/.exec(family)?.[1];
  const unitLine = unit === undefined ? "" : `# UNIT ${family} ${unit}\n`;
  return `# TYPE ${family} ${type}\n${unitLine}# HELP ${family} ${text.replaceAll('"', '\\"')}\n`;
}

/** OpenMetrics describes a metric by its name without the suffix that the type requires. */
function familyName(name: string, type: MetricType): string {
  if (type === "counter") return name.replace(/_total$/, "");
  return type === "info" ? name.replace(/_info$/, "") : name;
}

function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return `${value}`;
}
