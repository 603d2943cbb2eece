/** Hands one row to the process that prints: a line of JSON. */
export function report(row) {
  process.stdout.write(`${JSON.stringify(row)}\n`);
}

/**
 * Rows of contenders with their ratio to one of them. The ratio is plainly the contender's median
 * through the baseline's: the unit says whether more is better.
 */
export function reportAll(suite, name, unit, medians, baseline) {
  const base = medians.get(baseline);
  for (const [contender, median] of medians) {
    report({ suite, name, contender, median, unit, ratio: median / base });
  }
}

/** Tells how far a suite is, on stderr. */
export function progress(text) {
  process.stderr.write(`  ${text}\n`);
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
