import { type Command, Option } from "commander";
import { kindOf } from "../../exporter/target.js";
import { type TargetSortKey, targetSortKeys } from "../../top/listing.js";
import { type ExitCode, exitStatusHelp } from "../exit-codes.js";
import type { Io } from "../io.js";
import { timeoutOption, timeoutOr } from "../options.js";
import { parseDuration } from "../parse-values.js";
import { type ProcessSortKey, processSortKeys } from "../reports/process-table.js";
import { topDefaults } from "../top/top-options.js";

interface TopCommandOptions {
  interval?: number;
  timeout?: number;
  sort?: TargetSortKey | ProcessSortKey;
  only?: "running";
  wide?: true;
}

const help = `
Shows pools and httpds live, the sickest first: those that cannot be read, those
whose clients wait, those whose workers are all busy, and the slow ones. Press
enter to see what the requests of a pool have in common, and its processes.
Press ? for the keys.

Each target is read on its own interval: one that does not answer delays no
other.

${exitStatusHelp}

Examples:
  fcgi-probe top
  fcgi-probe top --interval 2s 10.0.0.{1,2}:9000/status http://127.0.0.1/server-status
`;

export function defineTop(command: Command, io: Io, finish: (exitCode: ExitCode) => void): void {
  const sortKeys = [...new Set<string>([...targetSortKeys, ...processSortKeys])];
  command
    .argument("[TARGET...]", "addresses of pools, and URLs of httpds' status pages")
    .option("--interval <time>", "time between two reads of a target (default: 1s)", parseDuration)
    .addOption(timeoutOption("status"))
    .addOption(new Option("--sort <key>", "what to sort by").choices(sortKeys))
    .addOption(new Option("--only <what>", "list only these processes").choices(["running"]))
    .option("--wide", "cut nothing")
    .addHelpText("after", help)
    .action(async (given: string[], options: TopCommandOptions) => {
      const { runTop } = await import("../top/run-top.js");
      const { sort, interval, only, wide } = options;
      const places = given.map((address) => ({ kind: kindOf(address), address }));
      const listSort = targetSortKeys.find((key) => key === sort);
      const processSort = processSortKeys.find((key) => key === sort);
      const settings = {
        ...topDefaults,
        places,
        timeout: timeoutOr(options.timeout, "status"),
        ...(interval !== undefined && { interval }),
        ...(listSort !== undefined && { listSort }),
        ...(processSort !== undefined && { sort: processSort }),
        onlyRunning: only === "running",
        wide: wide === true,
      };
      finish(await runTop(settings, io));
    });
}
