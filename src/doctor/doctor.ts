import { setMaxListeners } from "node:events";
import { setImmediate } from "node:timers/promises";
import type { DiscoveryOptions } from "../discovery/discover.js";
import type { DiscoveryProblem } from "../discovery/discovery.js";
import type { Evidence, NotLookedAt } from "./evidence.js";
import { type Finding, FindingSeverity } from "./finding.js";
import { type LookOptions, lookAtPool } from "./look.js";
import { Machine } from "./machine.js";
import { rules } from "./rules.js";
import { findSubjects, type Subject } from "./subjects.js";

/** What is wrong with a pool. This is the JSON of `fcgi-probe doctor --json`, and stable. */
export interface PoolExamination {
  /** The address that was given or found. */
  readonly target: string;
  /** The pool's name; null where neither its page nor a configuration says it. */
  readonly pool: string | null;
  /** `healthy`, `findings`, or `unknown` where neither its page nor its workers could be read. */
  readonly verdict: "healthy" | "findings" | "unknown";
  /** The worst first. */
  readonly findings: readonly Finding[];
  /** What could not be read, and why. Nothing is concluded from it. */
  readonly notLookedAt: readonly NotLookedAt[];
}

/** The examinations of all pools, sick ones first, and what kept pools from being found. */
export interface Examination {
  readonly pools: readonly PoolExamination[];
  /** How many pools there was no time for. Those with most waiting clients came first. */
  readonly leftOut: number;
  readonly problems: readonly DiscoveryProblem[];
}

export interface DoctorOptions extends LookOptions {
  /** The configurations of php-fpm to read. Default: those of running masters and of packages. */
  readonly configurations?: readonly string[] | undefined;
  /** Milliseconds after which no further pool is begun, once one is examined. Default: 6,000. */
  readonly beginWithin?: number | undefined;
}

/** Pools that are examined at once. Each waits two seconds between its looks, most of the time. */
const CONCURRENCY = 400;
const BEGIN_WITHIN = 6_000;

/**
 * Says what is wrong with pools, and what to change.
 *
 * @param targets addresses of pools; none for all pools of this machine
 * @throws GatewayError `bad_address`, and `bad_input` where no pool is found
 */
export async function examine(
  targets: readonly string[],
  options: DoctorOptions = {},
): Promise<Examination> {
  const began = performance.now();
  const discovery: DiscoveryOptions = { phpFpm: options.configurations, signal: options.signal };
  const { subjects, problems } = await findSubjects(targets, discovery);
  const machine = new Machine();
  const signal = options.signal && AbortSignal.any([options.signal]);
  if (signal !== undefined) setMaxListeners(0, signal);
  const looked = await examineInTime(await sickFirst(subjects, machine), machine, {
    ...options,
    signal,
    began,
  });
  const places = new Map(subjects.map((subject, index) => [subject, index]));
  const pools = [...looked]
    .sort(([one], [other]) => (places.get(one) ?? 0) - (places.get(other) ?? 0))
    .map(([, pool]) => pool)
    .sort((one, other) => rankOf(one) - rankOf(other));
  return { pools, leftOut: subjects.length - pools.length, problems };
}

/** The pools in whose queues most clients wait come first. */
async function sickFirst(subjects: readonly Subject[], machine: Machine): Promise<Subject[]> {
  const queues = await machine.queues.read();
  return subjects
    .map((subject) => ({ subject, waiting: queues.queueOf(subject.endpoint)?.waiting ?? 0 }))
    .sort((one, other) => other.waiting - one.waiting)
    .map(({ subject }) => subject);
}

/** Examines pools as long as there is time to begin. */
async function examineInTime(
  subjects: readonly Subject[],
  machine: Machine,
  options: DoctorOptions & { readonly began: number },
): Promise<ReadonlyMap<Subject, PoolExamination>> {
  const { beginWithin = BEGIN_WITHIN, began } = options;
  const looked = new Map<Subject, PoolExamination>();
  const waiting = subjects.values();
  const work = async () => {
    for (const subject of waiting) {
      // A look takes milliseconds of CPU: the pages of the pools before arrive in between.
      await setImmediate();
      if (performance.now() - began > beginWithin && looked.size > 0) return;
      looked.set(subject, await examinePool(subject, machine, options));
    }
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, subjects.length) }, work));
  return looked;
}

async function examinePool(
  subject: Subject,
  machine: Machine,
  options: LookOptions,
): Promise<PoolExamination> {
  const evidence = await lookAtPool(subject, machine, options);
  const findings = diagnose(evidence);
  const { page, workers } = evidence;
  const hasLooked =
    page.status !== undefined || workers?.every(({ isBusy }) => isBusy !== undefined) === true;
  return {
    target: subject.target,
    pool: evidence.name ?? null,
    verdict: findings.length > 0 ? "findings" : hasLooked ? "healthy" : "unknown",
    findings,
    notLookedAt: evidence.notLookedAt,
  };
}

/** What the evidence shows, the worst first. */
function diagnose(evidence: Evidence): Finding[] {
  return rules
    .flatMap((rule) => rule.find(evidence))
    .sort((one, other) => severities.indexOf(one.severity) - severities.indexOf(other.severity));
}

const severities: readonly FindingSeverity[] = [
  FindingSeverity.Critical,
  FindingSeverity.Warning,
  FindingSeverity.Notice,
];

/** The sick ones first, by their worst finding. */
function rankOf({ findings, verdict }: PoolExamination): number {
  const [worst] = findings;
  if (worst !== undefined) return severities.indexOf(worst.severity);
  return verdict === "unknown" ? severities.length : severities.length + 1;
}
