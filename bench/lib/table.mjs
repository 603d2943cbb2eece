/** The rows as Markdown: a heading and a table for each suite. */
export function renderTables(rows) {
  const suites = new Set(rows.map((row) => row.suite));
  return [...suites]
    .map((suite) => `## ${suite}\n\n${renderTable(rows.filter((row) => row.suite === suite))}`)
    .join("\n");
}

/** The rows of one suite as a Markdown table. Only the first row of a job has its
 * name, and a row that is compared with nothing has no ratio. */
export function renderTable(rows) {
  const lines = [["what", "contender", "median", "unit", "ratio"]];
  let last = "";
  for (const { name, contender, median, unit, ratio } of rows) {
    const title = name === last ? "" : name;
    lines.push([title, contender, number(median), unit, ratio?.toFixed(2) ?? ""]);
    last = name;
  }
  return alignTable(lines, [2, 4]);
}

/** Lines of cells, the heading first, as a Markdown table; `numbers` are columns of numbers. */
export function alignTable(lines, numbers) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const pad = (cell, column) =>
    numbers.includes(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]);
  const text = lines.map((line) => `| ${line.map(pad).join(" | ")} |`);
  const rule = widths.map((width, column) =>
    numbers.includes(column) ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  text.splice(1, 0, `| ${rule.join(" | ")} |`);
  return `${text.join("\n")}\n`;
}

/** Three significant figures, with thousands separators. */
function number(value) {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}
