import { utf8, utf8Bytes } from "../bytes.js";
import type { Engine } from "../engine/engine.js";
import { hashKey } from "../engine/hash-key.js";
import type { LineReader } from "../engine/line-reader.js";
import { FIRST_LINE_KEY, LineKey, LineValue, ROW_WORDS } from "../engine/memory.js";
import { dropTexts, placesOfStates, statePage } from "./drop-requests.js";
import { type FieldValue, stateText } from "./field-values.js";
import {
  entriesOf,
  type FieldType,
  isText,
  ORDERED_SINCE,
  type ProcessFieldName,
  processFields,
} from "./fields.js";
import { ProcessState, type ProcessStatus, type ProcessStatusJson } from "./pool-status.js";
import { none, processToJson } from "./records.js";

/**
 * Collects the processes of a text page from the engine's table. Their texts are decoded when they
 * are read.
 */
export class ProcessRows {
  /** In the order of the page. */
  readonly processes: ProcessStatus[] = [];
  /** How many of them exist, and are not still being created. */
  created = 0;
  readonly #page: Uint8Array;
  #layout: Layout | undefined;
  /** The second at which the page was written. */
  #second: number | undefined;

  /** @param page kept, not copied */
  constructor(page: Uint8Array) {
    this.#page = page;
  }

  /**
   * Takes the lines of as many processes as are whole in the engine's table.
   *
   * @returns whether they are as PHP-FPM writes them, in the same second as the first one: a process
   * that a request has forged may be of another second
   */
  take(lines: LineReader, engine: Engine): boolean {
    this.#layout ??= layoutAt(engine, lines);
    const layout = this.#layout;
    if (layout === undefined) return false;
    const { Process, pid, startTime, startSince } = layout;
    const { table, numbers } = engine;
    const blocks = Math.floor((lines.rows - lines.row) / layout.hashes.length);
    const step = layout.hashes.length * ROW_WORDS;
    const first = lines.row * ROW_WORDS;
    const end = first + blocks * step;
    if (!areBlocks(table, FIRST_LINE_KEY + first, FIRST_LINE_KEY + end, layout)) return false;
    for (let block = first; block < end; block += step) {
      const second = numbers[(block + startTime) >> 1]! + numbers[(block + startSince) >> 1]!;
      this.#second ??= second;
      if (second !== this.#second) return false;
      if (numbers[(block + pid) >> 1] !== 0) this.created++;
      const cells = cellsOf(engine, block, lines.base, layout);
      this.processes.push(new Process(this.#page, cells));
    }
    lines.row += blocks * layout.hashes.length;
    return true;
  }
}

/** The lines of a process as some versions of PHP write them. Rows are words from its first row. */
interface Layout {
  /** {@link hashKey} of the key of each line. */
  readonly hashes: Int32Array;
  /** The bits that the {@link LineKind} of each line must have. */
  readonly kinds: Int32Array;
  /** The rows of the fields that every version has: numbers, dates among them, and texts. */
  readonly numberRows: readonly number[];
  readonly textRows: readonly number[];
  /** The fields of later versions. */
  readonly laterRows: readonly { readonly row: number; readonly isText: boolean }[];
  readonly pid: number;
  readonly startTime: number;
  readonly startSince: number;
  /** The class of the processes, with a getter for each field. */
  readonly Process: new (
    page: Uint8Array,
    cells: number[],
  ) => ProcessStatus;
}

/** The bits that a number has in common with one that wrapped around 2^64, and those of a date. */
const NUMBER_BITS = 0b010;
const DATE_BITS = 0b101;

/** Finds the layout of the process whose lines come next. */
function layoutAt({ table }: Engine, { row, rows }: LineReader): Layout | undefined {
  const first = FIRST_LINE_KEY + row * ROW_WORDS + LineKey.Hash;
  for (const layout of layouts) {
    const { hashes } = layout;
    let line = 0;
    while (line < hashes.length && table[first + line * ROW_WORDS] === hashes[line]) line++;
    if (line === hashes.length && row + line <= rows) return layout;
  }
  return undefined;
}

/** Whether all blocks have these lines. Block by block would take twice as long as line by line. */
function areBlocks(table: Int32Array, first: number, end: number, layout: Layout): boolean {
  const { hashes, kinds } = layout;
  const step = hashes.length * ROW_WORDS;
  for (let line = 0; line < hashes.length; line++) {
    const row = first + line * ROW_WORDS;
    if (!haveBits(table, row + LineKey.Hash, end, step, hashes[line]!, -1)) return false;
    const kind = kinds[line]!;
    if (kind !== 0 && !haveBits(table, row + LineKey.Kind, end, step, kind, kind)) return false;
  }
  return true;
}

function haveBits(
  table: Int32Array,
  first: number,
  end: number,
  step: number,
  bits: number,
  mask: number,
): boolean {
  for (let at = first; at < end; at += step) if ((table[at]! & mask) !== bits) return false;
  return true;
}

/**
 * Copies the numbers of a process, and where its texts start and end in the page, from the engine's
 * table. Filling an array in a loop takes twice as long as these lines (17 against 31 ns). A typed
 * array lies outside of V8's heap, where memory of this size costs a third of reading the page.
 *
 * @param block the first word of the process
 * @param base what to add to an engine address to get an offset in the page
 */
function cellsOf(
  { table, numbers }: Engine,
  block: number,
  base: number,
  layout: Layout,
): number[] {
  const { numberRows: number, textRows: text, laterRows } = layout;
  const cells = [
    numbers[(block + number[0]!) >> 1]!,
    numbers[(block + number[1]!) >> 1]!,
    numbers[(block + number[2]!) >> 1]!,
    numbers[(block + number[3]!) >> 1]!,
    numbers[(block + number[4]!) >> 1]!,
    numbers[(block + number[5]!) >> 1]!,
    numbers[(block + number[6]!) >> 1]!,
    numbers[(block + number[7]!) >> 1]!,
    table[block + text[0]! + LineValue.Start]! + base,
    table[block + text[0]! + LineValue.End]! + base,
    table[block + text[1]! + LineValue.Start]! + base,
    table[block + text[1]! + LineValue.End]! + base,
    table[block + text[2]! + LineValue.Start]! + base,
    table[block + text[2]! + LineValue.End]! + base,
    table[block + text[3]! + LineValue.Start]! + base,
    table[block + text[3]! + LineValue.End]! + base,
    table[block + text[4]! + LineValue.Start]! + base,
    table[block + text[4]! + LineValue.End]! + base,
  ];
  for (const { row, isText } of laterRows) {
    if (isText) {
      cells.push(table[block + row + LineValue.Start]! + base);
      cells.push(table[block + row + LineValue.End]! + base);
    } else {
      cells.push(numbers[(block + row) >> 1]!);
    }
  }
  return cells;
}

function layoutOf(version: number): Layout {
  const heading = ["", "*".repeat(24)];
  const fields = entriesOf(processFields)
    .filter(([, { since }]) => since <= version)
    .map(([name, field], index) => ({ name, ...field, row: (heading.length + index) * ROW_WORDS }));
  const first = fields.filter(({ since }) => since <= ORDERED_SINCE);
  const later = fields.filter(({ since }) => since > ORDERED_SINCE);
  const numbers = first.filter(({ type }) => !isText(type));
  const texts = first.filter(({ type }) => isText(type));
  const rows = new Map(fields.map(({ name, row }) => [name, row]));
  const bits = fields.map(({ type }) =>
    isText(type) ? 0 : type === "date" ? DATE_BITS : NUMBER_BITS,
  );
  const keys = fields.map(({ key, textKey = key }) => textKey);
  return {
    hashes: Int32Array.from([...heading, ...keys], hashKey),
    kinds: Int32Array.from([...heading.map(() => 0), ...bits]),
    numberRows: numbers.map(({ row }) => row),
    textRows: texts.map(({ row }) => row),
    laterRows: later.map(({ row, type }) => ({ row, isText: isText(type) })),
    pid: rows.get("pid")!,
    startTime: rows.get("startTime")!,
    startSince: rows.get("startSince")!,
    Process: processClass([...numbers, ...texts, ...later]),
  };
}

type CellField = { readonly name: ProcessFieldName; readonly type: FieldType };

/**
 * Makes the class of processes whose texts stay in the page until they are read.
 *
 * @param fields in the order of their cells: a number has one, a text two
 */
function processClass(fields: readonly CellField[]): Layout["Process"] {
  const cells = new Map<ProcessFieldName, number>();
  let length = 0;
  for (const { name, type } of fields) {
    cells.set(name, length);
    length += isText(type) ? 2 : 1;
  }
  const pid = cells.get("pid")!;
  const state = cells.get("state")!;
  const startTime = cells.get("startTime")!;
  const texts = fields.flatMap(({ name, type }) => (isText(type) ? [cells.get(name)!] : []));

  class Process {
    #page: Uint8Array;
    readonly #cells: number[];

    constructor(page: Uint8Array, cells: number[]) {
      this.#page = page;
      this.#cells = cells;
    }

    [dropTexts](this: Process & ProcessStatus): void {
      const text = this.state;
      const place = placesOfStates.get(text);
      this.#page = place === undefined ? utf8Bytes(text) : statePage;
      for (const cell of texts) this.#cells.fill(0, cell, cell + 2);
      this.#cells[state] = place ?? 0;
      this.#cells[state + 1] = place === undefined ? this.#page.length : place + text.length;
    }

    get other(): readonly never[] {
      return none;
    }

    toJSON(this: ProcessStatus): ProcessStatusJson {
      return processToJson(this);
    }

    /** What `console.log` shows in Node, Deno and Bun. */
    [Symbol.for("nodejs.util.inspect.custom")](this: ProcessStatus): ProcessStatusJson {
      return this.toJSON();
    }

    static getter(name: ProcessFieldName, type: FieldType, cell: number) {
      switch (true) {
        case name === "startSince":
          return function (this: Process): FieldValue | undefined {
            // The start time of a process that is being created is 0.
            return this.#cells[startTime] === 0 ? undefined : Math.max(0, this.#cells[cell]!);
          };
        case name === "requestDuration":
          return function (this: Process): FieldValue | undefined {
            const text = utf8(this.#page, this.#cells[state]!, this.#cells[state + 1]!);
            const isCreating = this.#cells[pid] === 0 || stateText(text) === ProcessState.Creating;
            return isCreating ? undefined : Math.max(0, this.#cells[cell]!);
          };
        case type === "date":
          return function (this: Process): FieldValue | undefined {
            const seconds = this.#cells[cell]!;
            return seconds === 0 ? undefined : new Date(seconds * 1_000);
          };
        case type === "state":
          return function (this: Process): FieldValue {
            return stateText(utf8(this.#page, this.#cells[cell]!, this.#cells[cell + 1]!));
          };
        case isText(type):
          return function (this: Process): FieldValue {
            return utf8(this.#page, this.#cells[cell]!, this.#cells[cell + 1]!);
          };
        default:
          return function (this: Process): FieldValue {
            return Math.max(0, this.#cells[cell]!);
          };
      }
    }
  }

  for (const { name, type } of fields) {
    const get = Process.getter(name, type, cells.get(name)!);
    Object.defineProperty(Process.prototype, name, { get });
  }
  return Process as unknown as Layout["Process"];
}

/** The layouts of all versions of PHP since 5.4, the newest first. */
const layouts: readonly Layout[] = [
  ...new Set([ORDERED_SINCE, ...entriesOf(processFields).map(([, { since }]) => since)]),
]
  .sort((one, other) => other - one)
  .map(layoutOf);
