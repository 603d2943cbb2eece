/** Passes one row to the process that prints it: a line of JSON. */
export function report(row) {
  process.stdout.write(`${JSON.stringify(row)}\n`);
}

/**
 * The rows of contenders with their ratio to one of them. The ratio is the contender's median
 * divided by the baseline's; the unit says whether more is better.
 */
export function reportAll(suite, name, unit, medians, baseline) {
  const base = medians.get(baseline);
  for (const [contender, median] of medians) {
    report({ suite, name, contender, median, unit, ratio: median / base });
  }
}

/** Writes the progress of a suite to standard error. */
export function progress(text) {
  process.stderr.write(`  ${text}\n`);
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
