import { type Command, Option } from "commander";
import { type TargetSortKey, targetSortKeys } from "../../top/listing.js";
import { type ProcessSortKey, processSortKeys } from "../reports/process-table.js";
import { type PoolDisplay, topDefaults } from "./top-options.js";

/** The options of `status` and `top` that say how a table shows pools and their processes. */
export interface DisplayOptions {
  readonly sort?: TargetSortKey | ProcessSortKey;
  readonly only?: "running";
  readonly wide?: true;
}

const sortKeys = [...new Set<string>([...targetSortKeys, ...processSortKeys])];

export function addDisplayOptions(command: Command): Command {
  return command
    .addOption(new Option("--sort <key>", "what to sort by").choices(sortKeys))
    .addOption(new Option("--only <what>", "list only these processes").choices(["running"]))
    .option("--wide", "cut nothing");
}

/** How processes are shown, and what the list of targets is sorted by, if that was said. */
export function displayOf({ sort, only, wide }: DisplayOptions): PoolDisplay & {
  readonly listSort: TargetSortKey | undefined;
} {
  return {
    listSort: targetSortKeys.find((key) => key === sort),
    sort: processSortKeys.find((key) => key === sort) ?? topDefaults.sort,
    onlyRunning: only === "running",
    wide: wide === true,
  };
}
