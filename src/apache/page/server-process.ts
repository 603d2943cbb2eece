import { readInteger } from "./cell-values.js";

/** A process of event, as the page counts its connections and threads. */
export interface ApacheProcess {
  /** 2.4.35 and later, as is `stopping`. */
  readonly slot: number | undefined;
  readonly pid: number;
  /** Whether it is about to end. */
  readonly stopping: boolean | undefined;
  readonly connections: number | undefined;
  /** Whether it takes new connections. */
  readonly accepting: boolean | undefined;
  readonly busyThreads: number | undefined;
  /** 2.4.58 and later. */
  readonly gracefulThreads: number | undefined;
  readonly idleThreads: number | undefined;
  /** Connections that no thread has. `waitIo`: 2.4.63 and later. */
  readonly waitIo: number | undefined;
  readonly writing: number | undefined;
  readonly keepAlive: number | undefined;
  readonly closing: number | undefined;
}

/** Headings of groups of columns, which have no cells of their own. */
const groups: ReadonlySet<string> = new Set(["connections", "threads", "asyncconnections"]);

/** The headings of the table of processes, by column; `undefined` where it is another table. */
export function processColumns(headings: readonly string[]): readonly string[] | undefined {
  const columns = headings.filter((heading) => !groups.has(heading));
  const isIt = ["pid", "accepting", "busy", "idle"].every((name) => columns.includes(name));
  return isIt ? columns : undefined;
}

/** Makes a process of the cells of its row; `undefined` for the row of sums. */
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
