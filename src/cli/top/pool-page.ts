import { Key } from "../../terminal/keys.js";
import type { Style } from "../../terminal/style.js";
import { visible } from "../../terminal/text.js";
import { moveSelection } from "../../terminal/viewport.js";
import type { LiveTarget } from "../../top/live-target.js";
import type { LiveTargets } from "../../top/live-targets.js";
import { processSortKeys } from "../reports/process-table.js";
import { Crashes } from "./crashes.js";
import { bodyHeight, frameLines, keyHints, type Size } from "./frame.js";
import { nextOf } from "./list-page.js";
import { clockText } from "./list-view.js";
import { poolLines } from "./pool-view.js";
import type { PoolDisplay } from "./top-options.js";
import type { TopPage } from "./top-page.js";

/** Cells that an arrow moves a wide page by. */
const STEP = 8;

/** One pool: its state, what its requests have in common, and its processes. */
export class PoolPage implements TopPage {
  readonly #targets: LiveTargets;
  readonly #target: LiveTarget;
  readonly #style: Style;
  readonly #crashes = new Crashes();
  #options: PoolDisplay;
  /** The first line of the body that is shown, and its first cell. */
  #offset = 0;
  #left = 0;
  #count = 0;
  #height = 1;

  constructor(targets: LiveTargets, target: LiveTarget, style: Style, options: PoolDisplay) {
    this.#targets = targets;
    this.#target = target;
    this.#style = style;
    this.#options = options;
    targets.open(target);
  }

  lines(size: Size): string[] {
    const { now, interval, isFrozen } = this.#targets;
    const { sort, onlyRunning, wide } = this.#options;
    const style = this.#style;
    const target = this.#target;
    const isWide = wide || this.#left > 0;
    const width = isWide ? undefined : size.columns;
    const crashes = this.#crashes.lines(target.place.configuration, now);
    const body = poolLines(target, style, { sort, onlyRunning, now, width, crashes });
    const name = `${style.heading(visible(target.name))}  ${visible(target.shown)}`;
    const head = [`${name}  ${clockText(interval, isFrozen, style)}`];
    this.#height = bodyHeight(size, head.length);
    this.#count = body.length;
    this.#offset = Math.max(0, Math.min(this.#offset, body.length - this.#height));
    const parts = { head, body: body.slice(this.#offset), foot: this.#foot() };
    return frameLines(parts, size, this.#left);
  }

  press(key: string): boolean {
    const last = Math.max(1, this.#count - this.#height + 1);
    const moved = moveSelection(key, this.#offset, last, this.#height);
    if (moved !== undefined) {
      this.#offset = moved;
      return true;
    }
    const options = this.#options;
    switch (key) {
      case Key.Left:
        this.#left = Math.max(0, this.#left - STEP);
        return true;
      case Key.Right:
        this.#left += STEP;
        return true;
      case "s":
        this.#options = { ...options, sort: nextOf(processSortKeys, options.sort) };
        return true;
      case "r":
        this.#options = { ...options, onlyRunning: !options.onlyRunning };
        return true;
      case "w":
        this.#options = { ...options, wide: !options.wide };
        this.#left = 0;
        return true;
      default:
        return false;
    }
  }

  close(): void {
    this.#targets.open(undefined);
  }

  #foot(): string {
    const { sort, onlyRunning } = this.#options;
    return keyHints(
      [
        ["q", "quit"],
        ["escape", "back"],
        ["s", `by ${sort}`],
        ["r", onlyRunning ? "all" : "only running"],
        ["w", "wide"],
        ["f", "freeze"],
        ["?", "help"],
      ],
      this.#style,
    );
  }
}
