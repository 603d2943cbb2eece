import { ErrorCode, GatewayError } from "../errors.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import type { AcceptQueue } from "../transport/accept-queues.js";
import { removedSocketHint } from "../transport/removed-socket.js";

/** What is wrong with a pool. */
export const PoolProblem = {
  /** Every worker is busy, and clients wait. */
  Saturated: "saturated",
  /** Every worker that the pool may start is busy. No client waits yet. */
  AtLimit: "at_limit",
  /** Clients wait although workers are idle: connections that send nothing hold the workers. */
  SilentClients: "silent_clients",
  /** Clients have closed their connections before a worker accepted them. */
  Abandoned: "abandoned",
  /** A worker has accepted the request and does not answer. */
  NoAnswer: "no_answer",
  /** The pool runs, but its status page, its permissions or the address are not as they must be. */
  Misconfigured: "misconfigured",
  /** Nothing listens at the address. */
  Dead: "dead",
} as const;

export type PoolProblem = (typeof PoolProblem)[keyof typeof PoolProblem];

/** A problem, and the numbers that show it. */
export interface Diagnosis {
  readonly problem: PoolProblem;
  /** One sentence. */
  readonly text: string;
}

/** An accept queue, and how many connections may wait in it, where that is known. */
export interface LimitedQueue extends AcceptQueue {
  readonly limit?: number | undefined;
  /** Connections of this process that wait, too, and are not among those. Default: 0. */
  readonly own?: number | undefined;
}

/** What is known about a pool. Each part may be missing. */
export interface PoolEvidence {
  readonly status?: PoolStatus | undefined;
  /** Why there is no status. */
  readonly error?: GatewayError | undefined;
  /** The accept queue, read when the status or the error came. */
  readonly queue?: LimitedQueue | undefined;
  /** `pm.max_children`. */
  readonly maxChildren?: number | undefined;
  /** The requests for the status that the workers serve: 1, or 0 by `pm.status_listen`. Default: 0. */
  readonly ownRequests?: number | undefined;
}

const problemOfCode: ReadonlyMap<ErrorCode, PoolProblem> = new Map([
  [ErrorCode.SocketMissing, PoolProblem.Dead],
  [ErrorCode.Refused, PoolProblem.Dead],
  [ErrorCode.BacklogFull, PoolProblem.Saturated],
  [ErrorCode.PermissionDenied, PoolProblem.Misconfigured],
  [ErrorCode.BadAddress, PoolProblem.Misconfigured],
  [ErrorCode.WrongProtocol, PoolProblem.Misconfigured],
  [ErrorCode.PageNotFound, PoolProblem.Misconfigured],
  [ErrorCode.AccessDenied, PoolProblem.Misconfigured],
  [ErrorCode.NotAStatusPage, PoolProblem.Misconfigured],
]);

/**
 * Says what is wrong with a pool, by its page and by the kernel. Most pools have no problem. What the
 * evidence does not show is not guessed: an error of another kind gives no diagnosis.
 */
export function diagnosePool(evidence: PoolEvidence): Diagnosis[] {
  const { error, status, queue } = evidence;
  const found: Diagnosis[] = [];
  if (error !== undefined) found.push(...diagnoseError(error, queue));
  if (status !== undefined) found.push(...diagnoseWorkers(status, evidence));
  if (queue !== undefined && queue.abandoned > 0) {
    const text = `${queue.abandoned} of ${queue.waiting} waiting clients have closed their connections`;
    found.push({ problem: PoolProblem.Abandoned, text });
  }
  return found;
}

/**
 * An error of a pool with what its accept queue shows: that the pool is saturated, or that a worker
 * is silent. Other errors say by themselves whether the pool is dead or misconfigured.
 */
export function withQueue(error: GatewayError, queue: LimitedQueue): GatewayError {
  const [diagnosis] = diagnoseError(error, queue);
  const hint = diagnosis && queueHints.get(diagnosis.problem);
  if (diagnosis === undefined || hint === undefined) return error;
  // The queue was full, and is empty now.
  if (diagnosis.text === error.message) return error;
  const { code, address, offset, stderr, cause } = error;
  const message = `${error.message}: ${diagnosis.text}`;
  return new GatewayError(code, message, { hint, address, offset, stderr, cause });
}

/** The numbers are in the message, so that the errors of many pools have one hint. */
const queueHints: ReadonlyMap<PoolProblem, string> = new Map([
  [
    PoolProblem.Saturated,
    "the pool is not down: fcgi-probe doctor TARGET tells busy workers from held ones; where they are busy, raise pm.max_children; pm.status_listen reads the status of a busy pool",
  ],
  [
    PoolProblem.NoAnswer,
    "the pool is not saturated: fcgi-probe doctor TARGET says what its workers do; see the pool's log, too",
  ],
]);

/** The error of a socket without a file, whose accept queue the kernel still shows. */
export function socketRemoved({ code, message, address, cause }: GatewayError): GatewayError {
  const why = "the file of this socket was removed, and php-fpm still listens on it";
  return new GatewayError(code, `${message}: ${why}`, { hint: removedSocketHint, address, cause });
}

/** Whether the accept queue of a pool may say more than its error: that it is saturated, or removed. */
export function isExplainedByQueue({ code }: GatewayError): boolean {
  return isLate(code) || code === ErrorCode.BacklogFull || code === ErrorCode.SocketMissing;
}

function isLate(code: ErrorCode): boolean {
  return code === ErrorCode.Deadline || code === ErrorCode.ConnectTimeout;
}

function diagnoseError(
  { code, message }: GatewayError,
  queue: LimitedQueue | undefined,
): Diagnosis[] {
  const problem = problemOfCode.get(code);
  if (queue !== undefined && (isLate(code) || problem === "saturated")) {
    // The connection that failed is in the queue, too, unless a worker has accepted it.
    if (queue.waiting > 0) return [{ problem: PoolProblem.Saturated, text: queueText(queue) }];
    if (queue.own) return [{ problem: PoolProblem.AtLimit, text: ALONE }];
  }
  if (problem !== undefined) return [{ problem, text: message }];
  if (!isLate(code) || queue === undefined) return [];
  const text = "its accept queue is empty, so a worker accepted the request and is silent";
  return [{ problem: PoolProblem.NoAnswer, text }];
}

/**
 * A silent client, or a signal, holds a worker as a request does, and no page came that tells them
 * apart.
 */
const NONE_FREE = "every worker is busy, stopped, or held by a silent client";

const ALONE = `${NONE_FREE}: none has accepted the status request, and nobody else waits`;

/** The kernel lets one more connection wait than the limit says. */
function queueText({ waiting, limit }: LimitedQueue): string {
  const waits = waiting === 1 ? "1 connection waits" : `${waiting} connections wait`;
  const most = limit === undefined ? "" : ` (limit ${limit})`;
  return `${waits} in its accept queue${most}, and ${NONE_FREE}`;
}

function diagnoseWorkers(status: PoolStatus, evidence: PoolEvidence): Diagnosis[] {
  const { queue, maxChildren, ownRequests = 0 } = evidence;
  const { idleProcesses: idle, activeProcesses: active } = status;
  const waiting = queue?.waiting ?? status.listenQueue;
  if (idle === undefined || active === undefined) return [];
  if (waiting !== undefined && waiting > 0) {
    return idle > 0
      ? [{ problem: PoolProblem.SilentClients, text: `${clients(waiting)} beside ${idle} idle` }]
      : [{ problem: PoolProblem.Saturated, text: `${clients(waiting)}, and ${active} are busy` }];
  }
  const isFull =
    maxChildren !== undefined && maxChildren > 1 && active - ownRequests >= maxChildren;
  const text = `${active} of ${maxChildren} workers are busy`;
  return isFull && idle === 0 ? [{ problem: PoolProblem.AtLimit, text }] : [];
}

function clients(count: number): string {
  return count === 1 ? "1 client waits" : `${count} clients wait`;
}
