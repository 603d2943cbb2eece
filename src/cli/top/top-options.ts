import type { TargetSortKey } from "../../top/listing.js";
import type { TargetPlace } from "../../top/live-target.js";
import type { HttpPageRequest } from "../../top/read-page.js";
import type { ProcessSortKey } from "../reports/process-table.js";

/** How pools are shown at first. */
export interface PoolDisplay {
  readonly sort: ProcessSortKey;
  readonly onlyRunning: boolean;
  /** Whether lines are not cut: the arrows left and right show their ends. */
  readonly wide: boolean;
}

/** What the screen shows, and how. */
export interface TopOptions extends PoolDisplay {
  /** The targets that were given; none stands for all that discovery finds. */
  readonly places: readonly TargetPlace[];
  /** Whether discovery looks for httpds, too. */
  readonly hasHttpds: boolean;
  readonly listSort: TargetSortKey;
  /** Milliseconds from one read of a target to the next. */
  readonly interval: number;
  /** Milliseconds that a read may take. */
  readonly timeout: number;
  readonly request: HttpPageRequest;
}

/** How the screen of `top` begins without options. */
export const topDefaults = {
  places: [],
  hasHttpds: true,
  listSort: "sick",
  interval: 1_000,
  sort: "duration",
  onlyRunning: false,
  wide: false,
  request: {},
} as const satisfies Omit<TopOptions, "timeout">;
