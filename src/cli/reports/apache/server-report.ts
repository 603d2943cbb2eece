import type {
  ProxyBalancer,
  ProxyWorker,
  ServerStatus,
} from "../../../apache/page/server-status.js";
import { progressBar } from "../../../terminal/progress.js";
import type { Style } from "../../../terminal/style.js";
import { type Column, layOut, rowLine, titleLine } from "../../../terminal/table.js";
import { clipEnd, type Part, visible, wrapParts } from "../../../terminal/text.js";
import {
  counted,
  formatBytes,
  formatMilliseconds,
  formatSeconds,
} from "../../../terminal/units.js";
import { legendLines, mapLines } from "./scoreboard-map.js";

/** The report on an httpd: its numbers, its balancers, and the map of its slots. */
export function serverReport(
  target: string,
  status: ServerStatus,
  style: Style,
  width?: number,
): string[] {
  const { scoreboard } = status;
  const clip = (text: string) => (width === undefined ? text : clipEnd(text, width));
  const rows = rowsOf(status, style, width).filter(([, parts]) => parts.length > 0);
  const labels = Math.max(...rows.map(([label]) => label.length));
  return [
    style.heading(clip(visible(target))),
    ...titleOf(status).map(clip),
    "",
    ...rows.flatMap(([label, parts]) => wrapParts(label.padEnd(labels + 2), parts, width)),
    ...saturationLines(status, style),
    ...balancerLines(status.proxyBalancers, style, width),
    ...(scoreboard === undefined
      ? []
      : ["", ...mapLines(scoreboard, style, width), "", ...legendLines(scoreboard, style, width)]),
  ];
}

function titleOf({ serverVersion, serverMpm, uptime }: ServerStatus): string[] {
  const parts = [
    serverVersion === undefined ? undefined : visible(serverVersion),
    serverMpm === undefined ? undefined : visible(serverMpm),
    uptime === undefined ? undefined : `up ${formatSeconds(uptime)}`,
  ];
  const known = parts.filter((part) => part !== undefined);
  return known.length === 0 ? [] : [known.join(", ")];
}

type Row = readonly [label: string, parts: readonly Part[]];

function rowsOf(status: ServerStatus, style: Style, width: number | undefined): Row[] {
  const { totalAccesses, totalTraffic, cpuLoad, connections, processes } = status;
  const { tlsSessionCache: tls } = status;
  return [
    ["workers", workerParts(status, style, width)],
    [
      "requests",
      parts(
        [totalAccesses, (count) => `${count}`],
        [status.requestsPerSecond, (rate) => `${shortNumber(rate)}/s`],
        [status.bytesPerRequest, (bytes) => `${formatBytes(Math.round(bytes))} each`],
        [status.durationPerRequest, (time) => `${formatMilliseconds(time)} each`],
      ),
    ],
    [
      "traffic",
      parts(
        [totalTraffic, formatBytes],
        [status.bytesPerSecond, (rate) => `${formatBytes(Math.round(rate))}/s`],
      ),
    ],
    [
      "cpu",
      parts(
        [cpuLoad, (percent) => `${shortNumber(percent)}%`],
        [sum(status.cpuUser, status.cpuChildrenUser), (time) => `user ${shortNumber(time)} s`],
        [
          sum(status.cpuSystem, status.cpuChildrenSystem),
          (time) => `system ${shortNumber(time)} s`,
        ],
        [status.load1, () => `load ${loads(status)}`],
      ),
    ],
    [
      "processes",
      parts([processes, (count) => `${count}`], [status.stopping, (count) => `${count} stopping`]),
    ],
    [
      "connections",
      parts(
        [connections, (count) => `${count}`],
        [status.connectionsWaitIo, (count) => `${count} waiting for I/O`],
        [status.connectionsWriting, (count) => `${count} writing`],
        [status.connectionsKeepAlive, (count) => `${count} keep-alive`],
        [status.connectionsClosing, (count) => `${count} closing`],
      ),
    ],
    [
      "TLS sessions",
      parts(
        [tls?.currentEntries, (count) => `${count} cached`],
        [tls?.usage, (percent) => `${percent}% of the cache`],
        [tls?.retrieveHits, (count) => counted(count, "hit", "hits")],
        [tls?.retrieveMisses, (count) => counted(count, "miss", "misses")],
      ),
    ],
  ];
}

/** The least width, in cells, at which the bar is shown. */
const BAR_ROOM = 60;

/** Busy workers as httpd counts them: one of them serves this page. */
function workerParts(status: ServerStatus, style: Style, width: number | undefined): Part[] {
  const { busyWorkers: busy, idleWorkers: idle, gracefulWorkers, scoreboard } = status;
  const rest = parts(
    [idle, (count) => `${count} idle`],
    [gracefulWorkers || undefined, (count) => `${count} finishing`],
    [scoreboard?.slots, (count) => counted(count, "slot", "slots")],
  );
  if (busy === undefined || idle === undefined) return rest;
  const all = Math.max(1, busy + idle);
  const share = busy / all;
  const paint = share > 0.74 ? (isSaturated(status) ? style.bad : style.warning) : style.good;
  const hasRoom = width === undefined || width >= BAR_ROOM;
  const text = hasRoom ? progressBar(busy, all) : `${busy}/${all}`;
  return [{ text: `${text} busy`, paint }, ...rest];
}

/** Whether every slot is busy. A single busy worker only serves this page. */
function isSaturated({ busyWorkers = 0, idleWorkers, scoreboard }: ServerStatus): boolean {
  return busyWorkers > 1 && idleWorkers === 0 && scoreboard?.open === 0;
}

function saturationLines(status: ServerStatus, style: Style): string[] {
  if (!isSaturated(status)) return [];
  const words = `every worker is busy (${status.busyWorkers} of ${status.scoreboard?.slots} slots)`;
  return ["", style.bad(`saturated: ${words}; more clients wait for MaxRequestWorkers`)];
}

/** One part for each known value. */
function parts(
  ...values: readonly (readonly [number | undefined, (value: number) => string])[]
): Part[] {
  return values.flatMap(([value, format]) =>
    value === undefined ? [] : [{ text: format(value) }],
  );
}

function sum(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined && other === undefined ? undefined : (one ?? 0) + (other ?? 0);
}

function loads({ load1, load5, load15 }: ServerStatus): string {
  return [load1, load5, load15].map((load) => load?.toFixed(2) ?? "-").join(" ");
}

function shortNumber(value: number): string {
  return value >= 100 ? `${Math.round(value)}` : `${Number(value.toPrecision(3))}`;
}

/** A worker of a load balancer, as its table shows it. */
interface BalancedWorker {
  readonly balancer: string;
  readonly worker: ProxyWorker;
}

const right = { align: "right" } as const;
const size = (bytes: number | undefined) => (bytes === undefined ? "-" : formatBytes(bytes));

const balancerColumns: readonly Column<BalancedWorker>[] = [
  { title: "BALANCER", value: ({ balancer }) => balancer, shrinkTo: 8 },
  { title: "WORKER", value: ({ worker }) => visible(worker.name ?? "-"), shrinkTo: 12 },
  { title: "STATUS", value: ({ worker }) => visible(worker.status ?? "-"), shrinkTo: 8 },
  { title: "BUSY", value: ({ worker }) => `${worker.busy ?? "-"}`, ...right },
  { title: "ELECTED", value: ({ worker }) => `${worker.elected ?? "-"}`, ...right },
  { title: "SENT", value: ({ worker }) => size(worker.sent), ...right, dropOrder: 1 },
  { title: "RECEIVED", value: ({ worker }) => size(worker.received), ...right, dropOrder: 2 },
];

/** The states in which httpd sends no requests to a worker. */
const unusable = /\b(?:Dis|Stop|Err|HcFl)\b/;

/** The workers of load balancers, one line each; empty where there are none. */
function balancerLines(
  balancers: readonly ProxyBalancer[],
  style: Style,
  width?: number,
): string[] {
  const rows = balancers.flatMap(({ name, workers }) =>
    workers.map((worker) => ({ balancer: visible(name ?? "-"), worker })),
  );
  if (rows.length === 0) return [];
  const layout = layOut(balancerColumns, rows, width);
  const lines = rows.map((row) => {
    const line = rowLine(layout, row);
    return unusable.test(row.worker.status ?? "") ? style.bad(line) : line;
  });
  return ["", style.heading(titleLine(layout)), ...lines];
}
