import type { PageDetail, PageState, PageTarget } from "../page-data.js";
import { detailPanel } from "./detail.js";
import { byId, element, setText } from "./dom.js";
import { TargetHistory } from "./history.js";
import { TargetRow } from "./row.js";

/** Milliseconds from one round to the next, and until a round is given up. */
const INTERVAL = 2_000;
const PATIENCE = 15_000;

interface Shown {
  target: PageTarget;
  readonly row: TargetRow;
  readonly history: TargetHistory;
}

const list = byId<HTMLUListElement>("targets");
const filter = byId<HTMLInputElement>("filter");
/** By address, in the order of the list. */
let shown = new Map<string, Shown>();
let opened: string | undefined;

/** Asks for JSON. The exporter reads its targets for it. */
async function ask<Answer>(path: string): Promise<Answer> {
  const response = await fetch(path, { signal: AbortSignal.timeout(PATIENCE) });
  if (!response.ok) throw new Error(`the exporter answered ${response.status}`);
  return (await response.json()) as Answer;
}

/** Reads and shows, as long as the page is visible. */
async function run(): Promise<void> {
  for (;;) {
    const started = Date.now();
    if (document.visibilityState === "visible") await round();
    await wait(Math.max(200, INTERVAL - (Date.now() - started)));
  }
}

async function round(): Promise<void> {
  const failure = byId("failure");
  try {
    show(await ask<PageState>("-/page/targets"));
    if (opened !== undefined) await showDetail(opened);
    failure.hidden = true;
  } catch (error) {
    setText(failure, `No answer from the exporter: ${error instanceof Error ? error.message : ""}`);
    failure.hidden = false;
  }
  document.body.classList.toggle("stale", !failure.hidden);
}

function show({ time, links, targets }: PageState): void {
  const next = new Map<string, Shown>();
  for (const target of targets) {
    const { address } = target;
    const entry = shown.get(address) ?? {
      target,
      row: new TargetRow(() => toggle(address)),
      history: new TargetHistory(),
    };
    entry.target = target;
    entry.history.add(target, time);
    entry.row.update(target, entry.history);
    next.set(address, entry);
  }
  for (const [address, { row }] of shown) if (!next.has(address)) row.item.remove();
  shown = next;
  order();
  summarize(targets);
  showLinks(links);
  applyFilter();
}

function showLinks(paths: readonly string[]): void {
  const links = byId("links");
  if (links.childElementCount === paths.length) return;
  links.replaceChildren(
    ...paths.map((path) => {
      const link = element("a", "", `/${path}`);
      link.href = path;
      return link;
    }),
  );
}

/** Puts the rows in order. Rows that are in their place are not touched: they may have the focus. */
function order(): void {
  let place = list.firstElementChild;
  for (const { row } of shown.values()) {
    if (place === row.item) place = place.nextElementSibling;
    else list.insertBefore(row.item, place);
  }
}

function summarize(targets: readonly PageTarget[]): void {
  const counts = new Map<string, number>();
  for (const { word } of targets) counts.set(word, (counts.get(word) ?? 0) + 1);
  counts.delete("ok");
  const parts = [
    `${targets.length} ${targets.length === 1 ? "target" : "targets"}`,
    ...[...counts].map(([word, count]) => `${count} ${word}`),
  ];
  const text = parts.length === 1 ? `${parts[0]}, all fine` : parts.join(", ");
  setText(byId("summary"), text);
  const bad = targets.filter(({ level }) => level === "down" || level === "sick").length;
  document.title = bad === 0 ? "fcgi-probe" : `(${bad}) fcgi-probe`;
}

function applyFilter(): void {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let matches = 0;
  for (const { row } of shown.values()) {
    const isShown = row.matches(words);
    row.item.hidden = !isShown;
    if (isShown) matches++;
  }
  byId("empty").hidden = matches > 0;
}

function toggle(address: string): void {
  const before = opened;
  if (before !== undefined) shown.get(before)?.row.close();
  opened = before === address ? undefined : address;
  if (opened === undefined) return;
  shown.get(opened)?.row.open(element("div", "detail", "reading…"));
  showDetail(opened).catch((error: unknown) => {
    shown.get(address)?.row.open(element("div", "detail", String(error)));
  });
}

async function showDetail(address: string): Promise<void> {
  const detail = await ask<PageDetail>(`-/page/target?address=${encodeURIComponent(address)}`);
  if (opened === address) shown.get(address)?.row.open(detailPanel(detail));
}

/** The buttons of the rows that the filter lets through. */
function buttons(): HTMLButtonElement[] {
  return [...shown.values()].filter(({ row }) => !row.item.hidden).map(({ row }) => row.button);
}

function move(step: (index: number, last: number) => number): void {
  const all = buttons();
  const index = all.indexOf(document.activeElement as HTMLButtonElement);
  all[Math.max(0, Math.min(all.length - 1, step(index, all.length - 1)))]?.focus();
}

const keys: Readonly<Record<string, () => void>> = {
  "/": () => filter.focus(),
  j: () => move((index) => index + 1),
  ArrowDown: () => move((index) => index + 1),
  k: () => move((index) => index - 1),
  ArrowUp: () => move((index) => index - 1),
  Home: () => move(() => 0),
  End: () => move((_, last) => last),
};

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if (opened !== undefined) toggle(opened);
    else if (filter.value !== "") {
      filter.value = "";
      applyFilter();
    } else filter.blur();
    return;
  }
  const isTyping = document.activeElement === filter;
  if (isTyping && !event.key.startsWith("Arrow")) return;
  const act = keys[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

document.addEventListener("keydown", onKey);
filter.addEventListener("input", applyFilter);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") void round();
});
void run();
