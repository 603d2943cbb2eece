// RESULTS.md: the tables of the last run of each suite; and what is made from it: the chart of README,
// and the list beside it.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { chart, themes } from "./chart.mjs";
import { headlineList, headlines } from "./headlines.mjs";
import { root } from "./package.mjs";
import { renderTable } from "./table.mjs";

const FILE = "bench/RESULTS.md";
const START = "<!-- npm run bench -- --write -->";
const END = "<!-- end -->";
const INTRODUCTION = `# Results

Written by \`npm run bench -- --write\`; [README.md](README.md) says what each row is. Rows of one
suite took turns in one run, so trust the ratios more than the figures. A suite that was not run
again keeps the tables of its last run.
`;

/** Writes the suites of `rows`, and keeps the others. @returns the paths of the files below the root */
export function writeResults(rows) {
  const path = join(root, FILE);
  const sections = existsSync(path) ? readSections(readFileSync(path, "utf8")) : new Map();
  for (const suite of new Set(rows.map((row) => row.suite))) {
    const table = renderTable(rows.filter((row) => row.suite === suite));
    sections.set(suite, `${machine()}\n\n${table}`);
  }
  const texts = [...sections].map(([suite, text]) => `## ${suite}\n\n${text}`);
  const page = [INTRODUCTION, ...texts].join("\n");
  writeFileSync(path, page);
  return [FILE, ...drawResults()];
}

/** Writes what is made from RESULTS.md. @returns the paths of the files below the root */
export function drawResults() {
  const [page, readme] = [FILE, "README.md"].map((name) => readFileSync(join(root, name), "utf8"));
  const files = filesFrom(page, readme);
  for (const [name, text] of files) writeFileSync(join(root, name), text);
  return [...files.keys()];
}

/** What is made from RESULTS.md, by path: the charts, and README with its list. */
export function filesFrom(page, readme) {
  const list = `${START}\n${headlineList(page)}\n${END}`;
  const [before, after] = [readme.indexOf(START), readme.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`README.md has no ${START} … ${END}`);
  const text = readme.slice(0, before) + list + readme.slice(after + END.length);
  const charts = themes.map((theme) => [`docs/bench-${theme}.svg`, chart(headlines(page), theme)]);
  return new Map([...charts, ["README.md", text]]);
}

function readSections(page) {
  const parts = page.split(/^## (.+)\n\n/m).slice(1);
  const sections = new Map();
  for (let at = 0; at < parts.length; at += 2) {
    sections.set(parts[at], `${parts[at + 1].trimEnd()}\n`);
  }
  return sections;
}

/** What the figures depend on besides the code. */
function machine() {
  const processors = cpus();
  const day = new Date().toISOString().slice(0, 10);
  const model = processors[0]?.model.trim() ?? "unknown processor";
  return `${day}, Node ${process.versions.node}, ${processors.length} × ${model}.`;
}
