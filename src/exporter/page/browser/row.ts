import type { PageTarget } from "../page-data.js";
import { draw, element, setText, sparkline } from "./dom.js";
import type { TargetHistory } from "./history.js";

/** A target in the list: a button that opens its panel. It is made once and updated. */
export class TargetRow {
  readonly item: HTMLLIElement;
  readonly button: HTMLButtonElement;
  readonly #name = element("span", "name");
  readonly #badge = element("span", "badge");
  readonly #address = element("span", "address");
  readonly #labels = element("span", "labels");
  readonly #busy = cell("busy");
  readonly #idle = cell("idle");
  readonly #queue = cell("queue");
  readonly #rate = cell("req/s");
  readonly #chart = sparkline();
  readonly #map = element("span", "map");
  readonly #problems = element("span", "problems");
  #panel: HTMLElement | undefined;
  /** What the filter looks at. */
  #text = "";

  constructor(onToggle: () => void) {
    const title = element("span", "title", this.#name, this.#badge, this.#address, this.#labels);
    this.button = element("button", "row");
    this.button.append(
      ...[title, this.#busy, this.#idle, this.#queue, this.#rate],
      ...[this.#chart, this.#map, this.#problems],
    );
    this.button.type = "button";
    this.button.setAttribute("aria-expanded", "false");
    this.button.addEventListener("click", onToggle);
    this.item = element("li", "", this.button);
  }

  update(target: PageTarget, history: TargetHistory): void {
    const { level, word, name, address, labels, problems, hint, kind } = target;
    if (!this.button.classList.contains(level)) this.button.className = `row ${level}`;
    setText(this.#name, name === "" ? "(unknown)" : name);
    setText(this.#badge, word);
    setText(this.#address, address);
    const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
    setText(this.#labels, pairs.join(" "));
    setText(this.#busy, of(target.busy, target.limit));
    setText(this.#idle, of(target.idle));
    setText(this.#queue, of(target.queue, target.queueLimit));
    setText(this.#rate, history.rate === undefined ? "" : history.rate.toFixed(1));
    setText(this.#map, target.map ?? "");
    const help = hint === undefined ? [] : [`hint: ${hint}`];
    setText(this.#problems, [...problems, ...help].join(" · "));
    this.#text = [name, address, kind, level, word, ...pairs, ...problems].join("\n").toLowerCase();
    draw(this.#chart, history.busy);
  }

  /** Whether every word is somewhere in the target's name, address, labels or problems. */
  matches(words: readonly string[]): boolean {
    return words.every((word) => this.#text.includes(word));
  }

  /** Shows a panel below the row, in place of the one that is there. */
  open(panel: HTMLElement): void {
    if (this.#panel === undefined) this.item.append(panel);
    else this.#panel.replaceWith(panel);
    this.#panel = panel;
    this.button.setAttribute("aria-expanded", "true");
  }

  close(): void {
    this.#panel?.remove();
    this.#panel = undefined;
    this.button.setAttribute("aria-expanded", "false");
  }
}

function cell(label: string): HTMLElement {
  const made = element("span", "number");
  made.dataset["label"] = label;
  return made;
}

function of(value: number | undefined, limit?: number | undefined): string {
  if (value === undefined) return "";
  return limit === undefined ? `${value}` : `${value}/${limit}`;
}
