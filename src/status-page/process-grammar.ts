import { entriesOf, type Field, ORDERED_SINCE, processFields } from "./fields.js";

/**
 * How a page format writes a process. Between these marks are texts that a client may choose,
 * newlines and quotes included, and PHP escapes few of them or none.
 */
export interface Grammar {
  /** Global; from a block's first byte to the method's first. Its groups are a {@link Head}. */
  readonly head: RegExp;
  /** Between the method and the URI. */
  readonly beforeUri: string;
  /** Global; from the URI's end to the user's first byte. Group `contentLength`. */
  readonly beforeUser: RegExp;
  /** Between the user and the script. */
  readonly beforeScript: string;
  /** How the tail begins: with `last request cpu`, and in early PHP 5 without it. */
  readonly beforeTail: readonly [string, string];
  /** Sticky; from the script's end to the block's. Its groups are the fields after the script. */
  readonly tail: RegExp;
  /** The most bytes that escaping makes of one byte. */
  readonly growth: { readonly path: number; readonly query: number };
  /** A character that an escaped text never contains. */
  readonly raw: string;
  /** Returns where the URI that starts here ends, if its escaping makes that certain. */
  readonly uriEnd?: (letters: string, start: number) => number | undefined;
  /** Removes the escapes of a URI. */
  readonly decodeUri: (uri: string) => string;
  /** Removes the escapes of another text of a request. */
  readonly decode: (text: string) => string;
  /** Global; groups `key` and `value` of an unknown field. The value ends the match. */
  readonly others: RegExp;
}

/** The fields of a process before the texts of its request, by their names. */
export interface Head extends Readonly<Record<string, string>> {
  readonly pid: string;
  readonly startTime: string;
  readonly startSince: string;
}

/** How a format spells the fields of a process, in parts of patterns. */
export interface FieldSpelling {
  /** What stands before the first field. */
  readonly start: string;
  /** What stands before the value of a field. */
  readonly open: (field: Field) => string;
  /** What ends the value of a field. */
  readonly close: (field: Field) => string;
  /** What separates a field from the next one. */
  readonly separator: string;
  /** The values of types that differ between formats. */
  readonly values: { readonly state: string; readonly date: string; readonly percent: string };
  /** A field with an unknown key, and the separator after it. */
  readonly other: string;
  /** A field after those that are known, and the separator before it. */
  readonly last: string;
  /** What stands after the last field. */
  readonly end: string;
}

/** A whole number, on any page. */
export const COUNT = String.raw`-?\d{1,20}`;
const PID = String.raw`\d{1,10}`;

const fields = entriesOf(processFields);
const { requestMethod, requestUri, contentLength, user, script } = processFields;
const { lastRequestCpu, lastRequestMemory } = processFields;
const headFields = fields.slice(
  0,
  fields.findIndex(([name]) => name === "requestMethod"),
);
const tailFields = fields.slice(fields.findIndex(([name]) => name === "script") + 1);

/** The known keys of a process in all spellings but that of XML, as alternatives of a pattern. */
export const knownKeys = [
  ...new Set(fields.flatMap(([, { key, textKey = key }]) => [key, textKey])),
].join("|");

type Marks = "head" | "beforeUri" | "beforeUser" | "beforeScript" | "beforeTail" | "tail";

/** The marks of a {@link Grammar} that follow from how its format spells fields. */
export function marksOf(spelling: FieldSpelling): Pick<Grammar, Marks> {
  const { start, open, close, separator, values, end } = spelling;
  const others = `(?:${spelling.other}){0,8}`;
  const between = (one: Field, next: Field): string => close(one) + separator + open(next);
  const whole = (name: string, field: Field): string => {
    const { type } = field;
    const isSpecial = type === "state" || type === "date" || type === "percent";
    const value = isSpecial ? values[type] : type === "pid" ? PID : COUNT;
    return `${open(field)}(?<${name}>${value})${close(field)}`;
  };
  const optional = (isOptional: boolean, pattern: string): string =>
    isOptional ? `(?:${pattern})?` : pattern;

  const head = headFields.map(([name, field]) =>
    optional(field.since > ORDERED_SINCE, whole(name, field) + separator),
  );
  const tail = tailFields.map(([name, field]) =>
    optional(
      field.isOptional === true || field.since > ORDERED_SINCE,
      separator + whole(name, field),
    ),
  );
  return {
    head: new RegExp(start + [...head, open(requestMethod)].join(others), "g"),
    beforeUri: between(requestMethod, requestUri),
    beforeUser: new RegExp(
      `${close(requestUri)}${separator}${whole("contentLength", contentLength)}${separator}${others}${open(user)}`,
      "g",
    ),
    beforeScript: between(user, script),
    beforeTail: [between(script, lastRequestCpu), between(script, lastRequestMemory)],
    tail: new RegExp(`${close(script)}${tail.join("")}(?:${spelling.last}){0,8}${end}`, "y"),
  };
}
