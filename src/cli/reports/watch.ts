import { setTimeout as sleep } from "node:timers/promises";
import { Key } from "../../terminal/keys.js";
import { Screen } from "../../terminal/screen.js";
import { sliceCells } from "../../terminal/styled-text.js";
import { formatMilliseconds } from "../../terminal/units.js";
import { ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import type { OutputFormat } from "../options.js";
import type { Round } from "./round.js";

/** Whether a command shows its table on the screen of `top`, and not one round after another. */
export function isScreen(
  { watch: interval, format, quiet }: { watch?: number; format?: OutputFormat; quiet?: boolean },
  io: Io,
): boolean {
  const isTable = format === undefined || format === "table";
  return interval !== undefined && isTable && quiet !== true && io.stdout.isTerminal;
}

/** Shows one round; with an interval in milliseconds, one after another until the user ends it. */
export async function showRounds(
  read: () => Promise<Round>,
  interval: number | undefined,
  title: string,
  io: Io,
): Promise<ExitCode> {
  if (interval !== undefined) return watch(read, interval, io, title);
  const { render, problems, exitCode } = await read();
  if (io.signal.aborted) return ExitCode.Interrupted;
  await io.stdout.write(render());
  await io.stderr.writeLines(problems);
  return exitCode;
}

/**
 * Shows a round every `interval` milliseconds: repainted on a terminal, one after another
 * elsewhere. Ends when the user presses q, or by a signal.
 *
 * @param title the command, for the first line of the screen
 */
export async function watch(
  read: () => Promise<Round>,
  interval: number,
  io: Io,
  title = "fcgi-probe status",
): Promise<ExitCode> {
  return io.stdout.isTerminal
    ? watchScreen(read, interval, io, title)
    : watchLines(read, interval, io);
}

async function watchLines(read: () => Promise<Round>, interval: number, io: Io): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.Fine;
  await everyRound(read, interval, io.signal, async (round) => {
    exitCode = round.exitCode;
    await io.stdout.write(round.render());
    await io.stderr.writeLines(round.problems);
  });
  return io.stdout.error === undefined ? ExitCode.Interrupted : exitCode;
}

async function watchScreen(
  read: () => Promise<Round>,
  interval: number,
  io: Io,
  title: string,
): Promise<ExitCode> {
  const quit = new AbortController();
  const signal = AbortSignal.any([io.signal, quit.signal]);
  let last: { round: Round; time: string } | undefined;
  const screen = new Screen(io, {
    key: (key) => {
      if (key === "q" || key === "Q" || key === Key.Escape) quit.abort();
    },
    resize: () => paint(),
  });
  const paint = (): void => {
    const { heading, faint } = io.stdout.style;
    const time = last === undefined ? "waiting" : last.time;
    const head = `${heading(title)} ${faint(`${time}, every ${formatMilliseconds(interval)}, q quits`)}`;
    const lines =
      last === undefined ? [] : [...textLines(last.round.render()), ...last.round.problems];
    const { rows, columns } = screen.size;
    const room = Math.max(1, rows - 2);
    const rest = lines.length - room + 1;
    const shown = rest > 1 ? [...lines.slice(0, room - 1), faint(`… ${rest} more lines`)] : lines;
    screen.paint([head, "", ...shown].map((line) => sliceCells(line, 0, columns)));
  };
  screen.open();
  paint();
  try {
    await everyRound(read, interval, signal, async (round) => {
      last = { round, time: new Date().toTimeString().slice(0, 8) };
      paint();
    });
  } finally {
    screen.close();
  }
  return io.signal.aborted ? ExitCode.Interrupted : ExitCode.Fine;
}

/** Reads rounds until the signal aborts; a round that it interrupts is not shown. */
async function everyRound(
  read: () => Promise<Round>,
  interval: number,
  signal: AbortSignal,
  show: (round: Round) => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    const next = performance.now() + interval;
    const round = await read();
    if (signal.aborted) return;
    await show(round);
    const pause = Math.max(0, next - performance.now());
    await sleep(pause, undefined, { signal }).catch(() => {});
  }
}

function textLines(content: string | Uint8Array): string[] {
  const text = typeof content === "string" ? content : new TextDecoder().decode(content);
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.length === 0 ? [] : [...lines, ""];
}
