import { isHanging } from "../../../apache/page/worker-row.js";
import type { ApacheWorker } from "../../../apache/workers/workers.js";
import type { Style } from "../../../terminal/style.js";
import { type Column, layOut, rowLine, titleLine } from "../../../terminal/table.js";
import { visible } from "../../../terminal/text.js";
import {
  counted,
  formatBytes,
  formatMilliseconds,
  formatSeconds,
} from "../../../terminal/units.js";
import { modeWord } from "./scoreboard-map.js";

export interface WorkerTableOptions {
  /** Seconds on one request after which a worker hangs. */
  readonly hangingAfter: number;
  /**
   * Bytes that a process uses. Shared pages are divided among the processes that share them (PSS).
   */
  readonly proportionalMemory: (pid: number) => number | undefined;
  /** Whether every column is shown, and nothing is cut. */
  readonly full: boolean;
}

const right = { align: "right" } as const;
const dash = (text: string | number | undefined) => (text === undefined ? "-" : `${text}`);
const text = (value: string | undefined) => (value === undefined ? "-" : visible(value));
const size = (bytes: number | undefined) => (bytes === undefined ? "-" : formatBytes(bytes));

const columns: readonly Column<ApacheWorker>[] = [
  { title: "PID", value: ({ pid }) => dash(pid), ...right },
  { title: "STATE", value: stateOf, shrinkTo: 9 },
  { title: "AGE", value: ageOf, ...right },
  { title: "TOOK", value: tookOf, ...right, dropOrder: 4 },
  { title: "CPU", value: cpuOf, ...right, dropOrder: 3 },
  { title: "MEMORY", value: ({ process }) => size(process?.rss), ...right },
  {
    title: "REQUESTS",
    value: ({ row }) => dash(row?.childAccesses),
    ...right,
    dropOrder: 2,
  },
  { title: "CLIENT", value: ({ row }) => text(row?.client), shrinkTo: 9, dropOrder: 5 },
];

const request: Column<ApacheWorker> = {
  title: "REQUEST",
  value: ({ row }) => text(row?.request),
  shrinkTo: 24,
};

const vhost: Column<ApacheWorker> = {
  title: "VHOST",
  value: ({ row }) => text(row?.vhost),
  shrinkTo: 9,
  dropOrder: 6,
};

function fullColumns({ proportionalMemory }: WorkerTableOptions): readonly Column<ApacheWorker>[] {
  return [
    {
      title: "PSS",
      value: ({ process }) =>
        size(process === undefined ? undefined : proportionalMemory(process.pid)),
      ...right,
    },
    { title: "THREADS", value: ({ process }) => dash(process?.threads), ...right },
    { title: "CHILD", value: ({ row }) => dash(row?.childNumber), ...right },
    { title: "GENERATION", value: ({ row }) => dash(row?.generation), ...right },
    { title: "IN SLOT", value: ({ row }) => dash(row?.slotAccesses), ...right },
    { title: "SENT", value: sentOf, ...right },
    { title: "PROTOCOL", value: ({ row }) => text(row?.protocol) },
  ];
}

function stateOf({ kind, row, group, activity }: ApacheWorker): string {
  if (kind === "wsgi") return `wsgi ${text(group)}`;
  if (kind === "helper") return "helper or unused";
  return row?.mode === undefined ? activity : modeWord(row.mode);
}

function ageOf({ row }: ApacheWorker): string {
  return row?.secondsSinceRequest === undefined ? "-" : formatSeconds(row.secondsSinceRequest);
}

function tookOf({ row }: ApacheWorker): string {
  const time = row?.requestTime;
  if (time === undefined) return "-";
  return time < 1000 ? `${time} ms` : formatMilliseconds(time);
}

function cpuOf({ row }: ApacheWorker): string {
  return row?.cpu === undefined ? "-" : `${row.cpu.toFixed(2)} s`;
}

function sentOf({ row }: ApacheWorker): string {
  return row?.slotMegabytes === undefined ? "-" : `${row.slotMegabytes.toFixed(2)} M`;
}

/** One line per worker, and a summary. */
export function workerLines(
  workers: readonly ApacheWorker[],
  options: WorkerTableOptions,
  style: Style,
  width?: number,
): string[] {
  if (workers.length === 0) return ["no workers"];
  const all = options.full
    ? [...columns, ...fullColumns(options), vhost, request]
    : [...columns, vhost, request];
  const layout = layOut(all, workers, options.full ? undefined : width);
  const lines = workers.map((worker) =>
    paint(worker, rowLine(layout, worker), options.hangingAfter, style),
  );
  return [style.heading(titleLine(layout)), ...lines, "", summaryOf(workers)];
}

function paint({ row, activity }: ApacheWorker, line: string, after: number, style: Style): string {
  if (row !== undefined && isHanging(row, after)) return style.bad(line);
  return activity === "idle" ? style.faint(line) : line;
}

function summaryOf(workers: readonly ApacheWorker[]): string {
  const active = workers.filter(({ row, activity }) => row !== undefined && activity === "active");
  const memory = new Map<number, number>();
  for (const { process } of workers) {
    if (process !== undefined) memory.set(process.pid, process.rss);
  }
  const count = `${counted(workers.length, "worker", "workers")}, ${active.length} active`;
  if (memory.size === 0) return count;
  const sum = [...memory.values()].reduce((one, other) => one + other, 0);
  const most = Math.max(...memory.values());
  const processes = counted(memory.size, "process", "processes");
  return `${count}; ${processes}: ${formatBytes(sum)}, at most ${formatBytes(most)} each`;
}
