/** What is told of many numbers. The unit is theirs. */
export interface Statistics {
  readonly count: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly average: number;
  /** The mean of the two in the middle where the count is even. */
  readonly median: number;
}

/** `undefined` for no numbers. */
export function statisticsOf(numbers: readonly number[]): Statistics | undefined {
  const sorted = [...numbers].sort((one, other) => one - other);
  const count = sorted.length;
  if (count === 0) return undefined;
  const middle = count >> 1;
  const upper = sorted[middle]!;
  return {
    count,
    minimum: sorted[0]!,
    maximum: sorted[count - 1]!,
    average: sorted.reduce((sum, number) => sum + number, 0) / count,
    median: count % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2,
  };
}
