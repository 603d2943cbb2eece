import { Key } from "../../terminal/keys.js";
import { Screen } from "../../terminal/screen.js";
import type { LiveTargets } from "../../top/live-targets.js";
import type { Io } from "../io.js";
import { HelpPage } from "./help-page.js";
import type { TopPage } from "./top-page.js";

/** The least milliseconds between two frames that new data cause. */
const LEAST_GAP = 100;
/** A frame may take one part in so many of the time until the next. */
const PAINT_SHARE = 30;
/** Milliseconds between two frames while nothing comes: waiting times are shown in seconds. */
const CLOCK = 1_000;

/** Joins the live targets with the keys and the screen of a terminal, until the user ends it. */
export class TopScreen {
  readonly #io: Io;
  readonly #targets: LiveTargets;
  readonly #screen: Screen;
  readonly #pages: TopPage[] = [];
  #paintTimer: NodeJS.Timeout | undefined;
  #nextPaint = 0;
  #quit: () => void = () => {};

  constructor(targets: LiveTargets, io: Io) {
    this.#io = io;
    this.#targets = targets;
    this.#screen = new Screen(io, {
      key: (key) => this.#press(key),
      resize: () => this.#paint(),
    });
  }

  /** Shows a page above the current one. Escape leads back. */
  show(page: TopPage): void {
    this.#pages.push(page);
    this.#paint();
  }

  /** Paints soon, because data have changed. */
  changed(): void {
    if (this.#paintTimer !== undefined) return;
    const wait = Math.max(0, this.#nextPaint - performance.now());
    this.#paintTimer = setTimeout(() => this.#paint(), wait);
  }

  /** Runs until the user quits, or the command is interrupted. */
  async run(): Promise<void> {
    const { signal } = this.#io;
    const clock = setInterval(() => this.changed(), CLOCK);
    this.#screen.open();
    this.#paint();
    try {
      await new Promise<void>((resolve) => {
        this.#quit = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
        if (signal.aborted) resolve();
      });
    } finally {
      clearInterval(clock);
      clearTimeout(this.#paintTimer);
      this.#screen.close();
    }
  }

  #paint(): void {
    clearTimeout(this.#paintTimer);
    this.#paintTimer = undefined;
    const started = performance.now();
    const lines = this.#pages.at(-1)?.lines(this.#screen.size) ?? [];
    const isPainted = this.#screen.paint(lines);
    const ended = performance.now();
    this.#nextPaint = ended + Math.max(LEAST_GAP, (ended - started) * PAINT_SHARE);
    if (!isPainted) this.changed();
  }

  #press(key: string): void {
    if (this.#pages.at(-1)?.press(key) !== true) this.#pressCommon(key);
    this.#paint();
  }

  #pressCommon(key: string): void {
    switch (key) {
      case "q":
      case "Q":
        this.#quit();
        return;
      case "?":
        this.#pages.push(new HelpPage(this.#io.stdout.style));
        return;
      case "f":
        if (this.#targets.isFrozen) this.#targets.thaw();
        else this.#targets.freeze();
        return;
      case Key.Escape:
      case Key.Backspace:
        if (this.#pages.length > 1) this.#pages.pop()?.close?.();
    }
  }
}
