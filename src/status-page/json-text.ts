import type { FieldValue } from "./field-values.js";
import { entriesOf, type Field, poolFields, processFields } from "./fields.js";
import { isoTime } from "./iso-time.js";
import type { PoolStatus } from "./pool-status.js";

type Values = Readonly<Record<string, FieldValue | undefined>>;

/**
 * The text between the braces of `JSON.stringify(pool)`, made from the table of fields: an object
 * with a copy of every field, and its text, take 1.5 µs instead of 0.65 (Node 20, a page without
 * processes).
 */
export function poolJsonText(pool: PoolStatus): string {
  const fields = fieldsText(poolKeys, pool as unknown as Values);
  if (pool.processes === undefined) return fields;
  const processes = pool.processes.map(
    (process) => `{${fieldsText(processKeys, process as unknown as Values)}}`,
  );
  return `${fields}${fields === "" ? "" : ","}"processes":[${processes.join(",")}]`;
}

type Key = readonly [name: string, key: string];

function keysOf<Name extends string>(fields: Readonly<Record<Name, Field>>): readonly Key[] {
  return entriesOf(fields).map(([name]) => [name, `"${name}":`]);
}

const poolKeys = keysOf(poolFields);
const processKeys = keysOf(processFields);

function fieldsText(keys: readonly Key[], values: Values): string {
  let text = "";
  for (const [name, key] of keys) {
    const value = values[name];
    if (value !== undefined) text += (text === "" ? key : `,${key}`) + valueText(value);
  }
  return text;
}

function valueText(value: FieldValue): string {
  if (typeof value === "number") return Number.isFinite(value) ? `${value}` : "null";
  return typeof value === "string" ? JSON.stringify(value) : `"${isoTime(value)}"`;
}
