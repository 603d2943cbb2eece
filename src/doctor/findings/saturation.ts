import { availableParallelism } from "node:os";
import { type Evidence, isLate, WaitKind, type WorkerEvidence } from "../evidence.js";
import { type Finding, FindingSeverity, placeOf, type Rule } from "../finding.js";
import { durationText, many, medianText, middle, sizeText, waitLines } from "../words.js";
import { roomOf } from "./memory.js";
import { runningScriptLines } from "./scripts.js";

/** Seconds from which a request is slow rather than one of too many. */
const SLOW = 1;
/** The part of all processors from which more workers would not help. */
const CPU_FULL = 0.8;

/** All workers are busy: because requests are slow, because they compute, or because there are few workers. */
export const saturationRule: Rule = {
  codes: {
    saturated_slow: "Every worker is busy and clients wait, because requests take long.",
    saturated_cpu: "Every worker is busy and clients wait, and the processors are busy, too.",
    saturated_small: "Every worker is busy and clients wait, although requests are quick.",
    at_limit: "Every worker that the pool may start is busy. No client waits yet.",
  },
  find: (evidence) => {
    const load = loadOf(evidence);
    if (load === undefined || load.idle > 0 || load.busy === 0) return [];
    const { maxChildren } = evidence.configuration ?? {};
    // A pool that may start more workers is about to.
    if (maxChildren !== undefined && load.busy < maxChildren) return [];
    const held = load.workers.filter(
      ({ wait }) => wait?.kind === WaitKind.Client || wait?.kind === WaitKind.Answer,
    );
    if (held.length * 2 > load.busy) return [];
    if (load.waiting === 0) {
      const hasPassed = load.workers.some(({ isLaterBusy }) => !isLaterBusy);
      return maxChildren === 1 || hasPassed ? [] : [atLimit(evidence, load)];
    }
    return [saturated(evidence, load)];
  },
};

/** How busy a pool is, by /proc, or else by its page. */
export interface Load {
  readonly busy: number;
  readonly idle: number;
  readonly waiting: number;
  /** The busy workers, where they are known. */
  readonly workers: readonly WorkerEvidence[];
}

/** `undefined` where neither the workers nor the page could be read. */
export function loadOf({ workers, page, queue, configuration }: Evidence): Load | undefined {
  const { status } = page;
  const waiting = queue?.waiting ?? status?.listenQueue ?? 0;
  if (workers?.every(({ isBusy }) => isBusy !== undefined)) {
    const later = workers.filter(({ isLaterBusy }) => isLaterBusy);
    // The page waits for a worker, though some were idle: the pool filled up after the first look.
    if (isLate(page.error) && later.length === workers.length) {
      const laterWaiting = queue?.laterWaiting ?? waiting;
      return { busy: later.length, idle: 0, waiting: laterWaiting, workers: later };
    }
    const busy = workers.filter(({ isBusy }) => isBusy);
    return { busy: busy.length, idle: workers.length - busy.length, waiting, workers: busy };
  }
  const { activeProcesses: active, idleProcesses: idle } = status ?? {};
  if (active === undefined || idle === undefined) return undefined;
  // The worker that wrote the page is active, unless the page has a socket of its own.
  const self = configuration?.statusListen === undefined ? 1 : 0;
  return { busy: active, idle: idle + (waiting > 0 ? 0 : self), waiting, workers: [] };
}

function atLimit(evidence: Evidence, load: Load): Finding {
  const { maxChildren } = evidence.configuration ?? {};
  return {
    code: "at_limit",
    severity: FindingSeverity.Warning,
    title: `at its limit: ${load.busy} of ${maxChildren ?? load.busy} workers are busy, and no client waits yet`,
    evidence: [
      ...ageLines(load.workers, evidence.interval),
      ...runningScriptLines(evidence, load.workers),
      ...waitLines(load.workers),
    ],
    change: `${moreWorkers(evidence)}; or make the requests quicker`,
    ...placeOf(evidence, "pm.max_children"),
  };
}

function saturated(evidence: Evidence, load: Load): Finding {
  const { busy, waiting, workers } = load;
  const { maxChildren } = evidence.configuration ?? {};
  const hasPassed = workers.some(({ isLaterBusy }) => !isLaterBusy);
  const state = hasPassed ? "saturated for a moment" : "saturated";
  const counts = `${state}: ${busy} of ${maxChildren ?? busy} workers busy, ${many(waiting, "client waits", "clients wait")}`;
  const shared = {
    severity: hasPassed ? FindingSeverity.Warning : FindingSeverity.Critical,
    evidence: [
      ...ageLines(workers, evidence.interval),
      ...runningScriptLines(evidence, workers),
      ...waitLines(workers),
      ...cpuLines(workers),
      ...pageLines(evidence),
    ],
    ...placeOf(evidence, "pm.max_children"),
  };
  const used = cpuOf(workers);
  if (isCpuFull(workers, used)) {
    return {
      ...shared,
      code: "saturated_cpu",
      title: `${counts}; they compute on ${many(availableParallelism(), "processor", "processors")}`,
      change:
        "make the scripts cheaper or add processors: more workers would only share the same processors",
    };
  }
  const age = typicalAge(workers, evidence);
  if (age === undefined || age.seconds >= SLOW) {
    const slow = age === undefined ? "" : `; requests take ${age.text}`;
    return {
      ...shared,
      code: "saturated_slow",
      title: `${counts}${slow}`,
      change: `make what the requests wait for quicker, or end them by request_terminate_timeout; ${moreWorkers(evidence)}`,
    };
  }
  return {
    ...shared,
    code: "saturated_small",
    title: `${counts}; requests are quick: they take ${age.text}`,
    change: moreWorkers(evidence),
  };
}

/** By what they used, or by how many of them compute: others may use the processors, too. */
function isCpuFull(workers: readonly WorkerEvidence[], used = 0): boolean {
  const processors = availableParallelism();
  const computing = workers.filter(
    ({ wait, laterWait }) => wait?.kind === WaitKind.Cpu && laterWait?.kind === WaitKind.Cpu,
  ).length;
  const isMost = computing * 2 >= workers.length;
  return used >= CPU_FULL * processors || (computing >= processors && isMost);
}

function moreWorkers(evidence: Evidence): string {
  const now = evidence.configuration?.maxChildren;
  const raise = `raise pm.max_children${now === undefined ? "" : ` from ${now}`}`;
  const room = roomOf(evidence);
  if (room === undefined) return `${raise} if memory allows`;
  const most = Math.floor(room.bytes / room.largest);
  if (now !== undefined && most <= now) return "memory allows no more workers";
  const size = sizeText(room.largest);
  if (now === undefined) return `${raise}: a worker takes ${size} of memory`;
  const next = Math.min(most, now * 2);
  return `${raise} to ${next} at most, and look again: a worker takes ${size}, for which memory has room`;
}

/** How long requests take: those that run have not ended, so it is the least. */
function typicalAge(
  workers: readonly WorkerEvidence[],
  { interval }: Evidence,
): { seconds: number; text: string } | undefined {
  if (workers.length === 0) return undefined;
  const same = workers.filter(({ isSameRequest }) => isSameRequest).length;
  const known = middle(workers.flatMap(({ requestAge }) => requestAge ?? []));
  if (known !== undefined && (known >= SLOW || same === 0)) {
    return {
      seconds: known,
      text: known < SLOW ? `under ${durationText(SLOW)}` : `${durationText(known)} and more`,
    };
  }
  if (same === workers.length) return { seconds: interval, text: `over ${durationText(interval)}` };
  // By Little's law: workers / (requests that ended in a second).
  const seconds = (workers.length * interval) / (workers.length - same);
  return { seconds, text: `about ${durationText(seconds)}` };
}

function ageLines(workers: readonly WorkerEvidence[], interval: number): string[] {
  const ages = workers.flatMap(({ requestAge }) => requestAge ?? []);
  if (ages.length > 0) {
    if (ages.length === 1) return [`the request has run for ${durationText(ages[0] ?? 0)}`];
    const [least, most] = [durationText(Math.min(...ages)), durationText(Math.max(...ages))];
    const all = least === most ? least : `${least} to ${most}, median ${medianText(ages)}`;
    return [`${ages.length} requests have run for ${all}`];
  }
  if (workers.length === 0) return [];
  const same = workers.filter(({ isSameRequest }) => isSameRequest).length;
  return [
    `${same} of ${workers.length} workers ran the same request for the ${durationText(interval)} of the look`,
  ];
}

function cpuOf(workers: readonly WorkerEvidence[]): number | undefined {
  const known = workers.flatMap(({ cpu }) => cpu ?? []);
  return known.length === 0 ? undefined : known.reduce((sum, cpu) => sum + cpu, 0);
}

function cpuLines(workers: readonly WorkerEvidence[]): string[] {
  const used = cpuOf(workers);
  return used === undefined
    ? []
    : [`the busy workers use ${used.toFixed(1)} of ${availableParallelism()} processors`];
}

function pageLines({ page }: Evidence): string[] {
  if (page.error === undefined) return [];
  const what = page.isAsked ? "does not answer" : "was not asked for";
  return [`the status page ${what}: ${page.error.message}`];
}
