/** The rows as Markdown: a table a suite, ready to be pasted. */
export function renderTables(rows) {
  const suites = new Map();
  for (const row of rows) {
    if (!suites.has(row.suite)) suites.set(row.suite, []);
    suites.get(row.suite).push(row);
  }
  return [...suites].map(([suite, rows]) => renderTable(suite, rows)).join("\n");
}

function renderTable(suite, rows) {
  const lines = [["what", "contender", "median", "unit", "ratio"]];
  let last = "";
  for (const { name, contender, median, unit, ratio } of rows) {
    lines.push([name === last ? "" : name, contender, number(median), unit, ratio.toFixed(2)]);
    last = name;
  }
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const isNumber = [false, false, true, false, true];
  const pad = (cell, column) =>
    isNumber[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column]);
  const text = lines.map((line) => `| ${line.map(pad).join(" | ")} |`);
  const rule = widths.map((width, column) =>
    isNumber[column] ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  text.splice(1, 0, `| ${rule.join(" | ")} |`);
  return `## ${suite}\n\n${text.join("\n")}\n`;
}

/** Three figures, and thousands apart. */
function number(value) {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}
