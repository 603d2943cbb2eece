import type { poolFields, processFields } from "./fields.js";

/** A key that this package does not know, and its value as the page has it. */
export type OtherField = readonly [key: string, value: string];

/** The fields of a pool on its status page. One that the page lacks is `undefined`. */
export type PoolStatusFields = {
  readonly [Name in keyof typeof poolFields]:
    | ((typeof poolFields)[Name]["type"] extends "text" | "uri" | "state"
        ? string
        : (typeof poolFields)[Name]["type"] extends "date"
          ? Date
          : number)
    | undefined;
};

/** The fields of a process on a status page. Those of later versions of PHP may be `undefined`. */
export type ProcessStatusFields = {
  readonly [Name in keyof typeof processFields]:
    | ((typeof processFields)[Name]["type"] extends "text" | "uri" | "state"
        ? string
        : (typeof processFields)[Name]["type"] extends "date"
          ? Date
          : number)
    | ((typeof processFields)[Name] extends { isOptional: true }
        ? undefined
        : (typeof processFields)[Name]["since"] extends 5.3 | 5.4
          ? never
          : undefined);
};

export type StatusJson<Values> = {
  -readonly [Name in keyof Values]: Date extends Values[Name] ? string | undefined : Values[Name];
};

/**
 * A PHP-FPM pool as its status page shows it. A field that the page lacks is `undefined`: earlier
 * versions of PHP have fewer fields, and an OpenMetrics page has no start time. PHP-FPM keeps the
 * counters in shared memory without a lock, so they drift: active may exceed total, and total may
 * exceed `pm.max_children`.
 */
export interface PoolStatus extends PoolStatusFields {
  /** Fields with an unknown or a repeated key, in the order of the page. */
  readonly other: readonly OtherField[];
  /** The processes in the order of the page. `undefined` unless the page was asked for them. */
  readonly processes: readonly ProcessStatus[] | undefined;
  /** Sentences about what does not add up on this page. Empty for most pages. */
  readonly warnings: readonly string[];
  /** Plain data: dates as ISO 8601, and the keys of `fcgi-probe status --format json`. */
  toJSON(): PoolStatusJson;
}

/**
 * A process of a pool. Its texts come from the client that sent the request, and may contain control
 * characters and markup. Bytes that are not UTF-8 become U+FFFD.
 */
export interface ProcessStatus extends ProcessStatusFields {
  /** Fields with an unknown key, in the order of the page. */
  readonly other: readonly OtherField[];
  /** Plain data: dates as ISO 8601. */
  toJSON(): ProcessStatusJson;
}

/** {@link PoolStatus} as plain data. */
export interface PoolStatusJson extends StatusJson<PoolStatusFields> {
  processes?: ProcessStatusJson[];
}

/** {@link ProcessStatus} as plain data. */
export interface ProcessStatusJson extends StatusJson<ProcessStatusFields> {}

/** What a process does. */
export const ProcessState = {
  Idle: "Idle",
  ReadingHeaders: "Reading headers",
  GettingRequestInformation: "Getting request information",
  Running: "Running",
  Ending: "Ending",
  Finishing: "Finishing",
  /** The process does not exist yet: nothing else in its entry means anything. */
  Creating: "Creating",
} as const;

export type ProcessState = (typeof ProcessState)[keyof typeof ProcessState];

const states = new Map<string, ProcessState>([
  ...Object.values(ProcessState).map((state) => [state, state] as const),
  // PHP 7.3 and earlier.
  ["Getting request informations", ProcessState.GettingRequestInformation],
  // What printf made of a state that had no name yet.
  ["(null)", ProcessState.Creating],
]);

/** The state that the words of any version of PHP mean, or `undefined` if they are unknown. */
export function processState(text: string): ProcessState | undefined {
  return states.get(text);
}
