import { scoreboardState } from "../../apache/page/scoreboard.js";
import { type Diagnosis, PoolProblem } from "../../phpfpm/diagnosis.js";
import { ProcessState, type ProcessStatus, processState } from "../../status-page/pool-status.js";
import type { ApacheSample, PoolSample, Sample } from "../sample.js";
import { shownAddress } from "../target.js";
import type { PageDetail, PageLevel, PageProcess, PageState, PageTarget } from "./page-data.js";

const order: readonly PageLevel[] = ["down", "sick", "warn", "ok"];
/** The problems of a pool that answers, and that do not stop it from serving. */
const warnings: ReadonlySet<PoolProblem> = new Set([PoolProblem.AtLimit, PoolProblem.Abandoned]);

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
    order.indexOf(one.level) - order.indexOf(other.level) ||
    one.name.localeCompare(other.name) ||
    one.address.localeCompare(other.address)
  );
}

function pageTarget(sample: Sample): PageTarget {
  const { target, error } = sample;
  const common = {
    address: shownAddress(target),
    kind: target.kind,
    labels: target.labels,
    hint: error?.hint,
  };
  return sample.kind === "phpfpm"
    ? { ...common, ...poolFacts(sample) }
    : { ...common, ...serverFacts(sample) };
}

function poolFacts({ target, status, error, pool, queue, diagnoses = [] }: PoolSample) {
  const { configuration } = target;
  const maxChildren = configuration?.maxChildren;
  const texts = diagnoses.map(({ text }) => text);
  return {
    name: pool || (configuration?.name ?? ""),
    level: error === undefined ? levelOf(diagnoses) : ("down" as const),
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

function levelOf(diagnoses: readonly Diagnosis[]): PageLevel {
  if (diagnoses.length === 0) return "ok";
  return diagnoses.every(({ problem }) => warnings.has(problem)) ? "warn" : "sick";
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

function serverFacts({ status, error }: ApacheSample) {
  const letters = status?.scoreboard?.letters;
  const busy = status?.asyncBusyWorkers ?? status?.busyWorkers;
  const idle = status?.asyncIdleWorkers ?? status?.idleWorkers;
  const isFull = letters !== undefined && idle === 0 && ![...letters].some(isFree);
  const level: PageLevel = isFull ? "sick" : "ok";
  return {
    name: status?.serverName ?? "httpd",
    level: error === undefined ? level : ("down" as const),
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
