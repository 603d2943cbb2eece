import { describe, expect, it } from "vitest";
import { Connections, type ListedConnection } from "../../src/server/connections.js";

/** A connection that closes when it is drained, unless it is busy. */
class FakeConnection implements ListedConnection {
  index = 0;
  drained = 0;
  readonly #list: Connections<FakeConnection>;
  readonly #isBusy: boolean;

  constructor(list: Connections<FakeConnection>, isBusy = false) {
    this.#list = list;
    this.#isBusy = isBusy;
    list.add(this);
  }

  drain(): void {
    this.drained += 1;
    if (!this.#isBusy) this.destroy();
  }

  destroy(): void {
    this.#list.delete(this);
  }
}

describe("the open connections of a server", () => {
  it("are counted, whichever leaves first", () => {
    const list = new Connections<FakeConnection>();
    const [first, second, third] = [1, 2, 3].map(() => new FakeConnection(list));
    for (const [connection, left] of [
      [first, 2],
      [third, 1],
      [second, 0],
    ] as const) {
      connection?.destroy();
      expect(list.size).toBe(left);
    }
  });

  it("are all drained, each once, even those that close at once", async () => {
    const list = new Connections<FakeConnection>();
    const connections = [1, 2, 3].map(() => new FakeConnection(list));
    await list.drain(Number.POSITIVE_INFINITY);
    expect(connections.map(({ drained }) => drained)).toEqual([1, 1, 1]);
    expect(list.size).toBe(0);
  });

  it("are waited for until the last has closed", async () => {
    const list = new Connections<FakeConnection>();
    const busy = new FakeConnection(list, true);
    let isDrained = false;
    const drained = list.drain(Number.POSITIVE_INFINITY).then(() => {
      isDrained = true;
    });
    await Promise.resolve();
    expect([isDrained, busy.drained]).toEqual([false, 1]);
    busy.destroy();
    await drained;
    expect(isDrained).toBe(true);
  });

  it("are cut at the limit", async () => {
    const list = new Connections<FakeConnection>();
    for (let count = 0; count < 3; count++) new FakeConnection(list, true);
    await list.drain(0);
    expect(list.size).toBe(0);
  });

  it("are drained as they are accepted while the server closes", async () => {
    const list = new Connections<FakeConnection>();
    const busy = new FakeConnection(list, true);
    const drained = list.drain(Number.POSITIVE_INFINITY);
    expect(new FakeConnection(list).drained).toBe(1);
    busy.destroy();
    await drained;
  });
});

describe("a list without connections", () => {
  it("is drained at once", async () => {
    await expect(new Connections().drain(Number.POSITIVE_INFINITY)).resolves.toBeUndefined();
  });
});
