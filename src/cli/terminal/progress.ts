import type { Output } from "./output.js";
import { formatMilliseconds } from "./units.js";

const CLEAR_LINE = "\r\x1b[K";
const BAR_WIDTH = 24;
/** Milliseconds between two paintings. */
const PACE = 100;

/** A line on a terminal that tells how far a long work is. On anything else it writes nothing. */
export class Progress {
  readonly #output: Output;
  readonly #total: number | undefined;
  readonly #started = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #done = 0;
  #failed = 0;
  #isShown = false;

  /** @param total how many steps there will be, where that is known */
  constructor(output: Output, total: number | undefined) {
    this.#output = output;
    this.#total = total;
    if (output.isTerminal) this.#timer = setInterval(() => this.#paint(), PACE);
  }

  /** Counts a step that is done. */
  step(isFine: boolean): void {
    this.#done++;
    if (!isFine) this.#failed++;
  }

  /** Takes the line away, so that others may be written; it comes back by itself. */
  hide(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    void this.#output.write(CLEAR_LINE);
  }

  /** Takes the line away for good. */
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

/** `[#####-------] 120/300`, or the count alone where the total is not known. */
export function progressBar(done: number, total: number | undefined): string {
  if (total === undefined || total === 0) return `${done} done`;
  const filled = Math.min(BAR_WIDTH, Math.floor((done / total) * BAR_WIDTH));
  return `[${"#".repeat(filled)}${"-".repeat(BAR_WIDTH - filled)}] ${done}/${total}`;
}
