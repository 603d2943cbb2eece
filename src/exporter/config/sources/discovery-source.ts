import { performance } from "node:perf_hooks";
import {
  type DiscoveryOptions,
  discoverWithFolders,
  type WatchedDiscovery,
} from "../../../discovery/discover.js";
import type { DiscoveredTarget, DiscoveryProblem } from "../../../discovery/discovery.js";
import { discoverInThread } from "../../../discovery/start-watch-thread.js";
import type { SourceReading, TargetSource } from "./target-source.js";

/** What to look for on this machine and in DNS. */
export interface DiscoverySourceOptions {
  readonly phpFpm: boolean;
  readonly apache: boolean;
  /** Globs of sockets, as whole paths. */
  readonly sockets: readonly string[];
  /** Names whose addresses are all read: `php.example.com:9000/status`. */
  readonly names: readonly string[];
  /** Milliseconds after which is looked again even where no change was noticed. */
  readonly interval: number;
}

/** Milliseconds of work for which this thread may answer nothing else. */
const MOST_STALL = 50;

type Discover = (options: DiscoveryOptions) => Promise<WatchedDiscovery>;

/** How it is discovered: in this thread, or, where that takes long, in one of its own. */
const discoverers = {
  here: discoverWithFolders as Discover,
  inThread: discoverInThread as Discover,
  /** Milliseconds that this thread has worked. */
  worked: (): number => performance.eventLoopUtilization().active,
};

/**
 * The pools and httpds of this machine, and what DNS names lead to. A file or name that cannot be
 * read keeps the targets that it had.
 */
export function discoverySource(
  options: DiscoverySourceOptions,
  { here, inThread, worked } = discoverers,
): TargetSource {
  // A thread costs 50 ms of CPU and 15 MB for a moment: few files are read faster without it.
  let isLong = false;
  let last: readonly DiscoveredTarget[] = [];
  let watched: readonly string[] = [];
  return {
    name: "discovery",
    interval: options.interval,
    folders: () => watched,
    async read(signal): Promise<SourceReading> {
      let problems: string[];
      try {
        const before = worked();
        const found = await (isLong ? inThread : here)({ ...options, signal });
        isLong ||= worked() - before > MOST_STALL;
        watched = found.folders;
        last = withKept(found.targets, last, found.problems);
        problems = found.problems.map(({ source, message, hint }) => {
          return `${source}: ${message}; ${hint}`;
        });
      } catch (error) {
        problems = [(error as Error).message];
      }
      const targets = last.map(({ address, source, configuration, host }) => {
        return { address, source, configuration, host, labels: {} };
      });
      return { targets, problems, notes: last.flatMap(noteOf) };
    },
  };
}

/** What was found, and what was found earlier in the places that cannot be read now. */
function withKept(
  found: readonly DiscoveredTarget[],
  earlier: readonly DiscoveredTarget[],
  problems: readonly DiscoveryProblem[],
): readonly DiscoveredTarget[] {
  const broken = new Set(problems.map(({ source }) => withoutLine(source)));
  const addresses = new Set(found.map(({ address }) => address));
  const kept = earlier.filter(
    ({ address, source }) => broken.has(withoutLine(source)) && !addresses.has(address),
  );
  return [...found, ...kept];
}

/** A file without the number of the line. */
function withoutLine(source: string): string {
  return source.replace(/:\d+$/, "");
}

/** What keeps a target from being read, such as a status page that is off. */
function noteOf({ address, source, state, problem, hint }: DiscoveredTarget): string[] {
  if (state !== "status off" && state !== "no permission") return [];
  return [`${address} (${source}): ${problem ?? state}; ${hint ?? ""}`];
}
