import type { PoolCounters, ProcessCounters } from "./pool-counters.js";

/** One field of a status page, under its name in PHP-FPM's text page. */
export type StatusField = readonly [name: string, value: StatusValue];

/** A moment is told apart, because the pages print it in two ways. */
export type StatusValue =
  | { kind: "text"; text: string }
  | { kind: "uri"; text: string }
  | { kind: "number"; text: string }
  | { kind: "time"; milliseconds: number };

const text = (value: string): StatusValue => ({ kind: "text", text: value });
const number = (value: number): StatusValue => ({ kind: "number", text: `${value}` });
const time = (milliseconds: number): StatusValue => ({ kind: "time", milliseconds });

/** The fields of a pool, in PHP-FPM's order. */
export function poolFields(counters: PoolCounters): StatusField[] {
  return [
    ["pool", text(counters.pool)],
    ["process manager", text(counters.processManager)],
    ["start time", time(counters.startTime)],
    ["start since", number(secondsSince(counters.startTime, counters.now))],
    ["accepted conn", number(counters.acceptedConn)],
    ["listen queue", number(counters.listenQueue)],
    ["max listen queue", number(counters.maxListenQueue)],
    ["listen queue len", number(counters.listenQueueLen)],
    ["idle processes", number(counters.idleProcesses)],
    ["active processes", number(counters.activeProcesses)],
    ["total processes", number(counters.idleProcesses + counters.activeProcesses)],
    ["max active processes", number(counters.maxActiveProcesses)],
    ["max children reached", number(counters.maxChildrenReached)],
    ["slow requests", number(counters.slowRequests)],
  ];
}

/** The fields of one process, in PHP-FPM's order. */
export function processFields(process: ProcessCounters, now: number): StatusField[] {
  return [
    ["pid", number(process.pid)],
    ["state", text(process.state)],
    ["start time", time(process.startTime)],
    ["start since", number(secondsSince(process.startTime, now))],
    ["requests", number(process.requests)],
    ["request duration", number(process.requestDuration)],
    ["request method", text(process.requestMethod)],
    ["request uri", { kind: "uri", text: process.requestUri }],
    ["content length", number(process.contentLength)],
    ["user", text(process.user)],
    ["script", text(process.script)],
    ["last request cpu", { kind: "number", text: process.lastRequestCpu.toFixed(2) }],
    ["last request memory", number(process.lastRequestMemory)],
  ];
}

export function secondsSince(start: number, now: number): number {
  return Math.max(0, Math.floor(now / 1_000) - Math.floor(start / 1_000));
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** A moment as the text and HTML pages have it: `20/Nov/2026:18:28:16 +0000`, in local time. */
function localTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  const two = (value: number): string => `${value}`.padStart(2, "0");
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.trunc(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  const day = `${two(date.getDate())}/${months[date.getMonth()]}/${date.getFullYear()}`;
  return `${day}:${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone}`;
}

/** A value as the text and HTML pages have it. */
export function plainValue(value: StatusValue): string {
  return value.kind === "time" ? localTime(value.milliseconds) : withoutControls(value.text);
}

/** A value as the JSON and XML pages have it: moments in seconds. */
export function machineValue(value: StatusValue): string {
  return value.kind === "time" ? `${Math.floor(value.milliseconds / 1_000)}` : value.text;
}

/**
 * Percent-encodes control characters, those from U+0080 to U+009F too, and Unicode's line ends: in
 * a user's name, one of them would forge a line, or steer a terminal.
 */
export function withoutControls(value: string): string {
  return value.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, encodeURIComponent);
}
