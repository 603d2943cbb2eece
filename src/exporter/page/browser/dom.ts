/** Makes an element. Texts are set as text, so nothing that a pool says becomes markup. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children.map((child) => (typeof child === "string" ? readable(child) : child)));
  return made;
}

/** The element with an id, which the page has. */
export function byId<Made extends HTMLElement>(id: string): Made {
  return document.getElementById(id) as Made;
}

/** Sets the text of an element, if it has changed: setting it costs a layout. */
export function setText(of: Element, text: string): void {
  const shown = readable(text);
  if (of.textContent !== shown) of.textContent = shown;
}

/** Shows control characters, and those that turn the direction of a line, as U+FFFD. */
function readable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

const SVG = "http://www.w3.org/2000/svg";

/** An empty chart, 60 wide and 1 high. */
export function sparkline(): SVGSVGElement {
  const chart = document.createElementNS(SVG, "svg");
  chart.setAttribute("class", "spark");
  chart.setAttribute("viewBox", "0 0 60 1");
  chart.setAttribute("preserveAspectRatio", "none");
  chart.setAttribute("aria-hidden", "true");
  chart.append(document.createElementNS(SVG, "polyline"));
  return chart;
}

/** Draws values from 0 to 1, the last one at the right. */
export function draw(chart: SVGSVGElement, values: readonly number[]): void {
  const first = 60 - values.length;
  const points = values.map((value, index) => `${first + index},${(1 - value).toFixed(3)}`);
  chart.firstElementChild?.setAttribute("points", points.join(" "));
}
