import type { Output } from "./output.js";
import { formatMilliseconds } from "./units.js";

const CLEAR_LINE = "\r\x1b[K";
const BAR_WIDTH = 24;
/** Milliseconds between two updates. */
const PACE = 100;

/** A line on a terminal that shows the progress of a long task. Writes nothing elsewhere. */
export class Progress {
  readonly #output: Output;
  readonly #total: number | undefined;
  readonly #started = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #done = 0;
  #failed = 0;
  #isShown = false;

  /** @param total the number of steps, if it is known */
  constructor(output: Output, total: number | undefined) {
    this.#output = output;
    this.#total = total;
    if (output.isTerminal) this.#timer = setInterval(() => this.#paint(), PACE);
  }

  /** Counts a finished step. */
  step(isFine: boolean): void {
    this.#done++;
    if (!isFine) this.#failed++;
  }

  /** Clears the line, so that other lines can be written. The next update shows it again. */
  hide(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    void this.#output.write(CLEAR_LINE);
  }

  /** Clears the line and ends the updates. */
  close(): void {
    clearInterval(this.#timer);
    this.hide();
  }

  #paint(): void {
    const elapsed = formatMilliseconds(performance.now() - this.#started);
    const failed = this.#failed > 0 ? `, ${this.#failed} failed` : "";
    const line = `${progressBar(this.#done, this.#total)}${failed}, ${elapsed}`;
    this.#isShown = true;
    void this.#output.write(CLEAR_LINE + line.slice(0, (this.#output.columns ?? 80) - 1));
  }
}

/** `[#####-------] 120/300`, or `120 done` if the total is unknown. */
export function progressBar(done: number, total: number | undefined): string {
  if (total === undefined || total === 0) return `${done} done`;
  const filled = Math.min(BAR_WIDTH, Math.floor((done / total) * BAR_WIDTH));
  return `[${"#".repeat(filled)}${"-".repeat(BAR_WIDTH - filled)}] ${done}/${total}`;
}
