import * as v from "valibot";
import { MAX_TIMER } from "../limits.js";

/*
 * The kinds of values in a configuration file. Each says in its error what it expects. A key
 * without a value counts as absent.
 */

const NOT_KEYS = "this must be keys with values";

/** A mapping with these keys and no others, as one of several. */
export function variantSection<Entries extends v.ObjectEntries>(entries: Entries) {
  const names = Object.keys(entries).join(", ");
  return v.objectWithRest(entries, v.never(`the keys here are ${names}`), NOT_KEYS);
}

/** A mapping with these keys and no others. */
export function section<Entries extends v.ObjectEntries>(entries: Entries) {
  // For the schema library a list is an object, too.
  const isMapping = v.custom<v.InferInput<ReturnType<typeof variantSection<Entries>>>>(
    (value) => !Array.isArray(value),
    NOT_KEYS,
  );
  return v.pipe(isMapping, variantSection(entries));
}

/** What may be absent. */
export function maybe<Schema extends v.GenericSchema>(schema: Schema) {
  return v.pipe(
    v.nullish(schema),
    v.transform((value) => value ?? undefined),
  );
}

/** A list, empty when it is absent. */
export function list<Schema extends v.GenericSchema>(item: Schema) {
  return v.pipe(
    v.nullish(v.array(item, "this must be a list"), () => []),
    v.transform((items) => items ?? []),
  );
}

export const text = v.pipe(
  v.string("this must be text"),
  v.minLength(1, "this is empty"),
  v.maxLength(4_096, "this has more than 4096 characters"),
);

export const flag = v.boolean("this must be true or false");

/** A whole number. */
export function count(least: number, most: number) {
  const message = `this must be a whole number from ${least} to ${most}`;
  return v.pipe(
    v.number(message),
    v.integer(message),
    v.minValue(least, message),
    v.maxValue(most, message),
  );
}

/** One of some words. */
export function choice<const Words extends readonly string[]>(words: Words) {
  return v.picklist(words, `this must be ${words.join(" or ")}`);
}

const unitMilliseconds: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

/** A time such as `3s` or `500ms`, in milliseconds. */
export function duration(least = 1) {
  const also = least === 0 ? ", or 0s" : least === 1_000 ? ", 1s at least" : "";
  const message = `this must be a time such as ${least > 500 ? "30s, 5m" : "500ms, 3s"} or 1m${also}`;
  return v.pipe(
    v.string(message),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const match = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h)$/.exec(dataset.value);
      const unit = unitMilliseconds.get(match?.[2] ?? "") ?? Number.NaN;
      const milliseconds = Math.round(Number(match?.[1]) * unit);
      if (milliseconds >= least && milliseconds <= MAX_TIMER) return milliseconds;
      addIssue({ message });
      return NEVER;
    }),
  );
}

/** Text that a function reads, whose errors are those of the value. */
export function readBy(read: (text: string) => unknown) {
  return v.pipe(
    text,
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      try {
        read(dataset.value);
      } catch (error) {
        addIssue({ message: (error as Error).message });
      }
    }),
  );
}
