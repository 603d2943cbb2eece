import { countBySickness, listTargets } from "../../top/listing.js";
import type { LiveTargets } from "../../top/live-targets.js";
import { ExitCode, exitCodeOf, worse } from "../exit-codes.js";
import type { Io } from "../io.js";
import { Crashes } from "./crashes.js";
import { listLines, summaryLine } from "./list-view.js";
import { poolLines } from "./pool-view.js";
import type { TopOptions } from "./top-options.js";

/**
 * Writes one frame when every target has answered or failed. Nothing is cut. A pool that is the only
 * target given is shown with its processes.
 */
export async function writeOneFrame(
  targets: LiveTargets,
  { places, listSort: sort, ...display }: TopOptions,
  io: Io,
): Promise<ExitCode> {
  const { all, now } = targets;
  const { style } = io.stdout;
  const model = { listed: listTargets(all, { filter: "", sort, now }), filter: "", sort, now };
  const summary = summaryLine(model, countBySickness(all, now), style);
  const lines = listLines(model, style, {}).map((line) => line.slice(2));
  const pool = places.length === 1 ? all.find(({ pool }) => pool !== undefined) : undefined;
  const detail =
    pool === undefined
      ? []
      : [
          "",
          ...poolLines(pool, style, {
            ...display,
            now,
            width: undefined,
            crashes: new Crashes().lines(pool.place.configuration, now),
          }),
        ];
  await io.stdout.writeLines([summary, ...lines, ...detail]);
  return all.reduce<ExitCode>(
    (worst, { error }) => (error === undefined ? worst : worse(worst, exitCodeOf(error.code))),
    ExitCode.Fine,
  );
}
