import type { ServerStatus } from "../../apache/page/server-status.js";
import { statusFields } from "../../apache/page/status-fields.js";
import { ErrorCode } from "../../errors.js";
import type { ApacheSample } from "../sample.js";
import { type Label, LabelSet } from "./labels.js";
import { type Emit, type Metric, type MetricType, single } from "./metric.js";

/** What the metrics of an httpd are made of. */
export interface ServerReading {
  readonly labels: LabelSet;
  readonly sample: ApacheSample;
  readonly status: ServerStatus | undefined;
}

type EmitServer = (reading: ServerReading, emit: Emit) => void;

/** Emits what a status has, if it could be read. */
export const ofStatus =
  (emitStatus: (status: ServerStatus, emit: Emit) => void): EmitServer =>
  ({ status }, emit) => {
    if (status !== undefined) emitStatus(status, emit);
  };

/** One value of a status. */
export const value = (read: (status: ServerStatus) => number | undefined): EmitServer =>
  single(({ status }) => status && read(status));

/**
 * A metric of httpd with a name in each style; `false` where a style lacks it. Without a modern name
 * both styles have the same form.
 */
export function serverMetric(
  type: MetricType,
  help: string,
  dropIn: readonly [name: string, emit: EmitServer] | false,
  modern: readonly [name: string, emit: EmitServer, help?: string] | false = dropIn,
): Metric<ServerReading> {
  return {
    ...(dropIn && { "drop-in": { name: `apache_${dropIn[0]}`, type, help, emit: dropIn[1] } }),
    ...(modern && {
      modern: { name: `apache_${modern[0]}`, type, help: modern[2] ?? help, emit: modern[1] },
    }),
  };
}

/**
 * Emits the fields whose drop-in metric has this name. The values of fields with the same labels are
 * added.
 *
 * @param convert converts the sum to the unit of the metric
 * @param relabel changes the labels
 */
export function fieldsOf(
  name: string,
  convert: (sum: number) => number = (sum) => sum,
  relabel: (labels: readonly Label[]) => readonly Label[] = (labels) => labels,
): EmitServer {
  const groups = new Map<string, { labels: LabelSet; properties: (keyof ServerStatus)[] }>();
  for (const { metric, labels: plain, property } of statusFields) {
    if (metric !== name) continue;
    const labels = new LabelSet(relabel(Object.entries(plain)));
    const group = groups.get(labels.text) ?? { labels, properties: [] };
    group.properties.push(property);
    groups.set(labels.text, group);
  }
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
  return ofStatus((status, emit) => {
    for (const { labels, properties } of sorted) {
      const values = properties
        .map((property) => status[property])
        .filter((each) => typeof each === "number");
      if (values.length > 0) emit(convert(values.reduce((sum, each) => sum + each, 0)), labels);
    }
  });
}

/** Changes the name of a label. */
export const rename =
  (from: string, to: string) =>
  (labels: readonly Label[]): readonly Label[] =>
    labels.map(([name, text]) => [name === from ? to : name, text]);

/** The errors of a server that answered. */
const answered: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.PageNotFound,
  ErrorCode.AccessDenied,
  ErrorCode.ServerBusy,
  ErrorCode.BadStatus,
  ErrorCode.NotAStatusPage,
  ErrorCode.LimitExceeded,
  ErrorCode.Truncated,
]);

/** Whether a server answered, even with an error. */
export function hasAnswered({ sample: { error } }: ServerReading): boolean {
  return error === undefined || answered.has(error.code);
}

const QUARTER_HOUR = 900;

/**
 * When httpd was last restarted, as Unix time in seconds. The page has the moment in httpd's time
 * zone, all of which differ from UTC by quarters of an hour; the uptime says by how many. Times that
 * are derived from the uptime alone would change by a second from page to page.
 */
export function startTime({ sample, status }: ServerReading): number | undefined {
  if (status?.uptime === undefined) return undefined;
  const { restartTime, uptime } = status;
  const roughly = Math.round(sample.time / 1_000) - uptime;
  const local = localSeconds(restartTime);
  if (local === undefined) return roughly;
  return local - Math.round((local - roughly) / QUARTER_HOUR) * QUARTER_HOUR;
}

/** Reads `Friday, 20-Nov-2026 18:36:21 CET` as if it were UTC. */
function localSeconds(text = ""): number | undefined {
  const match = /, (\d{1,2})-([A-Z][a-z]{2})-(\d{4}) (\d\d:\d\d:\d\d)/.exec(text);
  if (match === null) return undefined;
  const [, day, month, year, time] = match;
  const milliseconds = Date.parse(`${day} ${month} ${year} ${time} UTC`);
  return Number.isNaN(milliseconds) ? undefined : milliseconds / 1_000;
}

/** Reads `Apache/2.4.66 (Debian)` as 2.04066. `undefined` if ServerTokens hides the version. */
export function versionNumber(text: string | undefined): number | undefined {
  const match = /\/(\d{1,3})\.(\d{1,2})\.(\d{1,3})/.exec(text ?? "");
  if (match === null) return undefined;
  const [, major, minor = "", patch = ""] = match;
  return Number(`${major}.${minor.padStart(2, "0")}${patch.padStart(3, "0")}`);
}
