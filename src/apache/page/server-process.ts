import { readInteger } from "./cell-values.js";

/** A process of the event MPM: a row of the page's table of processes. */
export interface ApacheProcess {
  /** The number of its slot. Since httpd 2.4.35. */
  readonly slot: number | undefined;
  /** The process id. */
  readonly pid: number;
  /** Whether it is about to end. Since httpd 2.4.35. */
  readonly stopping: boolean | undefined;
  /** Its connections. */
  readonly connections: number | undefined;
  /** Whether it accepts new connections. */
  readonly accepting: boolean | undefined;
  /** Threads that have a request. */
  readonly busyThreads: number | undefined;
  /** Threads that finish a request before they end. Since httpd 2.4.58. */
  readonly gracefulThreads: number | undefined;
  /** Threads without a request. */
  readonly idleThreads: number | undefined;
  /** Connections without a thread that wait for I/O. Since httpd 2.4.63. */
  readonly waitIo: number | undefined;
  /** Connections without a thread whose response is being sent. */
  readonly writing: number | undefined;
  /** Connections without a thread that are kept open for the next request. */
  readonly keepAlive: number | undefined;
  /** Connections without a thread that are being closed. */
  readonly closing: number | undefined;
}

/** Headings that group columns. They have no cells of their own. */
const groups: ReadonlySet<string> = new Set(["connections", "threads", "asyncconnections"]);

/** The headings of the table of processes, by column; `undefined` for any other table. */
export function processColumns(headings: readonly string[]): readonly string[] | undefined {
  const columns = headings.filter((heading) => !groups.has(heading));
  const isIt = ["pid", "accepting", "busy", "idle"].every((name) => columns.includes(name));
  return isIt ? columns : undefined;
}

/** Reads a process from the cells of its row; `undefined` for the row of sums. */
export function serverProcess(
  cells: readonly string[],
  columns: readonly string[],
): ApacheProcess | undefined {
  const text = (name: string): string => cells[columns.indexOf(name)] ?? "";
  const count = (name: string): number | undefined => readInteger(text(name));
  const pid = count("pid");
  if (pid === undefined || text("accepting") === "" || cells[0] === "Sum") return undefined;
  return {
    slot: count("slot"),
    pid,
    stopping: columns.includes("stopping") ? text("stopping").startsWith("yes") : undefined,
    connections: count("total"),
    accepting: text("accepting") === "yes",
    busyThreads: count("busy"),
    gracefulThreads: count("graceful"),
    idleThreads: count("idle"),
    waitIo: count("waitio"),
    writing: count("writing"),
    keepAlive: count("keepalive"),
    closing: count("closing"),
  };
}
