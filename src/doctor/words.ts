import { WaitKind, type WorkerEvidence, type WorkerWait } from "./evidence.js";

/** A time for people: `0.4 s`, `12 s`, `3 min`, `2 h`, `4 d`. */
export function durationText(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3_600)} h`
    : `${Math.round(seconds / 86_400)} d`;
}

/** A moment for people, in the local time of this machine: `2024-05-03 14:07:31`. */
export function momentText(milliseconds: number): string {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return "an unknown time";
  const local = new Date(milliseconds - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace("T", " ");
}

/** A size for people, in powers of 1,024. */
export function sizeText(bytes: number): string {
  const units = ["B", "K", "M", "G", "T"];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_024;
    unit++;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** A count with its noun: `1 client waits`, `2 clients wait`. */
export function many(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`;
}

/** The median of some numbers; `undefined` of none. */
export function middle(numbers: readonly number[]): number | undefined {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)];
}

/** The median of some times. */
export function medianText(seconds: readonly number[]): string {
  return durationText(middle(seconds) ?? 0);
}

const texts: Readonly<Record<WaitKind, string>> = {
  client: "wait for their clients to send or to close",
  answer: "wait for their clients to read the answer",
  connection: "wait for",
  lock: "wait for a lock of",
  file: "wait for the file",
  sleep: "sleep: the script calls sleep() or usleep()",
  child: "wait for a program that they started",
  disk: "wait for the disk",
  cpu: "compute",
  other: "wait in the kernel, in",
};

function waitText({ kind, on }: WorkerWait): string {
  if (kind === WaitKind.Other && on === undefined) return "wait in the kernel";
  return on === undefined ? texts[kind] : `${texts[kind]} ${on}`;
}

/** What busy workers do, the most common first: `3 of 4 workers wait for 127.0.0.1:3306`. */
export function waitLines(busy: readonly WorkerEvidence[]): string[] {
  return groups(busy, ({ wait }) => wait && waitText(wait))
    .slice(0, 4)
    .map(
      ({ name, members }) =>
        `${members.length} of ${many(busy.length, "busy worker", "busy workers")} ${name}`,
    );
}

/** Groups by a name, the largest first. What has no name is left out. */
export function groups<Item>(
  items: readonly Item[],
  nameOf: (item: Item) => string | undefined,
): { name: string; members: Item[] }[] {
  const byName = new Map<string, Item[]>();
  for (const item of items) {
    const name = nameOf(item);
    if (name === undefined) continue;
    const members = byName.get(name);
    if (members === undefined) byName.set(name, [item]);
    else members.push(item);
  }
  return [...byName]
    .map(([name, members]) => ({ name, members }))
    .sort((one, other) => other.members.length - one.members.length);
}
