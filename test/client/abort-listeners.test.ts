import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import {
  type Abortable,
  addAbortable,
  NOT_LISTED,
  removeAbortable,
} from "../../src/client/abort-listeners.js";

const member = (abort: (self: Abortable) => void = () => {}) => {
  const self: Abortable = { abortIndex: NOT_LISTED, abort: () => abort(self) };
  return self;
};

describe("abort listeners", () => {
  it("aborts every member, with one listener on the signal", () => {
    const { signal, abort } = controller();
    const aborted: number[] = [];
    for (const id of [1, 2, 3])
      addAbortable(
        signal,
        member(() => aborted.push(id)),
      );
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    abort();
    expect(aborted).toEqual([1, 2, 3]);
  });

  it("leaves out those that were removed, from any position", () => {
    const { signal, abort } = controller();
    const aborted: number[] = [];
    const members = [0, 1, 2, 3].map((id) => member(() => aborted.push(id)));
    for (const each of members) addAbortable(signal, each);
    for (const id of [0, 2, 2]) removeAbortable(signal, members[id]!);
    abort();
    expect(aborted.sort()).toEqual([1, 3]);
  });

  it("reaches all members when they leave as they are aborted", () => {
    const { signal, abort } = controller();
    let count = 0;
    const leaving = (self: Abortable) => {
      count++;
      removeAbortable(signal, self);
    };
    for (let each = 0; each < 5; each++) addAbortable(signal, member(leaving));
    abort();
    expect(count).toBe(5);
  });

  it("leaves no listener behind", () => {
    const { signal } = controller();
    const [one, other] = [member(), member()];
    for (const each of [one, other]) addAbortable(signal, each);
    for (const each of [one, other]) removeAbortable(signal, each);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    addAbortable(signal, one);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
  });
});

function controller() {
  const made = new AbortController();
  return { signal: made.signal, abort: () => made.abort() };
}
