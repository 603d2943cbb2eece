import type { Discovery } from "../discovery/discovery.js";
import { LocalPools } from "../discovery/local-pools.js";
import { startWatchThread } from "../discovery/start-watch-thread.js";
import type { TargetPlace } from "./live-target.js";

/** The targets of the screen, and what could not be found out. */
export interface FoundPlaces {
  readonly places: readonly TargetPlace[];
  /** The first problem of the discovery, and how many there are; `undefined` without any. */
  readonly note: string | undefined;
}

/**
 * Looks for the pools and httpds of this machine on a thread of its own, and follows their changes.
 * Targets that are given are the only ones; they get the configuration of the pool that they lead to.
 *
 * @param given none stands for all that is found
 * @param hasHttpds whether to look for httpds, too
 * @param onFound called at once where targets are given, and after each change
 * @returns a function that ends the search
 */
export function followPlaces(
  given: readonly TargetPlace[],
  hasHttpds: boolean,
  onFound: (found: FoundPlaces) => void,
): () => void {
  const isGiven = given.length > 0;
  if (isGiven) onFound({ places: given, note: undefined });
  if (isGiven && given.every(({ kind }) => kind === "apache")) return () => {};
  const thread = startWatchThread({ apache: hasHttpds && !isGiven });
  thread.on("message", (found: Discovery) => {
    if (!isGiven) onFound({ places: found.targets, note: noteOf(found) });
    else onFound({ places: withConfiguration(given, found), note: undefined });
  });
  thread.on("error", ({ message }) => {
    if (!isGiven) onFound({ places: [], note: `the discovery has failed: ${message}` });
  });
  return () => void thread.terminate();
}

function withConfiguration(given: readonly TargetPlace[], { targets }: Discovery): TargetPlace[] {
  const pools = new LocalPools(targets.flatMap(({ configuration }) => configuration ?? []));
  return given.map((place) => {
    if (place.kind === "apache") return place;
    return { ...place, configuration: pools.at(place.address) };
  });
}

function noteOf({ targets, problems }: Discovery): string | undefined {
  const [first] = problems;
  if (first === undefined) {
    return targets.length > 0
      ? undefined
      : "nothing was found on this machine: give an address, and see fcgi-probe discover";
  }
  const more = problems.length > 1 ? ` (${problems.length - 1} more: fcgi-probe discover)` : "";
  return `${first.source}: ${first.message}${more}`;
}
