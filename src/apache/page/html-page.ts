import type { StatusConnection } from "../fetch/status-connection.js";
import { TextPool } from "./cell-values.js";
import { HtmlTables, type TableHandlers } from "./html-tables.js";
import { notAWorkerPage } from "./not-a-status-page.js";
import { PageDecoder } from "./page-decoder.js";
import { type ApacheProcess, processColumns, serverProcess } from "./server-process.js";
import {
  type Columns,
  columnsOf,
  normalizeHeading,
  type WorkerRow,
  workerRow,
} from "./worker-row.js";

/** What the page has besides the rows of its worker table. */
export interface WorkerPageSummary {
  /** The processes of the event MPM, in the order of the page; empty for other MPMs. */
  readonly processes: readonly ApacheProcess[];
  /** The scoreboard of the same instant, without line ends. Empty where the page has none. */
  readonly scoreboard: string;
  /** The number of rows that were left out because they have more or fewer cells than headings. */
  readonly malformedRows: number;
}

/** The HTML page, `/server-status`. */
export interface WorkerPage extends WorkerPageSummary {
  /**
   * One row for each slot that has had a request, including slots without a process (mode `.`).
   * httpd leaves out slots that have never had one.
   */
  readonly rows: readonly WorkerRow[];
  /** The connection over which the page came; `undefined` for a page that was not fetched. */
  readonly connection?: StatusConnection | undefined;
}

/** The most headings of a table. httpd's tables have fewer. */
const MOST_HEADINGS = 64;
const START = 8192;

/**
 * Reads the worker table out of `/server-status`, of any version and any MPM, as its pieces come.
 * Keeps nothing of the page but its beginning and the row that is being read.
 */
export class WorkerPageReader {
  readonly #onRow: (row: WorkerRow) => void;
  readonly #decoder = new PageDecoder();
  readonly #tables: HtmlTables;
  readonly #handler: PageHandler;
  /** The beginning of the page: it shows what the page is when it has no workers. */
  #start = "";

  constructor(onRow: (row: WorkerRow) => void) {
    this.#onRow = onRow;
    this.#handler = new PageHandler((row) => this.#onRow(row));
    this.#tables = new HtmlTables(this.#handler);
  }

  write(piece: Uint8Array | string): void {
    const text = typeof piece === "string" ? piece : this.#decoder.write(piece);
    if (this.#start.length < START) this.#start += text.slice(0, START - this.#start.length);
    this.#tables.write(text);
  }

  /**
   * Ends the page.
   *
   * @throws GatewayError `not_a_status_page`, `page_not_found`, `access_denied`, `server_busy` or
   * `bad_status` if there was no worker table. The message says what there was instead.
   */
  end(): WorkerPageSummary {
    this.#tables.write(this.#decoder.end());
    this.#tables.end();
    const { workers, processes, scoreboard, malformedRows, hasDetails } = this.#handler;
    if (workers === 0) throw notAWorkerPage(this.#start, hasDetails);
    return { processes, scoreboard: scoreboard.replace(/[\r\n]/g, ""), malformedRows };
  }
}

/**
 * Reads a whole page.
 *
 * @throws GatewayError as {@link WorkerPageReader.end}
 */
export function parseServerStatusHtml(page: Uint8Array | string): WorkerPage {
  const rows: WorkerRow[] = [];
  const reader = new WorkerPageReader((row) => rows.push(row));
  reader.write(page);
  return { rows, ...reader.end() };
}

/** Reads a page as it arrives, and yields each row as soon as it is complete.
 * @throws GatewayError as {@link WorkerPageReader.end} */
export async function* streamWorkerRows(
  pieces: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<WorkerRow, WorkerPageSummary> {
  let rows: WorkerRow[] = [];
  const reader = new WorkerPageReader((row) => rows.push(row));
  for await (const piece of pieces) {
    reader.write(piece);
    yield* rows;
    rows = [];
  }
  const rest = reader.end();
  yield* rows;
  return rest;
}

/** What the headings of a table tell. */
class TableState {
  headings: string[] = [];
  columns: Columns | undefined;
  processColumns: readonly string[] | undefined;
}

class PageHandler implements TableHandlers {
  workers = 0;
  readonly processes: ApacheProcess[] = [];
  scoreboard = "";
  malformedRows = 0;
  /** Whether the page lists workers without a table (`?notable`). */
  hasDetails = false;
  readonly #onRow: (row: WorkerRow) => void;
  readonly #texts = new TextPool();
  readonly #tables: TableState[] = [];
  /** The first table that has a worker. Others are ignored. */
  #chosen: TableState | undefined;
  #hasScoreboard = false;

  constructor(onRow: (row: WorkerRow) => void) {
    this.#onRow = onRow;
  }

  beginTable(): void {
    this.#tables.push(new TableState());
    this.#hasScoreboard = this.scoreboard !== "";
  }

  endTable(): void {
    this.#tables.pop();
  }

  text(element: string, text: string): void {
    if (element === "pre" && !this.#hasScoreboard) this.scoreboard += text;
    else if (element === "h2" && text.trim() === "Server Details") this.hasDetails = true;
  }

  row(headings: readonly string[], cells: readonly string[]): void {
    const table = this.#tables.at(-1) as TableState;
    if (headings.length > 0) addHeadings(table, headings);
    if (cells.length === 0) return;
    const { columns } = table;
    if (columns !== undefined) this.#workerRow(table, columns, cells);
    else if (table.processColumns !== undefined) this.#processRow(table.processColumns, cells);
  }

  #workerRow(table: TableState, columns: Columns, cells: readonly string[]): void {
    if (this.#chosen !== undefined && this.#chosen !== table) return;
    if (cells.length !== table.headings.length) {
      this.malformedRows++;
      return;
    }
    this.#chosen = table;
    this.workers++;
    this.#onRow(workerRow(cells, columns, this.#texts));
  }

  #processRow(columns: readonly string[], cells: readonly string[]): void {
    if (cells.length !== columns.length) return;
    const process = serverProcess(cells, columns);
    if (process !== undefined) this.processes.push(process);
  }
}

/** Adds a row's headings to those of the table, unless it repeats them. */
function addHeadings(table: TableState, texts: readonly string[]): void {
  const added = texts.map(normalizeHeading);
  const { headings } = table;
  const isRepeated =
    added.length === headings.length && added.every((name, index) => name === headings[index]);
  if (isRepeated || headings.length + added.length > MOST_HEADINGS) return;
  headings.push(...added);
  table.columns = columnsOf(headings);
  table.processColumns = processColumns(headings);
}
