import { isSameProcess, ProcFileSystem } from "../../apache/processes/process-table.js";
import type { LocalWorkers } from "../../apache/workers/local-workers.js";
import type { ApacheWorker } from "../../apache/workers/workers.js";
import { GatewayError } from "../../errors.js";
import { formatSeconds } from "../../terminal/units.js";
import type { LiveTarget } from "../../top/live-target.js";
import { findHttpd, type HttpPageRequest } from "../../top/read-page.js";
import { killOf, refusalsOf } from "../commands/apache/kill.js";

/** What a question about a worker says, or why there is none. */
export type KillOffer =
  | { readonly question: string; readonly worker: ApacheWorker }
  | { readonly refusal: string };

/**
 * What to ask before a worker is killed. Only one that is on a request can be, and only if it is
 * proven to be a process of this machine's httpd.
 */
export function offerKill(worker: ApacheWorker, { doubt, workers }: LocalWorkers): KillOffer {
  const { process, row, activity } = worker;
  if (doubt !== undefined) return { refusal: `not killed: ${doubt.reason}` };
  const pid = process?.pid;
  if (pid === undefined || row === undefined) return { refusal: "this is not a worker's process" };
  const seconds = row.secondsSinceRequest ?? 0;
  if (activity !== "active" || row.mode === "K" || seconds < 1) {
    return { refusal: `worker ${pid} is on no request that has lasted for a second` };
  }
  const others = workers.filter(
    (other) => other !== worker && other.process?.pid === pid && other.activity === "active",
  );
  const threads = others.length === 0 ? "" : `, with ${others.length} more of its requests`;
  const what = `worker ${pid}, ${formatSeconds(seconds)} on ${row.request ?? "a request"}${threads}`;
  return { question: `kill ${what}? y/n`, worker };
}

/**
 * Kills a worker by the rules of `apache kill`: only on proof, and only while it is still on a
 * request that has lasted as long as the one that the question named.
 *
 * @returns what happened, a sentence
 */
export async function killShownWorker(
  { process, row }: ApacheWorker,
  { place }: LiveTarget,
  { timeout, signal, request }: { timeout: number; signal: AbortSignal; request: HttpPageRequest },
): Promise<string> {
  const shown = process;
  if (shown === undefined) return "not killed: its process is not known";
  try {
    const httpd = await findHttpd(place, { timeout, signal }, request);
    const result = await killOf(httpd, new ProcFileSystem(), {
      // Seconds are whole on the page.
      maxTime: (row?.secondsSinceRequest ?? 0) - 0.5,
      mayKill: (worker) => isSameProcess(shown, worker.process),
    });
    const [refused] = refusalsOf(result);
    if (result.killed.length > 0) return `killed worker ${shown.pid}`;
    return refused ?? `worker ${shown.pid} was spared: its request has ended`;
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return error.message;
  }
}
