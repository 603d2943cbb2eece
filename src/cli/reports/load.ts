import type { PoolReport } from "../../load/pool-watch.js";
import { HOPELESS, type LoadResult } from "../../load/run-load.js";
import type { Latency, Tally } from "../../load/tally.js";
import type { PoolStatus } from "../../status-page/pool-status.js";
import type { Style } from "../../terminal/style.js";
import { visible } from "../../terminal/text.js";
import { counted, formatBytes, formatMilliseconds } from "../../terminal/units.js";

const LABEL_WIDTH = 10;

/** The summary of a run. */
export function loadLines(
  result: LoadResult,
  pool: PoolReport | undefined,
  style: Style,
): string[] {
  const { tally, elapsed } = result;
  const { sent, received } = tally;
  const perSecond = elapsed > 0 ? 1_000 / elapsed : 0;
  return [
    fact("requests", requestsText(result)),
    ...(result.isHopeless
      ? [fact("", style.warning(`ended after ${grouped(HOPELESS)} failures without an answer`))]
      : []),
    fact("rate", `${grouped(tally.answers * perSecond)} answers a second`),
    ...statusLines(tally, style),
    ...errorLines(tally, style),
    fact(
      "bytes",
      `${formatBytes(sent)} sent, ${formatBytes(received)} received, ${formatBytes(Math.round(received * perSecond))} a second`,
    ),
    ...latencyLines(tally),
    ...(pool === undefined ? [] : poolLines(pool, style)),
  ];
}

function fact(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${text}`;
}

function grouped(value: number): string {
  const text = value >= 100 || Number.isInteger(value) ? `${Math.round(value)}` : value.toFixed(1);
  return text.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

function requestsText({ requests, elapsed, tally, cancelled, unsent }: LoadResult): string {
  const parts = [
    `${grouped(requests)} sent in ${formatMilliseconds(elapsed)}`,
    `${grouped(tally.answers)} answered`,
  ];
  if (cancelled > 0) parts.push(`${grouped(cancelled)} cancelled`);
  if (unsent > 0) parts.push(`${grouped(unsent)} more were due and could not be sent in time`);
  return parts.join(", ");
}

function statusLines({ statuses }: Tally, style: Style): string[] {
  const sorted = [...statuses].sort(([one], [other]) => one - other);
  const texts = sorted.map(([status, count]) => {
    const text = `${status === 0 ? "none" : status}: ${grouped(count)}`;
    return status === 0 || status >= 400 ? style.bad(text) : text;
  });
  return texts.length === 0 ? [] : [fact("status", texts.join("   "))];
}

function errorLines({ errors }: Tally, style: Style): string[] {
  return [...errors].flatMap(([code, { count, first }]) => [
    fact("errors", style.bad(`${code}: ${grouped(count)}, the first: ${visible(first.message)}`)),
    fact("", `${style.warning("hint:")} ${visible(first.hint)}`),
  ]);
}

function latencyLines({ latency, service }: Tally): string[] {
  if (latency === undefined || service === undefined) return [];
  const lines = [fact("latency", latencyText(latency))];
  const isSame = latency.max === service.max && latency.mean === service.mean;
  if (!isSame) lines.push(fact("service", latencyText(service)));
  return lines;
}

function latencyText({ mean, percentiles, max }: Latency): string {
  const parts = Array.from(percentiles, ([percent, time]): [string, number] => [
    `p${percent}`,
    time,
  ]);
  const all: [string, number][] = [["mean", mean], ...parts, ["max", max]];
  return all.map(([name, time]) => `${name} ${formatMilliseconds(time)}`).join("  ");
}

function poolLines(report: PoolReport, style: Style): string[] {
  const { before, after, readings, unanswered, mostActive, longestQueue, problem } = report;
  const lines: string[] = [];
  if (before !== undefined) lines.push(fact("pool", `before: ${stateText(before)}`));
  if (readings > unanswered) {
    const during = `during: at most ${mostActive} active, ${longestQueue} in the listen queue`;
    lines.push(fact(lines.length === 0 ? "pool" : "", during));
  }
  if (unanswered > 0) {
    const reason = visible(problem?.message ?? "");
    const text = `${unanswered} of ${counted(readings, "reading", "readings")} failed: ${reason}`;
    lines.push(fact(lines.length === 0 ? "pool" : "", style.warning(text)));
  }
  if (after !== undefined) {
    lines.push(fact(lines.length === 0 ? "pool" : "", `after: ${stateText(after)}`));
  }
  if (before !== undefined && after !== undefined) {
    lines.push(fact("", changeText(before, after)));
  }
  if (lines.length > 0 || problem === undefined) return lines;
  return [
    fact("pool", `its status could not be read: ${visible(problem.message)}`),
    fact("", `${style.warning("hint:")} ${visible(problem.hint)}`),
  ];
}

function stateText({ activeProcesses, idleProcesses, listenQueue }: PoolStatus): string {
  return `${activeProcesses ?? "?"} active, ${idleProcesses ?? "?"} idle, ${listenQueue ?? "?"} in the listen queue`;
}

function changeText(before: PoolStatus, after: PoolStatus): string {
  const difference = (name: "acceptedConn" | "maxChildrenReached" | "slowRequests"): string =>
    grouped(Math.max(0, (after[name] ?? 0) - (before[name] ?? 0)));
  return [
    `in between: ${difference("acceptedConn")} connections accepted`,
    `max children reached ${difference("maxChildrenReached")} times`,
    `${difference("slowRequests")} slow requests`,
  ].join(", ");
}

/** The summary as plain data. Times are in milliseconds. */
export function loadJson(result: LoadResult, pool: PoolReport | undefined): object {
  const { requests, elapsed, tally, cancelled, unsent, isHopeless } = result;
  return {
    requests,
    answers: tally.answers,
    cancelled,
    unsent,
    isHopeless,
    elapsed,
    answersPerSecond: elapsed > 0 ? (tally.answers * 1_000) / elapsed : 0,
    statuses: Object.fromEntries(tally.statuses),
    errors: Object.fromEntries(
      Array.from(tally.errors, ([code, { count, first }]) => [
        code,
        { count, message: first.message, hint: first.hint },
      ]),
    ),
    bytes: { sent: tally.sent, received: tally.received },
    latency: latencyJson(tally.latency),
    service: latencyJson(tally.service),
    pool: pool && {
      before: pool.before,
      after: pool.after,
      readings: pool.readings,
      unanswered: pool.unanswered,
      mostActive: pool.mostActive,
      longestQueue: pool.longestQueue,
      problem: pool.problem?.message,
    },
  };
}

function latencyJson(latency: Latency | undefined): object | undefined {
  if (latency === undefined) return undefined;
  const { percentiles, ...others } = latency;
  const named = Array.from(percentiles, ([percent, time]) => [`p${percent}`, time]);
  return { ...others, ...Object.fromEntries(named) };
}
