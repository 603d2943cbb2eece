import { scoreboardState } from "../../apache/page/scoreboard.js";
import { PoolProblem } from "../../phpfpm/diagnosis.js";
import { ProcessState, type ProcessStatus, processState } from "../../status-page/pool-status.js";
import type { FailureReason } from "../failure-reason.js";
import type { ApacheSample, PoolSample, Sample } from "../sample.js";
import { shownAddress } from "../target.js";
import {
  type PageDetail,
  type PageProcess,
  type PageState,
  type PageTarget,
  type PageWord,
  pageLevels,
} from "./page-data.js";

const order = Object.keys(pageLevels) as readonly PageWord[];

const wordOfProblem: Readonly<Record<PoolProblem, PageWord>> = {
  [PoolProblem.Dead]: "down",
  [PoolProblem.Saturated]: "saturated",
  [PoolProblem.SilentClients]: "silent clients",
  [PoolProblem.NoAnswer]: "no answer",
  [PoolProblem.Misconfigured]: "misconfigured",
  [PoolProblem.AtLimit]: "at limit",
  [PoolProblem.Abandoned]: "abandoned",
};

/** What a target is called that cannot be read, and that nothing else is known of. Default: `down`. */
const wordOfReason: ReadonlyMap<FailureReason, PageWord> = new Map([
  ["backlog_full", "saturated"],
  ["timeout", "no answer"],
  ["busy", "no answer"],
  ["deadline", "no answer"],
  ["permission", "misconfigured"],
  ["access_denied", "misconfigured"],
  ["page_not_found", "misconfigured"],
  ["not_fastcgi", "misconfigured"],
  ["not_a_status_page", "misconfigured"],
  ["tls", "misconfigured"],
]);

const DOCTOR = "fcgi-probe doctor TARGET says why, and what to change";

/** The list of the page: the targets that need help first, the others in the order of their names. */
export function pageState(samples: readonly Sample[], links: readonly string[]): PageState {
  const targets = samples.map(pageTarget).sort(compare);
  return { time: Date.now(), links, targets };
}

/** One target with the processes of its pool, the longest request first. */
export function pageDetail(sample: Sample): PageDetail {
  const target = pageTarget(sample);
  const found = sample.kind === "phpfpm" ? (sample.status?.processes ?? []) : [];
  const processes = found
    .map(pageProcess)
    .sort((one, other) =>
      one.isBusy === other.isBusy
        ? (other.duration ?? 0) - (one.duration ?? 0)
        : Number(other.isBusy) - Number(one.isBusy),
    );
  return { target, processes };
}

function compare(one: PageTarget, other: PageTarget): number {
  return (
    order.indexOf(one.word) - order.indexOf(other.word) ||
    one.name.localeCompare(other.name) ||
    one.address.localeCompare(other.address)
  );
}

function pageTarget(sample: Sample): PageTarget {
  const { target, error } = sample;
  const facts = sample.kind === "phpfpm" ? poolFacts(sample) : serverFacts(sample);
  const level = pageLevels[facts.word];
  const isSickPool = sample.kind === "phpfpm" && level === "sick";
  return {
    address: shownAddress(target),
    kind: target.kind,
    labels: target.labels,
    level,
    hint: error?.hint ?? (isSickPool ? DOCTOR : undefined),
    ...facts,
  };
}

function poolFacts(sample: PoolSample) {
  const { target, status, error, pool, queue, diagnoses = [] } = sample;
  const { configuration } = target;
  const maxChildren = configuration?.maxChildren;
  const texts = diagnoses.map(({ text }) => text);
  return {
    name: pool || (configuration?.name ?? ""),
    word: poolWord(sample),
    problems: error === undefined ? texts : [...new Set([error.message, ...texts])],
    busy: status?.activeProcesses,
    idle: status?.idleProcesses,
    limit: maxChildren ?? status?.totalProcesses,
    queue: queue?.waiting ?? status?.listenQueue,
    queueLimit: queue?.limit,
    requests: status?.acceptedConn,
    map: status?.processes?.map(letterOf).join(""),
  };
}

/** The worst of what is known. Clients that left do not say why a pool cannot be read. */
function poolWord({ error, reason, diagnoses = [] }: PoolSample): PageWord {
  const words = diagnoses.map(({ problem }) => wordOfProblem[problem]);
  const known = error === undefined ? words : words.filter((word) => word !== "abandoned");
  return order.find((word) => known.includes(word)) ?? failureWord(error === undefined, reason);
}

function failureWord(isRead: boolean, reason: FailureReason | undefined): PageWord {
  if (isRead) return "ok";
  return (reason && wordOfReason.get(reason)) ?? "down";
}

function letterOf({ state }: ProcessStatus): string {
  switch (processState(state)) {
    case ProcessState.Idle:
      return "_";
    case ProcessState.ReadingHeaders:
      return "R";
    case ProcessState.Creating:
      return "S";
    default:
      return "W";
  }
}

function serverFacts({ status, error, reason }: ApacheSample) {
  const letters = status?.scoreboard?.letters;
  const busy = status?.asyncBusyWorkers ?? status?.busyWorkers;
  const idle = status?.asyncIdleWorkers ?? status?.idleWorkers;
  const isFull = letters !== undefined && idle === 0 && ![...letters].some(isFree);
  const word: PageWord = isFull ? "saturated" : failureWord(error === undefined, reason);
  return {
    name: status?.serverName ?? "httpd",
    word,
    problems: error === undefined ? (isFull ? ["every worker is busy"] : []) : [error.message],
    busy,
    idle,
    limit: status?.scoreboard?.slots,
    requests: status?.totalAccesses,
    map: letters,
  };
}

/** Whether a slot can take a request, or a process that does. */
function isFree(letter: string): boolean {
  return letter === "." || scoreboardState(letter)?.isIdle === true;
}

function pageProcess(process: ProcessStatus): PageProcess {
  const { pid, state, requests, requestDuration, requestMethod, requestUri, script } = process;
  const meaning = processState(state);
  const isBusy = meaning !== ProcessState.Idle && meaning !== ProcessState.Creating;
  return {
    pid,
    state,
    isBusy,
    requests,
    duration: requestDuration === undefined ? undefined : requestDuration / 1_000,
    method: requestMethod,
    uri: requestUri,
    script,
    memory: isBusy ? undefined : process.lastRequestMemory,
    cpu: isBusy ? undefined : process.lastRequestCpu,
  };
}
