import { fileURLToPath } from "node:url";
import { startTmux, type TmuxOptions, type TmuxTerminal } from "../../harness/tmux.js";

export type { TmuxTerminal };

const bin = fileURLToPath(new URL("../../../bin/fcgi-probe.js", import.meta.url));

/** Runs a command of `fcgi-probe` on a terminal. */
export function startCommand(args: readonly string[], options: TmuxOptions = {}): TmuxTerminal {
  return startTmux(`node ${bin} ${args.join(" ")}`, options);
}

/** Runs `fcgi-probe top` on a terminal. */
export function startTop(args: readonly string[], options: TmuxOptions = {}): TmuxTerminal {
  return startCommand(["top", ...args], options);
}
