import { Key } from "../../terminal/keys.js";
import type { Style } from "../../terminal/style.js";
import { bodyHeight, frameLines, keyHints, type Size } from "./frame.js";
import type { TopPage } from "./top-page.js";

const keys: readonly (readonly [key: string, does: string])[] = [
  ["arrows, page up/down", "move"],
  ["home, end", "first, last"],
  ["enter", "open a pool or an httpd"],
  ["escape", "back; end a filter"],
  ["/", "show only what contains a text"],
  ["s", "sort by the next value"],
  ["r", "in a pool: only running requests"],
  ["w", "in a pool: cut no line; left and right show the ends"],
  ["k", "in an httpd: kill a worker, asks first"],
  ["f", "freeze, and go on"],
  ["ctrl-l", "paint again"],
  ["q, ctrl-c", "quit"],
];

const notes = `
The sickest come first: what cannot be read, then where clients wait, then
where every worker is busy, then what is slow or held by silent clients, then
what runs without a status page.
QUEUE counts the clients that no worker has accepted, by the kernel.
REQ/S, SLOW/S and MAXED/S are the requests, the slow requests, and how often
pm.max_children was reached, a second between the last two pages. Requests for
the pages themselves are not counted.`;

/** The keys, and what the columns mean. */
export class HelpPage implements TopPage {
  readonly #style: Style;
  #offset = 0;

  constructor(style: Style) {
    this.#style = style;
  }

  lines(size: Size): string[] {
    const style = this.#style;
    const width = Math.max(...keys.map(([key]) => key.length));
    const body = [
      ...keys.map(([key, does]) => `${style.heading(key.padEnd(width))}  ${does}`),
      ...notes.split("\n"),
    ];
    this.#offset = Math.max(0, Math.min(this.#offset, body.length - bodyHeight(size, 1)));
    const parts = {
      head: [style.heading("Keys")],
      body: body.slice(this.#offset),
      foot: keyHints([["escape", "back"]], style),
    };
    return frameLines(parts, size);
  }

  press(key: string): boolean {
    if (key === Key.Down || key === Key.PageDown) this.#offset++;
    else if (key === Key.Up || key === Key.PageUp) this.#offset = Math.max(0, this.#offset - 1);
    else return key === "?";
    return true;
  }
}
