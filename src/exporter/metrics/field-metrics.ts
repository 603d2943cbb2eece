import { entriesOf, type Field, type FieldType } from "../../status-page/fields.js";
import type { Emit, Metric, MetricForm } from "./metric.js";

type Convert = (value: number) => number;

const same: Convert = (value) => value;

/** The unit in which the modern style shows a type of field. */
const units: Partial<Record<FieldType, readonly [suffix: string, convert: Convert]>> = {
  date: ["_seconds", (milliseconds) => milliseconds / 1_000],
  seconds: ["_seconds", same],
  microseconds: ["_seconds", (microseconds) => microseconds / 1_000_000],
  bytes: ["_bytes", same],
  percent: ["_ratio", (percent) => percent / 100],
};

/** Finds the value of a field in a reading, and emits it in a style's unit. */
export type EmitField<Name, Reading> = (
  field: Name,
  convert: (value: unknown) => number | undefined,
) => (reading: Reading, emit: Emit) => void;

/**
 * The metrics of a table of fields. A modern one has base units, and `_total` if it is a counter.
 *
 * @param emitField makes the function that emits a field
 * @param began when the counters began, where that is not the start of the reading
 */
export function fieldMetrics<Name extends string, Reading>(
  prefix: string,
  fields: Readonly<Record<Name, Field>>,
  emitField: EmitField<Name, Reading>,
  began?: MetricForm<Reading>["began"],
): Metric<Reading>[] {
  return entriesOf(fields).flatMap(([field, { metric, modern, type }]): Metric<Reading>[] => {
    const dropIn: MetricForm<Reading> | undefined = metric && {
      ...metric,
      name: prefix + metric.name,
      emit: emitField(field, converter(same)),
    };
    const told = modern === false ? undefined : { ...metric, ...modern };
    if (told?.name === undefined || told.type === undefined || told.help === undefined) {
      return dropIn === undefined ? [] : [{ "drop-in": dropIn }];
    }
    const [suffix, convert] = units[type] ?? ["", same];
    const form: MetricForm<Reading> = {
      name: `${prefix}${told.name}${suffix}${told.type === "counter" ? "_total" : ""}`,
      type: told.type,
      help: told.help,
      emit: emitField(field, converter(convert)),
      ...(began && { began }),
    };
    return [{ ...(dropIn && { "drop-in": dropIn }), modern: form }];
  });
}

/** A date counts in milliseconds. */
function converter(convert: Convert): (value: unknown) => number | undefined {
  return (value) => (value === undefined ? undefined : convert(Number(value)));
}
