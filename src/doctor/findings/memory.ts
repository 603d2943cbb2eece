import type { Evidence } from "../evidence.js";
import { FindingSeverity, placeOf, type Rule } from "../finding.js";
import { many, sizeText } from "../words.js";

/** How many workers fit into memory. */
export interface Room {
  /** Bytes that the workers may use, what they use now included. */
  readonly bytes: number;
  /** What limits them, for messages. */
  readonly limit: string;
  readonly average: number;
  readonly largest: number;
  /** Workers that were measured. */
  readonly measured: number;
  /** Workers of the average size that fit. */
  readonly workers: number;
}

/** `undefined` where the workers or the memory could not be measured. */
export function roomOf({ workers, memory }: Evidence): Room | undefined {
  const sizes = (workers ?? []).flatMap(({ privateBytes }) => privateBytes ?? []);
  if (memory === undefined || sizes.length === 0) return undefined;
  const used = sizes.reduce((sum, bytes) => sum + bytes, 0);
  const { available, group } = memory;
  const free = group === undefined ? Infinity : Math.max(0, group.limit - group.used);
  const isGroup = group !== undefined && free < available;
  const bytes = (isGroup ? free : available) + used;
  const average = used / sizes.length;
  return {
    bytes,
    limit: isGroup
      ? `of the limit of ${sizeText(group.limit)} of cgroup ${group.path}, ${sizeText(free)} are free`
      : `MemAvailable is ${sizeText(available)}`,
    average,
    largest: Math.max(...sizes),
    measured: sizes.length,
    workers: Math.floor(bytes / average),
  };
}

/** More workers than memory holds: the kernel kills one, or swaps, when they are all started. */
export const memoryRule: Rule = {
  codes: {
    memory_overcommit: "pm.max_children workers need more memory than there is.",
  },
  find: (evidence) => {
    const { maxChildren } = evidence.configuration ?? {};
    const room = roomOf(evidence);
    if (room === undefined || maxChildren === undefined) return [];
    const { average, largest, bytes, measured } = room;
    if (maxChildren * largest <= bytes) return [];
    const isSure = maxChildren * average > bytes;
    const each = isSure ? average : largest;
    return [
      {
        code: "memory_overcommit",
        severity: isSure ? FindingSeverity.Critical : FindingSeverity.Warning,
        title: `memory for ${room.workers} workers, and pm.max_children is ${maxChildren}: they would need ${sizeText(maxChildren * each)} of ${sizeText(bytes)}`,
        evidence: [
          `${many(measured, "worker has", "workers have")} ${sizeText(average)} of private memory on average, ${sizeText(largest)} at the most (smaps_rollup)`,
          `${room.limit}; the workers use ${sizeText(average * measured)} now`,
        ],
        change: `lower pm.max_children to ${Math.max(1, Math.floor(bytes / largest))}, or memory_limit, or add memory`,
        ...placeOf(evidence, "pm.max_children"),
      },
    ];
  },
};
