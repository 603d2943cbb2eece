import type { PageDetail, PageProcess } from "../page-data.js";
import { element } from "./dom.js";

/** The panel of a target: its map, and its processes, grouped by script. */
export function detailPanel({ target, processes }: PageDetail): HTMLElement {
  const panel = element("div", "detail");
  if (target.map) panel.append(element("p", "map", target.map));
  const busy = processes.filter(({ isBusy }) => isBusy);
  if (busy.length > 0) panel.append(scriptTable(busy));
  if (processes.length > 0) panel.append(processTable(processes));
  if (panel.childElementCount === 0) panel.append(element("p", "", "Nothing more is known."));
  return panel;
}

function scriptTable(busy: readonly PageProcess[]): HTMLTableElement {
  const groups = new Map<string, PageProcess[]>();
  for (const process of busy) {
    const group = groups.get(process.script);
    if (group === undefined) groups.set(process.script, [process]);
    else group.push(process);
  }
  const rows = [...groups].sort(([, one], [, other]) => other.length - one.length);
  return table(
    `${busy.length} running, by script`,
    ["running", "oldest", "script"],
    rows.map(([script, group]) => [
      number(group.length),
      number(seconds(Math.max(...group.map(({ duration = 0 }) => duration)))),
      script,
    ]),
  );
}

function processTable(processes: readonly PageProcess[]): HTMLTableElement {
  return table(
    "processes, the longest request first",
    ["pid", "state", "time", "requests", "memory", "request", "script"],
    processes.map((process) => [
      number(process.pid),
      process.state,
      number(process.duration === undefined ? "" : seconds(process.duration)),
      number(process.requests),
      number(process.memory === undefined ? "" : `${(process.memory / 2 ** 20).toFixed(1)} MB`),
      process.method === "-" ? "" : `${process.method} ${process.uri}`,
      process.script === "-" ? "" : process.script,
    ]),
  );
}

type Cell = string | { readonly number: string };
const number = (value: number | string): Cell => ({ number: `${value}` });

function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
): HTMLTableElement {
  const isNumber = (index: number) => typeof rows[0]?.[index] === "object";
  const head = element(
    "tr",
    "",
    ...heads.map((text, index) => element("th", isNumber(index) ? "number" : "", text)),
  );
  const body = rows.map((cells) =>
    element(
      "tr",
      "",
      ...cells.map((cell) =>
        typeof cell === "string" ? element("td", "", cell) : element("td", "number", cell.number),
      ),
    ),
  );
  return element(
    "table",
    "",
    element("caption", "", caption),
    element("thead", "", head),
    element("tbody", "", ...body),
  );
}

function seconds(milliseconds: number): string {
  return milliseconds < 10_000
    ? `${Math.round(milliseconds)} ms`
    : `${Math.round(milliseconds / 1_000)} s`;
}
