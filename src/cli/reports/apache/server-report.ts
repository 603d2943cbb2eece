import type { ServerStatus } from "../../../apache/page/server-status.js";
import { progressBar } from "../../terminal/progress.js";
import type { Style } from "../../terminal/style.js";
import { clipEnd } from "../../terminal/text-width.js";
import { counted, formatBytes, formatMilliseconds, formatSeconds } from "../../terminal/units.js";
import { visible } from "../../terminal/visible.js";
import { type Part, wrapParts } from "../../terminal/wrap-parts.js";
import { balancerLines } from "./balancer-table.js";
import { legendLines, mapLines } from "./scoreboard-map.js";

/** What people see of an httpd: numbers, its balancers, and the picture of its slots. */
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

/** Cells of a line from which on there is room for a bar. */
const BAR_ROOM = 60;

/** Busy as httpd counts it: one of them answers us. */
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

/** Every slot is busy. A lone worker that is busy is only answering us. */
function isSaturated({ busyWorkers = 0, idleWorkers, scoreboard }: ServerStatus): boolean {
  return busyWorkers > 1 && idleWorkers === 0 && scoreboard?.open === 0;
}

function saturationLines(status: ServerStatus, style: Style): string[] {
  if (!isSaturated(status)) return [];
  const words = `every worker is busy (${status.busyWorkers} of ${status.scoreboard?.slots} slots)`;
  return ["", style.bad(`saturated: ${words}; more clients wait for MaxRequestWorkers`)];
}

/** The parts whose values are known. */
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
