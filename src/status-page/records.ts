import { type FieldValue, parseValue } from "./field-values.js";
import {
  entriesOf,
  type Field,
  type FieldType,
  isText,
  ORDERED_SINCE,
  poolFields,
  processFields,
} from "./fields.js";
import { isoTime } from "./iso-time.js";
import {
  type OtherField,
  type PoolStatus,
  type PoolStatusJson,
  ProcessState,
  type ProcessStatus,
  type ProcessStatusJson,
} from "./pool-status.js";

export const none: readonly never[] = [];

type Writable<Fields> = { -readonly [Name in keyof Fields]: Fields[Name] };

/** A pool that a reader fills in. */
export type WritablePool = Writable<PoolStatus>;

/**
 * The shape of a pool: V8 makes an object in 75 ns from these lines, and in 390 ns from a loop over
 * {@link poolFields}. A test compares the two. Fields of later versions of PHP are added where a page
 * has them.
 */
class PoolRecord {
  readonly pool: FieldValue | undefined;
  readonly processManager: FieldValue | undefined;
  readonly startTime: FieldValue | undefined;
  readonly startSince: FieldValue | undefined;
  readonly acceptedConn: FieldValue | undefined;
  readonly listenQueue: FieldValue | undefined;
  readonly maxListenQueue: FieldValue | undefined;
  readonly listenQueueLen: FieldValue | undefined;
  readonly idleProcesses: FieldValue | undefined;
  readonly activeProcesses: FieldValue | undefined;
  readonly totalProcesses: FieldValue | undefined;
  readonly maxActiveProcesses: FieldValue | undefined;
  readonly maxChildrenReached: FieldValue | undefined;
  readonly slowRequests: FieldValue | undefined;
  other = none;
  processes = undefined;
  warnings = none;

  constructor(values: readonly FieldValue[]) {
    this.pool = values[0];
    this.processManager = values[1];
    this.startTime = values[2];
    this.startSince = values[3];
    this.acceptedConn = values[4];
    this.listenQueue = values[5];
    this.maxListenQueue = values[6];
    this.listenQueueLen = values[7];
    this.idleProcesses = values[8];
    this.activeProcesses = values[9];
    this.totalProcesses = values[10];
    this.maxActiveProcesses = values[11];
    this.maxChildrenReached = values[12];
    this.slowRequests = values[13];
  }

  toJSON(this: WritablePool): PoolStatusJson {
    const fields = plainPool(this) as Omit<PoolStatusJson, "processes">;
    const processes = this.processes?.map((process) => process.toJSON());
    return processes === undefined ? fields : { ...fields, processes };
  }
}

/** Makes a pool of the values of its first fields, in the order of {@link poolFields}. */
export function createPool(values: readonly FieldValue[] = []): WritablePool {
  return new PoolRecord(values) as unknown as WritablePool;
}

/** A process whose fields were all read at once. A number that its page lacks is 0, a text is empty. */
class ProcessRecord {
  other: readonly OtherField[] = none;

  constructor() {
    Object.assign(this, processDefaults);
  }

  toJSON(this: ProcessStatus): ProcessStatusJson {
    return processToJson(this);
  }
}

/** Makes a process that a reader fills in. */
export function createProcess(): Writable<ProcessStatus> {
  return new ProcessRecord() as Writable<ProcessStatus>;
}

const processDefaults = Object.fromEntries(
  entriesOf(processFields).map(([name, { type, since, isOptional }]) => {
    const mayLack = isOptional || since > ORDERED_SINCE;
    return [name, mayLack ? undefined : isText(type) ? "" : 0];
  }),
);

export function processToJson(process: ProcessStatus): ProcessStatusJson {
  return plainProcess(process) as ProcessStatusJson;
}

/**
 * Makes a function that copies the fields of a record, dates as ISO 8601. A field of a later version
 * of PHP is left out if the page lacks it.
 */
function plainCopier<Name extends string>(fields: Readonly<Record<Name, Field>>) {
  const entries = entriesOf(fields).map(
    ([name, { since }]) => [name, since > ORDERED_SINCE] as const,
  );
  // To copy an object with all keys takes half the time of adding the keys one by one.
  const blank = Object.fromEntries(
    entries.flatMap(([name, isLater]) => (isLater ? [] : [[name, undefined]])),
  ) as Record<Name, unknown>;
  return (values: Readonly<Record<NoInfer<Name>, FieldValue | undefined>>): object => {
    const plain = { ...blank };
    for (const [name, isLater] of entries) {
      const value = values[name];
      if (value === undefined && isLater) continue;
      plain[name] = value instanceof Date ? isoTime(value) : value;
    }
    return plain;
  };
}

const plainPool = plainCopier(poolFields);
const plainProcess = plainCopier(processFields);

type Values = Record<string, FieldValue | undefined>;

/** The fields of a table by their keys, in either spelling. */
function byKey(fields: Readonly<Record<string, Field>>): ReadonlyMap<string, [string, FieldType]> {
  return new Map(
    entriesOf(fields).flatMap(([name, { key, textKey = key, type }]) => [
      [key, [name, type]],
      [textKey, [name, type]],
    ]),
  );
}

const poolKeys = byKey(poolFields);
const processKeys = byKey(processFields);

/**
 * Makes a pool of the keys and values of a page, in any order, because PHP 5.3 has another one. A
 * field with an unknown or repeated key, or a value that cannot be read, is kept in `other`.
 */
export function poolOf(fields: Iterable<OtherField>): WritablePool {
  const pool = createPool();
  const values = pool as unknown as Values;
  const other: OtherField[] = [];
  for (const field of fields) {
    const [name, type] = poolKeys.get(field[0]) ?? [];
    const value = type && parseValue(type, field[1]);
    if (name === undefined || value === undefined || values[name] !== undefined) other.push(field);
    else values[name] = value;
  }
  if (other.length > 0) pool.other = other;
  return pool;
}

/**
 * Makes a process of the keys and values of a page. A field with an unknown key, or a value that
 * cannot be read, is kept in `other`.
 */
export function processOf(fields: Iterable<OtherField>): ProcessStatus {
  const process = createProcess();
  const values = process as unknown as Values;
  const other: OtherField[] = [];
  for (const field of fields) {
    const [name, type] = processKeys.get(field[0]) ?? [];
    const value = type && parseValue(type, field[1]);
    if (name === undefined || value === undefined) other.push(field);
    else values[name] = value;
  }
  if (other.length > 0) process.other = other;
  if (isCreating(process)) process.requestDuration = undefined;
  if (process.startTime?.getTime() === 0) {
    process.startTime = undefined;
    process.startSince = undefined;
  }
  return process;
}

/** Whether a process does not exist yet. PHP prints the uptime of the machine as its duration. */
function isCreating({ pid, state }: Pick<ProcessStatus, "pid" | "state">): boolean {
  return pid === 0 || state === ProcessState.Creating;
}
