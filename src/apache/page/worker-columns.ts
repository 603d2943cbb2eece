import { readDecimal, readInteger, type TextPool } from "./cell-values.js";
import type { WorkerRow } from "./worker-row.js";

/** The headings of the worker table as {@link normalizeHeading} has them. */
const required = [
  ...["srv", "pid", "acc", "m", "ss", "req", "conn", "child", "slot", "client", "vhost", "request"],
] as const;

type Column = (typeof required)[number] | "cpu" | "dur" | "protocol";

/** Where each column is; -1 where it is missing. */
export type Columns = Readonly<Record<Column, number>>;

/** A heading as it is compared: `P I D` and `Acc.` are read as `pid` and `acc`. */
export function normalizeHeading(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/**
 * The columns of the worker table; `undefined` where one is missing. The only one that may be is
 * CPU: httpd has none on Windows.
 */
export function columnsOf(headings: readonly string[]): Columns | undefined {
  const at = (name: string) => headings.indexOf(name);
  if (required.some((name) => at(name) < 0)) return undefined;
  return {
    srv: at("srv"),
    pid: at("pid"),
    acc: at("acc"),
    m: at("m"),
    cpu: at("cpu"),
    ss: at("ss"),
    req: at("req"),
    dur: at("dur"),
    conn: at("conn"),
    child: at("child"),
    slot: at("slot"),
    client: at("client"),
    protocol: at("protocol"),
    vhost: at("vhost"),
    request: at("request"),
  };
}

/** Seconds that are no age but a date: a slot that has never had a request shows the time of day. */
const A_DATE = 1_000_000_000;

/** Makes a worker of the cells of its row. */
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
    secondsSinceRequest: seconds === undefined || seconds >= A_DATE ? undefined : seconds,
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
