// RESULTS.md: the tables of the last run of each suite.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { root } from "./package.mjs";
import { renderTable } from "./table.mjs";

const FILE = join("bench", "RESULTS.md");
const INTRODUCTION = `# Results

Written by \`npm run bench -- --write\`; [README.md](README.md) says what each row is. Rows of one
suite took turns in one run, so trust the ratios more than the figures. A suite that was not run
again keeps the tables of its last run.
`;

/** Writes the suites of `rows`, and keeps the others. @returns the file's path below the root */
export function writeResults(rows) {
  const path = join(root, FILE);
  const sections = existsSync(path) ? readSections(readFileSync(path, "utf8")) : new Map();
  for (const suite of new Set(rows.map((row) => row.suite))) {
    const table = renderTable(rows.filter((row) => row.suite === suite));
    sections.set(suite, `${machine()}\n\n${table}`);
  }
  const texts = [...sections].map(([suite, text]) => `## ${suite}\n\n${text}`);
  writeFileSync(path, [INTRODUCTION, ...texts].join("\n"));
  return FILE;
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
