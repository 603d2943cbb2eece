import { ProcessState, type ProcessStatus, processState } from "../status-page/pool-status.js";

/** Running requests that have something in common. */
export interface RequestGroup {
  /** The script, or the URI without its query. */
  readonly name: string;
  readonly count: number;
  /** Microseconds that the oldest of them has taken; `undefined` if that is unknown. */
  readonly oldest: number | undefined;
}

/** Whether a process has a request. The process that writes the page has one, too. */
export function isRunning({ state }: ProcessStatus): boolean {
  const known = processState(state);
  return known !== ProcessState.Idle && known !== ProcessState.Creating;
}

/** Groups running requests by their script, the largest group first. */
export function groupByScript(running: readonly ProcessStatus[]): RequestGroup[] {
  return group(running, ({ script }) => script);
}

/** Groups running requests by their URI, without its query, the largest group first. */
export function groupByUri(running: readonly ProcessStatus[]): RequestGroup[] {
  return group(running, ({ requestUri }) => requestUri.replace(/\?.*$/s, ""));
}

/** Requests without the text, which is `-` on the page, are in no group. */
function group(
  running: readonly ProcessStatus[],
  nameOf: (process: ProcessStatus) => string,
): RequestGroup[] {
  const groups = new Map<string, RequestGroup>();
  for (const process of running) {
    const name = nameOf(process);
    if (name === "" || name === "-") continue;
    const { count = 0, oldest } = groups.get(name) ?? {};
    const age = process.requestDuration;
    const both = [oldest, age].filter((time) => time !== undefined);
    groups.set(name, {
      name,
      count: count + 1,
      oldest: both.length === 0 ? undefined : Math.max(...both),
    });
  }
  return [...groups.values()].sort(
    (one, other) => other.count - one.count || (other.oldest ?? 0) - (one.oldest ?? 0),
  );
}
