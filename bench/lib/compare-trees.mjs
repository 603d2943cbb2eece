// `--against`: compares this tree with another checkout of the project, such as an older commit.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { median } from "./report.mjs";
import { alignTable } from "./table.mjs";

/** The longest output of a suite, in bytes. */
const MOST_OUTPUT = 64 * 1024 * 1024;

/**
 * Runs the suites of both trees in turns, `rounds` times.
 *
 * @returns a table of the rows that both have: the median of each and their ratio
 */
export async function compareTrees(folder, suites, rounds, runHere) {
  const [here, there] = [new Map(), new Map()];
  for (let round = 0; round < rounds; round++) {
    for (const suite of suites) {
      const turns = [
        async () => collect(here, await runHere([suite])),
        async () => collect(there, runThere(folder, suite)),
      ];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
    }
  }
  const lines = [["suite", "what", "contender", "there", "here", "unit", "here ÷ there"]];
  for (const [key, { row, values }] of here) {
    const before = there.get(key);
    if (before === undefined) continue;
    const [old, now] = [median(before.values), median(values)];
    const cells = [old.toPrecision(4), now.toPrecision(4), row.unit, (now / old).toFixed(3)];
    lines.push([row.suite, row.name, row.contender, ...cells]);
  }
  return alignTable(lines, [3, 4, 6]);
}

function collect(table, rows) {
  for (const row of rows) {
    const key = JSON.stringify([row.suite, row.name, row.contender]);
    const entry = table.get(key) ?? { row, values: [] };
    entry.values.push(row.median);
    table.set(key, entry);
  }
}

function runThere(folder, suite) {
  const args = [join("bench", "run.mjs"), "--json", "--suite", suite];
  const { status, stdout } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: MOST_OUTPUT,
  });
  if (status !== 0) throw new Error(`the benchmark in ${folder} ended with code ${status}`);
  return JSON.parse(stdout);
}
