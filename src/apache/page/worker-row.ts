import { readDecimal, readInteger, type TextPool } from "./cell-values.js";
import { scoreboardState } from "./scoreboard.js";

/**
 * A row of the worker table: a process (prefork) or a thread of one (worker, event). What the page
 * lacks, and what does not fit its column, is `undefined`. Clients choose the texts: expect markup
 * and control characters, as httpd has escaped them.
 */
export interface WorkerRow {
  /** The number of the child process. */
  readonly childNumber: number | undefined;
  /** The generation of the configuration with which the child runs. */
  readonly generation: number | undefined;
  /** The process id; `undefined` for a slot without a process. */
  readonly pid: number | undefined;
  /** Requests on this connection. */
  readonly connectionAccesses: number | undefined;
  /** Requests of this child. */
  readonly childAccesses: number | undefined;
  /** Requests in this slot. */
  readonly slotAccesses: number | undefined;
  /** What the worker is doing: a letter of the scoreboard's legend, `_SRWKDCLGI.`. */
  readonly mode: string | undefined;
  /** Seconds of CPU time that the process has used. */
  readonly cpu: number | undefined;
  /** Seconds since the latest request began; `undefined` if there was none. */
  readonly secondsSinceRequest: number | undefined;
  /** Milliseconds that the latest complete request took. */
  readonly requestTime: number | undefined;
  /** Milliseconds that all requests took together. Since httpd 2.4.35. */
  readonly totalTime: number | undefined;
  /** Kilobytes sent on this connection. */
  readonly connectionKilobytes: number | undefined;
  /** Megabytes sent by this child. */
  readonly childMegabytes: number | undefined;
  /** Megabytes sent from this slot. */
  readonly slotMegabytes: number | undefined;
  /** The address of the client. */
  readonly client: string | undefined;
  /** Such as `http/1.1` or `h2`. Since httpd 2.4.19. */
  readonly protocol: string | undefined;
  /** The virtual host, with its port. */
  readonly vhost: string | undefined;
  /** The request line, at most 63 bytes of it; `undefined` while it is being read. */
  readonly request: string | undefined;
}

/** What a worker is doing. `unknown` means that it can be neither called active nor idle. */
export type WorkerActivity = "active" | "idle" | "unknown";

/** The activity of a row, by its letter. A letter that the legend lacks counts as active. */
export function activityOf({ mode }: Pick<WorkerRow, "mode">): WorkerActivity {
  if (mode === undefined) return "unknown";
  return scoreboardState(mode)?.isIdle ? "idle" : "active";
}

/** The default number of seconds on one request after which a worker hangs. */
export const HANGING_AFTER = 300;

/**
 * Whether a worker hangs: it has been on one request for at least `seconds`. A worker in state `K`
 * waits for its client's next request, so it does not hang.
 *
 * @param seconds default: 300
 */
export function isHanging(
  row: Pick<WorkerRow, "mode" | "secondsSinceRequest">,
  seconds: number = HANGING_AFTER,
): boolean {
  const { mode, secondsSinceRequest } = row;
  if (mode === "K" || secondsSinceRequest === undefined) return false;
  return activityOf(row) === "active" && secondsSinceRequest >= seconds;
}

/** The headings of the worker table as {@link normalizeHeading} has them. */
const required = [
  ...["srv", "pid", "acc", "m", "ss", "req", "conn", "child", "slot", "client", "vhost", "request"],
] as const;
/** CPU is missing on Windows, Dur before httpd 2.4.35, and Protocol before 2.4.19. */
const optional = ["cpu", "dur", "protocol"] as const;

type Column = (typeof required)[number] | (typeof optional)[number];

/** The index of each column; -1 if it is missing. */
export type Columns = Readonly<Record<Column, number>>;

/** The form of a heading for comparison: `P I D` and `Acc.` become `pid` and `acc`. */
export function normalizeHeading(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Finds the columns of the worker table; `undefined` if a required one is missing. */
export function columnsOf(headings: readonly string[]): Columns | undefined {
  if (required.some((name) => !headings.includes(name))) return undefined;
  const names = [...required, ...optional];
  return Object.fromEntries(names.map((name) => [name, headings.indexOf(name)])) as Columns;
}

/** From here on, seconds are a date: a slot that has never had a request shows the current time. */
const UNIX_TIME = 1_000_000_000;

/** Reads a worker from the cells of its row. */
export function workerRow(cells: readonly string[], columns: Columns, texts: TextPool): WorkerRow {
  const text = (column: number): string => (column < 0 ? "" : cells[column]!);
  const known = (column: number): string | undefined => {
    const value = text(column);
    return value === "" ? undefined : texts.take(value);
  };
  const srv = text(columns.srv);
  const dash = srv.indexOf("-");
  const acc = text(columns.acc);
  const first = acc.indexOf("/");
  const second = acc.indexOf("/", first + 1);
  const hasThree = first >= 0 && second >= 0;
  const seconds = readInteger(text(columns.ss));
  const request = known(columns.request);
  return {
    childNumber: dash < 0 ? undefined : readInteger(srv, 0, dash),
    generation: dash < 0 ? undefined : readInteger(srv, dash + 1),
    // A slot whose process is about to be started shows 0.
    pid: readInteger(text(columns.pid)) || undefined,
    connectionAccesses: hasThree ? readInteger(acc, 0, first) : undefined,
    childAccesses: hasThree ? readInteger(acc, first + 1, second) : undefined,
    slotAccesses: hasThree ? readInteger(acc, second + 1) : undefined,
    mode: known(columns.m),
    cpu: readDecimal(text(columns.cpu)),
    secondsSinceRequest: seconds === undefined || seconds >= UNIX_TIME ? undefined : seconds,
    requestTime: readInteger(text(columns.req)),
    totalTime: readInteger(text(columns.dur)),
    connectionKilobytes: readDecimal(text(columns.conn)),
    childMegabytes: readDecimal(text(columns.child)),
    slotMegabytes: readDecimal(text(columns.slot)),
    client: known(columns.client),
    protocol: known(columns.protocol),
    vhost: known(columns.vhost),
    request: request === "NULL" ? undefined : request,
  };
}
