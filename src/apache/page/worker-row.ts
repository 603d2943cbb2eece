import { scoreboardState } from "./scoreboard.js";

/**
 * A row of the worker table: a process (prefork) or a thread of one (worker, event). What the page
 * lacks, and what is not what its column promises, is `undefined`. Texts come from whoever sent
 * the request: expect markup and control characters, as httpd has escaped them.
 */
export interface WorkerRow {
  /** The number of the child server, and the generation of the configuration that it has. */
  readonly childNumber: number | undefined;
  readonly generation: number | undefined;
  /** `undefined` for a slot without a process. */
  readonly pid: number | undefined;
  /** Requests on this connection, by this child, and in this slot. */
  readonly connectionAccesses: number | undefined;
  readonly childAccesses: number | undefined;
  readonly slotAccesses: number | undefined;
  /** A letter of the scoreboard's legend, `_SRWKDCLGI.`. */
  readonly mode: string | undefined;
  /** Seconds of CPU time that the process has used. */
  readonly cpu: number | undefined;
  /** Seconds since the latest request began; `undefined` where there was none. */
  readonly secondsSinceRequest: number | undefined;
  /** Milliseconds that the latest complete request took. */
  readonly requestTime: number | undefined;
  /** Milliseconds that all requests took together. 2.4.35 and later. */
  readonly totalTime: number | undefined;
  /** Kilobytes sent on this connection. */
  readonly connectionKilobytes: number | undefined;
  /** Megabytes sent by this child, and from this slot. */
  readonly childMegabytes: number | undefined;
  readonly slotMegabytes: number | undefined;
  /** The address of the client. */
  readonly client: string | undefined;
  /** Such as `http/1.1` or `h2`. 2.4.19 and later. */
  readonly protocol: string | undefined;
  readonly vhost: string | undefined;
  /** The request line, at most 63 bytes of it; `undefined` while it is read. */
  readonly request: string | undefined;
}

/** What a worker is known to do. Of an unknown one nothing may be concluded. */
export type WorkerActivity = "active" | "idle" | "unknown";

/** What the letter of a row says. A letter that is not in the legend counts as active. */
export function activityOf({ mode }: Pick<WorkerRow, "mode">): WorkerActivity {
  if (mode === undefined) return "unknown";
  return scoreboardState(mode)?.isIdle ? "idle" : "active";
}

/** Seconds after which a worker is said to hang. */
export const HANGING_AFTER = 300;

/**
 * Whether a worker has been on one request for so long. `K` waits for its client's next request,
 * which is no work and does not hang; neither does a worker that has never had a request.
 *
 * @param seconds the least that counts as hanging
 */
export function isHanging(
  row: Pick<WorkerRow, "mode" | "secondsSinceRequest">,
  seconds: number = HANGING_AFTER,
): boolean {
  const { mode, secondsSinceRequest } = row;
  if (mode === "K" || secondsSinceRequest === undefined) return false;
  return activityOf(row) === "active" && secondsSinceRequest >= seconds;
}
