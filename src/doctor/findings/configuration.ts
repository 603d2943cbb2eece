import type { Evidence } from "../evidence.js";
import { type Finding, FindingSeverity, placeIn, type Rule } from "../finding.js";
import { durationText, momentText } from "../words.js";

/** Milliseconds by which times of one moment may differ: the page has whole seconds. */
const TOLERANCE = 1_500;
/** Milliseconds from which clocks differ. */
const SKEW = 5_000;

/** The configuration that runs and the files differ; and clocks that are wrong. */
export const configurationRule: Rule = {
  codes: {
    not_reloaded: "A file of the configuration was changed, and php-fpm was not reloaded.",
    configuration_refused:
      "php-fpm refuses its configuration: it would not come back from a restart.",
    file_from_future: "A file of the configuration has a time that is still to come.",
    clock_skew: "The clock of the pool and the clock of this machine differ.",
    clock_changed: "The clock was changed since workers were started.",
  },
  find: (evidence) => [...refused(evidence), ...notReloaded(evidence), ...clocks(evidence)],
};

function refused({ refusal }: Evidence): Finding[] {
  if (refusal === undefined) return [];
  const [, place] = /^(.*?:\d+):/.exec(refusal) ?? [];
  return [
    {
      code: "configuration_refused",
      severity: FindingSeverity.Critical,
      title:
        "php-fpm refuses its configuration: it runs with what it read before, and a reload would end it",
      evidence: [refusal],
      change:
        "correct the line, and check the whole with php-fpm -tt, before anything reloads php-fpm",
      ...placeIn(place),
    },
  ];
}

/**
 * When the configuration was read, or a later moment. A reload starts all workers anew, so that it is
 * no younger than the oldest worker.
 */
function loadedAt(evidence: Evidence): number | undefined {
  const { page, workers } = evidence;
  const onPage = page.status?.startTime?.getTime();
  const shift = startShift(evidence);
  // The page's clock may be wrong, which a worker that both know shows.
  if (onPage !== undefined && shift !== undefined) return onPage - shift;
  if (onPage !== undefined && workers === undefined) return onPage;
  const starts = (workers ?? []).map(({ startedAt }) => startedAt);
  return starts.length === 0 ? undefined : Math.min(...starts);
}

function notReloaded(evidence: Evidence): Finding[] {
  const loaded = loadedAt(evidence);
  if (loaded === undefined) return [];
  const changed = evidence.files
    .filter(
      ({ changedAt }) => changedAt > loaded + TOLERANCE && changedAt <= Date.now() + TOLERANCE,
    )
    .sort((one, other) => other.changedAt - one.changedAt);
  const [last] = changed;
  if (last === undefined) return [];
  return [
    {
      code: "not_reloaded",
      severity: FindingSeverity.Warning,
      title: `${last.path} was changed after php-fpm had read it`,
      evidence: [
        ...changed
          .slice(0, 5)
          .map(({ path, changedAt }) => `${path} was changed at ${momentText(changedAt)}`),
        `php-fpm has read its configuration at ${momentText(loaded)}, or before`,
      ],
      change: `check it with php-fpm -tt, then reload: kill -USR2 ${evidence.master?.pid ?? "MASTER"}, or systemctl reload php-fpm`,
      file: last.path,
    },
  ];
}

function clocks(evidence: Evidence): Finding[] {
  const found: Finding[] = [];
  const future = evidence.files.filter(({ changedAt }) => changedAt > Date.now() + SKEW);
  const [first] = future;
  if (first !== undefined) {
    found.push({
      code: "file_from_future",
      severity: FindingSeverity.Notice,
      title: `${first.path} has a time that is still to come`,
      evidence: [
        `it was changed at ${momentText(first.changedAt)}, and now it is ${momentText(Date.now())}`,
      ],
      change:
        "set the clock (timedatectl), then touch the file: whether php-fpm has read it cannot be told",
      file: first.path,
    });
  }
  const { status, readAt } = evidence.page;
  const { startTime, startSince } = status ?? {};
  if (startTime !== undefined && startSince !== undefined && readAt !== undefined) {
    const skew = startTime.getTime() + startSince * 1_000 - readAt;
    if (Math.abs(skew) > SKEW) {
      found.push({
        code: "clock_skew",
        severity: FindingSeverity.Warning,
        title: `the pool's clock is ${durationText(Math.abs(skew) / 1_000)} ${skew > 0 ? "fast" : "slow"}`,
        evidence: [
          `the status page counts ${startSince} s since ${momentText(startTime.getTime())}, and here it is ${momentText(readAt)}`,
        ],
        change:
          "synchronize the clocks of both (chrony, systemd-timesyncd): sessions, tokens and logs depend on it",
      });
    }
  }
  const shift = startShift(evidence);
  // A clock that is wrong from the start makes both times wrong.
  const isSkewed = found.some(({ code }) => code === "clock_skew");
  if (!isSkewed && shift !== undefined && Math.abs(shift) > SKEW) {
    found.push({
      code: "clock_changed",
      severity: FindingSeverity.Warning,
      title: `the clock was changed by ${durationText(Math.abs(shift) / 1_000)} since workers were started`,
      evidence: ["the kernel and the status page name different times for the start of a worker"],
      change:
        "see why the clock jumped, then restart php-fpm: the times of its status page and its logs are wrong until then",
    });
  }
  return found;
}

/** By how much the page's time of a worker's start is after the kernel's, in milliseconds. */
function startShift({ page, workers = [] }: Evidence): number | undefined {
  const byPid = new Map(workers.map((worker) => [worker.pid, worker]));
  for (const { pid, startTime } of page.status?.processes ?? []) {
    const worker = byPid.get(pid);
    if (worker !== undefined && startTime !== undefined)
      return startTime.getTime() - worker.startedAt;
  }
  return undefined;
}
