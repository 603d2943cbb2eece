import { type Evidence, isStopped, type LogEvent } from "../evidence.js";
import { type Finding, FindingSeverity, placeOf, type Rule } from "../finding.js";
import { durationText, groups, many, middle, momentText } from "../words.js";

/** Signals by which php-fpm ends workers itself: a reload, a stop, request_terminate_timeout. */
const ordinary: ReadonlySet<string> = new Set(["SIGTERM", "SIGQUIT"]);
/** Workers that reach pm.max_requests within this many seconds are started all the time. */
const SHORT_LIFE = 60;
const FEWEST_RECYCLED = 10;
/** Seconds of pm.process_idle_timeout below which workers end between two requests. */
const SHORT_IDLE = 3;

/** Workers that die, and workers that are started and ended all the time. */
export const workersRule: Rule = {
  codes: {
    workers_crash:
      "Signals have ended workers: a fault in PHP or an extension, or the kernel for want of memory.",
    workers_exit: "Workers have ended with an exit code other than 0.",
    workers_recycled: "pm.max_requests ends workers after a short life.",
    workers_thrash: "pm = ondemand or dynamic ends and starts workers all the time.",
    workers_stopped: "Workers are stopped, by SIGSTOP or a debugger.",
    no_master: "Workers serve on after their master was killed: none is replaced.",
    master_stopped: "The master is stopped, so that it starts no workers and does not reload.",
  },
  find: (evidence) => [
    ...withoutMaster(evidence),
    ...stoppedMaster(evidence),
    ...stopped(evidence),
    ...crashed(evidence),
    ...exited(evidence),
    ...recycled(evidence),
    ...thrashing(evidence),
  ],
};

function stoppedMaster({ master }: Evidence): Finding[] {
  if (master === undefined || !isStopped(master)) return [];
  return [
    {
      code: "master_stopped",
      severity: FindingSeverity.Critical,
      title: "php-fpm's master is stopped: it starts no workers, and does not reload",
      evidence: [`state ${master.state} in /proc: ${master.pid}`],
      change: `let it go on: kill -CONT ${master.pid}; or detach the debugger`,
    },
  ];
}

function withoutMaster({ orphans }: Evidence): Finding[] {
  if (orphans.length === 0) return [];
  const pids = orphans.slice(0, 10).join(" ");
  return [
    {
      code: "no_master",
      severity: FindingSeverity.Critical,
      title: `php-fpm's master has ended, and ${many(orphans.length, "worker serves", "workers serve")} on without it`,
      evidence: [
        `no php-fpm is the parent of: ${pids}`,
        "no worker that ends is replaced, no limit of time holds, and no reload is possible",
      ],
      change: `end the workers that are left (kill ${pids}), and start php-fpm again; see the kernel's log (dmesg) for what killed the master`,
    },
  ];
}

function stopped({ workers = [] }: Evidence): Finding[] {
  const pids = workers.filter(isStopped).map(({ pid }) => pid);
  if (pids.length === 0) return [];
  return [
    {
      code: "workers_stopped",
      severity: FindingSeverity.Critical,
      title: `${pids.length} of ${many(workers.length, "worker is", "workers are")} stopped`,
      evidence: [`state T in /proc: ${pids.slice(0, 10).join(", ")}`],
      change: `let them go on: kill -CONT ${pids.slice(0, 10).join(" ")}; or detach the debugger`,
    },
  ];
}

function crashed(evidence: Evidence): Finding[] {
  return crashesIn(evidence.log.events ?? []).map(({ name, members }) => ({
    code: "workers_crash",
    severity: FindingSeverity.Critical,
    title: `${name} has ended ${many(members.length, "worker", "workers")} in the last hour`,
    evidence: [lastLine(members), ...ageLine(members)],
    change:
      name === "SIGKILL"
        ? "see the kernel's log (dmesg) for the OOM killer: lower pm.max_children or memory_limit; otherwise find who sends SIGKILL"
        : "find the extension: write core dumps (rlimit_core = unlimited) and read them with gdb; switch off extensions, OPcache's JIT first, one by one",
    ...(name === "SIGKILL"
      ? placeOf(evidence, "pm.max_children")
      : placeOf(evidence, "rlimit_core")),
  }));
}

/** The workers that signals have ended, by the signal. Php-fpm's own signals do not count. */
export function crashesIn(events: readonly LogEvent[]): { name: string; members: LogEvent[] }[] {
  const crashes = events.filter(({ kind, detail }) => kind === "signal" && !ordinary.has(detail));
  return groups(crashes, ({ detail }) => detail);
}

function exited(evidence: Evidence): Finding[] {
  const events = eventsOf(evidence, "exit_code");
  return groups(events, ({ detail }) => detail).map(({ name, members }) => ({
    code: "workers_exit",
    severity: FindingSeverity.Warning,
    title: `${many(members.length, "worker has", "workers have")} ended with exit code ${name} in the last hour`,
    evidence: [lastLine(members), ...ageLine(members)],
    change: `see php-fpm's log at that time${logName(evidence)}`,
    ...placeOf(evidence, "catch_workers_output"),
  }));
}

function recycled(evidence: Evidence): Finding[] {
  const { maxRequests = 0 } = evidence.configuration ?? {};
  const events = eventsOf(evidence, "recycled");
  const life = middle(events.flatMap(({ age }) => age ?? []));
  if (maxRequests === 0 || events.length < FEWEST_RECYCLED) return [];
  if (life === undefined || life > SHORT_LIFE) return [];
  return [
    {
      code: "workers_recycled",
      severity: FindingSeverity.Warning,
      title: `pm.max_requests = ${maxRequests} ends workers after ${durationText(life)}`,
      evidence: [
        `${events.length} workers have ended with exit code 0 in the last hour, a median of ${durationText(life)} after their start`,
        "each new worker costs a fork, and begins with empty caches",
      ],
      change: "raise pm.max_requests to 500 or more, or to 0 if no extension leaks memory",
      ...placeOf(evidence, "pm.max_requests"),
    },
  ];
}

function thrashing(evidence: Evidence): Finding[] {
  const { configuration, turnover, interval } = evidence;
  const { processManager: manager, maxRequests, processIdleTimeout = 0 } = configuration ?? {};
  if (turnover === undefined || maxRequests !== 0) return [];
  const isOndemand = manager === "ondemand";
  if (!isOndemand && manager !== "dynamic") return [];
  if (eventsOf(evidence, "signal").length > 0 || eventsOf(evidence, "exit_code").length > 0) {
    return []; // They explain why workers ended.
  }
  const fewest = isOndemand && processIdleTimeout > SHORT_IDLE * 1_000 ? 2 : 1;
  if (Math.min(turnover.ended, turnover.started) < fewest) return [];
  return [
    {
      code: "workers_thrash",
      severity: FindingSeverity.Warning,
      title: `pm = ${manager} ends and starts workers all the time`,
      evidence: [
        `in ${durationText(interval)}, ${turnover.ended} ended and ${turnover.started} were started`,
        ...(isOndemand ? [`pm.process_idle_timeout is ${processIdleTimeout / 1_000} s`] : []),
      ],
      change: isOndemand
        ? "raise pm.process_idle_timeout above the pauses between requests, or use pm = dynamic"
        : "raise pm.max_spare_servers, so that workers outlast the pauses between requests",
      ...placeOf(evidence, isOndemand ? "pm.process_idle_timeout" : "pm.max_spare_servers"),
    },
  ];
}

/** The events of a kind in php-fpm's log. */
export function eventsOf({ log }: Evidence, kind: LogEvent["kind"]): LogEvent[] {
  return (log.events ?? []).filter((event) => event.kind === kind);
}

/** When the last of some events was, for people. */
export function lastLine(events: readonly { readonly at: number }[]): string {
  return `the last time at ${momentText(Math.max(...events.map(({ at }) => at)))}`;
}

function ageLine(events: readonly LogEvent[]): string[] {
  const age = middle(events.flatMap(({ age }) => age ?? []));
  return age === undefined ? [] : [`they had lived for a median of ${durationText(age)}`];
}

function logName({ configuration }: Evidence): string {
  return configuration?.errorLog === undefined ? "" : `: ${configuration.errorLog}`;
}
