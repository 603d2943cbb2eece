/** The {@link Abortable.abortIndex} of what no signal aborts. */
export const NOT_LISTED = -1;

/** What the abort of a signal ends. */
export interface Abortable {
  /** Its position among those that one signal aborts. This file sets it. */
  abortIndex: number;
  abort(): void;
}

interface Members {
  readonly list: Abortable[];
  readonly listener: () => void;
}

const membersOf = new WeakMap<AbortSignal, Members>();

/**
 * Calls `member.abort()` when the signal aborts, until {@link removeAbortable}. However many members
 * a signal has, it has one listener.
 *
 * With a listener each, Node keeps them in a linked list, and a removed one still refers to the next:
 * once one of them is in the old generation, minor collections free none of those after it, nor the
 * requests that they refer to. That took a fifth of the CPU of a fleet (Node 20, 16 requests at once).
 */
export function addAbortable(signal: AbortSignal, member: Abortable): void {
  let members = membersOf.get(signal);
  if (members === undefined) {
    const list: Abortable[] = [];
    // A copy: what is aborted leaves the list.
    members = { list, listener: () => [...list].forEach((each) => void each.abort()) };
    membersOf.set(signal, members);
  }
  const { list, listener } = members;
  if (list.length === 0) signal.addEventListener("abort", listener);
  member.abortIndex = list.length;
  list.push(member);
}

/** Undoes {@link addAbortable}. May be called again. */
export function removeAbortable(signal: AbortSignal, member: Abortable): void {
  if (member.abortIndex === NOT_LISTED) return;
  const { list, listener } = membersOf.get(signal) as Members;
  const last = list.pop()!;
  if (last !== member) {
    list[member.abortIndex] = last;
    last.abortIndex = member.abortIndex;
  }
  member.abortIndex = NOT_LISTED;
  if (list.length === 0) signal.removeEventListener("abort", listener);
}
