import { setMaxListeners } from "node:events";
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
  readonly problems: readonly DiscoveryProblem[];
}

export interface DoctorOptions extends LookOptions {
  /** The configurations of php-fpm to read. Default: those of running masters and of packages. */
  readonly configurations?: readonly string[] | undefined;
}

/** Pools that are examined at once. */
const CONCURRENCY = 64;

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
  const discovery: DiscoveryOptions = { phpFpm: options.configurations, signal: options.signal };
  const { subjects, problems } = await findSubjects(targets, discovery);
  const pools: PoolExamination[] = [];
  const machine = new Machine();
  const signal = options.signal && AbortSignal.any([options.signal]);
  if (signal !== undefined) setMaxListeners(0, signal);
  const waiting = [...subjects.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, subject] = next;
      pools[index] = await examinePool(subject, machine, { ...options, signal });
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return { pools: pools.sort((one, other) => rankOf(one) - rankOf(other)), problems };
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
