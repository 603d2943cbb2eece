import { Key } from "../../terminal/keys.js";
import type { Style } from "../../terminal/style.js";
import { visible } from "../../terminal/text.js";
import { moveSelection, showSelected, type Viewport } from "../../terminal/viewport.js";
import {
  countBySickness,
  type Listed,
  listTargets,
  type TargetSortKey,
  targetSortKeys,
} from "../../top/listing.js";
import type { LiveTarget } from "../../top/live-target.js";
import type { LiveTargets } from "../../top/live-targets.js";
import { bodyHeight, frameLines, type Size } from "./frame.js";
import { clockText, listKeys, listLines, summaryLine } from "./list-view.js";
import type { TopPage } from "./top-page.js";

/** The most characters of a filter. */
const LONGEST_FILTER = 100;

/** The list of all targets. */
export class ListPage implements TopPage {
  readonly #targets: LiveTargets;
  readonly #style: Style;
  readonly #open: (target: LiveTarget) => void;
  /** What cannot be found out, such as a configuration that cannot be read. */
  note: string | undefined;
  #sort: TargetSortKey;
  #filter = "";
  #isTyping = false;
  /** The target that the user has chosen. Until then the first line is selected. */
  #chosen: LiveTarget | undefined;
  #viewport: Viewport = { offset: 0, selected: 0 };
  #listed: readonly Listed[] = [];
  #height = 1;

  constructor(
    targets: LiveTargets,
    style: Style,
    { sort, open }: { sort: TargetSortKey; open: (target: LiveTarget) => void },
  ) {
    this.#targets = targets;
    this.#style = style;
    this.#sort = sort;
    this.#open = open;
  }

  lines(size: Size): string[] {
    const { all, now, interval, isFrozen } = this.#targets;
    const style = this.#style;
    const filter = this.#filter;
    const sort = this.#sort;
    this.#listed = listTargets(all, { filter, sort, now });
    const model = { listed: this.#listed, filter, sort, now };
    const summary = summaryLine(model, countBySickness(all, now), style);
    const head = [`${summary}  ${clockText(interval, isFrozen, style)}`];
    // The titles are a line of the body.
    this.#height = Math.max(1, bodyHeight(size, head.length) - 1);
    this.#viewport = showSelected(this.#followChosen(), this.#listed.length, this.#height);
    const shown = { viewport: this.#viewport, height: this.#height, width: size.columns };
    return frameLines({ head, body: listLines(model, style, shown), foot: this.#foot() }, size);
  }

  press(key: string): boolean {
    this.note = undefined;
    if (this.#isTyping) return this.#type(key);
    const { selected } = this.#viewport;
    const moved = moveSelection(key, selected, this.#listed.length, this.#height);
    if (moved !== undefined) {
      this.#chosen = this.#listed[moved]?.target;
      this.#viewport = { ...this.#viewport, selected: moved };
      return true;
    }
    switch (key) {
      case Key.Enter:
      case Key.Right: {
        const target = this.#listed[selected]?.target;
        if (target !== undefined) this.#open(target);
        return true;
      }
      case "/":
        this.#isTyping = true;
        return true;
      case "s":
        this.#sort = nextOf(targetSortKeys, this.#sort);
        return true;
      case Key.Escape:
        this.#filter = "";
        this.#chosen = undefined;
        this.#viewport = { offset: 0, selected: 0 };
        return true;
      default:
        return false;
    }
  }

  /** Every character belongs to the filter, also those that are keys elsewhere. */
  #type(key: string): boolean {
    if (key === Key.Enter || key === Key.Escape) {
      this.#isTyping = false;
      if (key === Key.Escape) this.#filter = "";
    } else if (key === Key.Backspace) {
      this.#filter = [...this.#filter].slice(0, -1).join("");
    } else if ([...key].length === 1 && this.#filter.length < LONGEST_FILTER) {
      this.#filter += key;
    }
    this.#chosen = undefined;
    this.#viewport = { offset: 0, selected: 0 };
    return true;
  }

  /** The chosen target may have another place now. */
  #followChosen(): Viewport {
    if (this.#chosen === undefined) return { ...this.#viewport, selected: 0 };
    const index = this.#listed.findIndex(({ target }) => target === this.#chosen);
    return index < 0 ? this.#viewport : { ...this.#viewport, selected: index };
  }

  #foot(): string {
    const style = this.#style;
    if (this.#isTyping) return `${style.heading("/")}${visible(this.#filter)}_`;
    return this.note === undefined ? listKeys(style) : style.warning(visible(this.note));
  }
}

/** The value after another one; after the last, the first. */
export function nextOf<Value>(values: readonly Value[], value: Value): Value {
  return values[(values.indexOf(value) + 1) % values.length] ?? value;
}
