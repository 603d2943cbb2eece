import { setTimeout as sleep } from "node:timers/promises";
import { ErrorCode, GatewayError } from "../errors.js";
import { status } from "../phpfpm/status.js";
import type { PageEvidence } from "./evidence.js";
import type { Machine } from "./machine.js";
import type { Subject } from "./subjects.js";

/** Milliseconds for which clients may wait before the pool's own workers are not asked for anything. */
const PATIENCE = 1_000;
const POLL = 100;

/**
 * Why nothing is asked of a pool's own workers: clients wait already. A connection of the doctor would
 * wait behind them, and stay in the queue when the doctor has given up: the next look would count it
 * as a client that has. `undefined` as soon as nobody waits, or where the queue is not known.
 */
export async function whyNotAsk(
  { endpoint }: Subject,
  { queues }: Machine,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<GatewayError | undefined> {
  const end = performance.now() + Math.min(PATIENCE, timeout);
  for (;;) {
    const waiting = (await queues.read()).queueOf(endpoint)?.waiting ?? 0;
    if (waiting === 0) return undefined;
    if (performance.now() >= end) {
      const clients = waiting === 1 ? "1 client already waits" : `${waiting} clients already wait`;
      return new GatewayError(ErrorCode.Deadline, `${clients} for a worker`);
    }
    await sleep(POLL, undefined, signal && { signal });
  }
}

/**
 * Reads the page, or says why there is none.
 *
 * @param refusal why the pool's own workers are not asked, see {@link whyNotAsk}
 */
export async function lookAtPage(
  subject: Subject,
  refusal: Promise<GatewayError | undefined>,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<PageEvidence> {
  const separate = statusListenAddress(subject);
  const address = separate ?? subject.target;
  const error = separate === undefined ? await refusal : undefined;
  if (error !== undefined) {
    return { address, isAsked: false, status: undefined, error, readAt: undefined };
  }
  try {
    const page = await status(address, { full: true, timeout, signal });
    return { address, isAsked: true, status: page, error: undefined, readAt: Date.now() };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { address, isAsked: true, status: undefined, error, readAt: undefined };
  }
}

/** The address of the page that answers while all workers are busy. */
function statusListenAddress({ configuration }: Subject): string | undefined {
  const { statusListen, statusPath } = configuration ?? {};
  if (statusListen === undefined || statusPath === undefined) return undefined;
  return `${statusListen}${statusListen.startsWith("unix:") ? ":" : ""}${statusPath}`;
}
