import type { ScriptSummary } from "../../tap/script-table.js";
import { isFailed } from "../../tap/script-table.js";
import { RequestOutcome, type TappedRequest } from "../../tap/tapped-request.js";
import type { Output } from "../../terminal/output.js";
import type { Style } from "../../terminal/style.js";
import { type Column, layOut, rowLine, titleLine } from "../../terminal/table.js";
import { visible, visibleLines } from "../../terminal/text.js";
import { formatBytes, formatMilliseconds } from "../../terminal/units.js";

/** The titles of {@link requestLines}. */
export const requestTitles =
  "TIME          STATUS  FIRST BYTE     TOTAL      BYTES  METHOD  URI  SCRIPT";

/** A request on a line, and what the application wrote to its error stream on further ones. */
export function requestLines(request: TappedRequest, style: Style): string[] {
  const { startedAt, firstByte, elapsed, received, method, uri, script } = request;
  const facts = [
    timeOfDay(startedAt),
    statusText(request).padEnd(6),
    (firstByte === undefined ? "-" : formatMilliseconds(firstByte)).padStart(10),
    formatMilliseconds(elapsed).padStart(8),
    formatBytes(received).padStart(9),
    (visible(method) || "-").padEnd(6),
    visible(uri) || "-",
    visible(script) || "-",
    ...remarks(request),
  ];
  const line = facts.join("  ");
  return [isFailed(request) ? style.bad(line) : line, ...stderrLines(request)];
}

/** The time of day in hours to milliseconds, in the local time zone. */
function timeOfDay(date: Date): string {
  const digits = (value: number, count = 2) => `${value}`.padStart(count, "0");
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return `${digits(hours)}:${digits(minutes)}:${digits(seconds)}.${digits(date.getMilliseconds(), 3)}`;
}

function statusText({ status }: TappedRequest): string {
  return status === undefined ? "-" : `${status}`;
}

function outcomeText({ outcome, received }: TappedRequest): string {
  switch (outcome) {
    case RequestOutcome.Complete:
      return "";
    case RequestOutcome.Aborted:
      return "the front end left";
    case RequestOutcome.Truncated:
      return `the backend closed before ${received === 0 ? "it answered" : "the end"}`;
  }
}

const protocolStatuses = new Map([
  [1, "refused: it cannot multiplex"],
  [2, "refused: overloaded"],
  [3, "refused: unknown role"],
]);

function remarks(request: TappedRequest): string[] {
  const { sent, appStatus, protocolStatus } = request;
  const parts = [
    sent > 0 ? `body ${formatBytes(sent)}` : "",
    outcomeText(request),
    appStatus > 0 ? `exit status ${appStatus}` : "",
    protocolStatus > 0
      ? (protocolStatuses.get(protocolStatus) ?? `protocol status ${protocolStatus}`)
      : "",
  ].filter((part) => part !== "");
  return parts.length === 0 ? [] : [`(${parts.join(", ")})`];
}

function stderrLines({ stderr }: TappedRequest): string[] {
  const text = visibleLines(stderr).trim();
  return text === "" ? [] : text.split("\n").map((line) => `  stderr: ${line}`);
}

const columns: readonly Column<ScriptSummary>[] = [
  { title: "SCRIPT", value: ({ script }) => visible(script) || "-", clip: "start", shrinkTo: 12 },
  { title: "REQUESTS", value: ({ requests }) => `${requests}`, align: "right" },
  { title: "FAILED", value: ({ failed }) => `${failed}`, align: "right" },
  time("MEAN", ({ mean }) => mean, 2),
  time("P50", ({ p50 }) => p50, 3),
  time("P95", ({ p95 }) => p95),
  time("MAX", ({ max }) => max),
  time("ALL", ({ total }) => total),
  { title: "BYTES", value: ({ received }) => formatBytes(received), align: "right", dropOrder: 1 },
];

function time(
  title: string,
  value: (summary: ScriptSummary) => number,
  dropOrder?: number,
): Column<ScriptSummary> {
  const column = {
    title,
    value: (summary: ScriptSummary) => formatMilliseconds(value(summary)),
    align: "right" as const,
  };
  return dropOrder === undefined ? column : { ...column, dropOrder };
}

/** The table of scripts, those that took the most time first. */
export function scriptLines(
  summaries: readonly ScriptSummary[],
  { style, columns: width }: Output,
): string[] {
  const layout = layOut(columns, summaries, width);
  return [style.heading(titleLine(layout)), ...summaries.map((each) => rowLine(layout, each))];
}
