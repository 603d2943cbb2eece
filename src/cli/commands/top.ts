import type { Command } from "commander";
import { kindOf } from "../../exporter/target.js";
import { type ExitCode, exitStatusHelp } from "../exit-codes.js";
import type { Io } from "../io.js";
import { timeoutOption, timeoutOr } from "../options.js";
import { parseDuration } from "../parse-values.js";
import { addDisplayOptions, type DisplayOptions, displayOf } from "../top/display-options.js";
import { topDefaults } from "../top/top-options.js";

interface TopCommandOptions extends DisplayOptions {
  interval?: number;
  timeout?: number;
}

const help = `
Shows pools and httpds live, the sickest first: those that cannot be read, those
whose clients wait, those whose workers are all busy, the slow ones, and those
that run without a status page. Press
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
  command
    .argument("[TARGET...]", "addresses of pools, and URLs of httpds' status pages")
    .option("--interval <time>", "time between two reads of a target (default: 1s)", parseDuration)
    .addOption(timeoutOption("status"));
  addDisplayOptions(command)
    .addHelpText("after", help)
    .action(async (given: string[], options: TopCommandOptions) => {
      const { runTop } = await import("../top/run-top.js");
      const display = displayOf(options);
      const settings = {
        ...topDefaults,
        ...display,
        places: given.map((address) => ({ kind: kindOf(address), address })),
        timeout: timeoutOr(options.timeout, "status"),
        interval: options.interval ?? topDefaults.interval,
        listSort: display.listSort ?? topDefaults.listSort,
      };
      finish(await runTop(settings, io));
    });
}
