import type { Evidence, WorkerEvidence } from "../evidence.js";
import { groups } from "../words.js";
import { scriptOf } from "../workers.js";

/** The most scripts that are named. */
const NAMED = 3;

/**
 * What the requests of busy workers run, the most common first: `2 of 2 run /var/www/slow.php`. Where
 * the workers are not known, the lines of the status page tell.
 */
export function runningScriptLines(
  { page }: Evidence,
  workers: readonly WorkerEvidence[],
): string[] {
  const running = page.status?.processes?.filter(({ state }) => state === "Running") ?? [];
  const scripts =
    workers.length > 0
      ? workers.map(({ script }) => script)
      : running.map((line) => scriptOf(line));
  return groups(scripts, (script) => script)
    .slice(0, NAMED)
    .map(({ name, members }) => `${members.length} of ${scripts.length} run ${name}`);
}
