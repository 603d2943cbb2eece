/** The entries of a table of options, and the TypeScript types that follow from them. */

/**
 * The type of an option's value: a whole number, a time in milliseconds, a boolean, a text, one of
 * several words, or a type of its own, written as `custom<Type>()`.
 */
export type OptionType =
  | "count"
  | "milliseconds"
  | "boolean"
  | "text"
  | readonly string[]
  | CustomType<unknown>;

/** A type that TypeScript alone knows. */
export interface CustomType<Value> {
  readonly custom: true;
  /** Never present: it holds the type. */
  readonly value?: Value;
}

export function custom<Value>(): CustomType<Value> {
  return { custom: true };
}

/** One option. */
export type PoolOptionSpec = {
  readonly type: OptionType;
  /** The value of an option that is not given. Absent: `undefined`, or what other options decide. */
  readonly default?: number | boolean | string;
  /** The least value of a number. Absent: 0. */
  readonly least?: number;
  /** Whether worker processes get the option, too. */
  readonly isForWorkers?: true;
} & (
  | {
      /** The flag of `fcgi-probe serve`, as Commander reads it: `--workers <n>`. */
      readonly flag: string;
      /** The help of the flag. The default is added to it. */
      readonly help: string;
    }
  | {
      /** Why the command has no such flag. */
      readonly noFlag: string;
    }
);

/** The value of an option with this entry. */
export type OptionValue<Spec extends { readonly type: unknown }> = Spec["type"] extends
  | "count"
  | "milliseconds"
  ? number
  : Spec["type"] extends "boolean"
    ? boolean
    : Spec["type"] extends "text"
      ? string
      : Spec["type"] extends readonly (infer Word)[]
        ? Word
        : Spec["type"] extends CustomType<infer Value>
          ? Value
          : never;
