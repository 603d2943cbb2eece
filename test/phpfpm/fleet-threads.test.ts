import { fleet } from "fcgi-probe";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PoolResult } from "../../src/phpfpm/status.js";
import { describeWith } from "../harness/describe-with.js";
import { silent, startFakeServer } from "../harness/fake-server.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";

/** The threads run the package as it is built. */
async function all(targets: Iterable<string>, options: Parameters<typeof fleet>[1]) {
  const results: PoolResult[] = [];
  for await (const result of fleet(targets, options)) results.push(result as PoolResult);
  return results;
}

describeWith(["php-fpm"], "a fleet on threads", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    const names = ["a", "b", "c", "d"];
    fpm = await startPhpFpm({
      pools: names.map((name) => ({ name, pm: "static", maxChildren: 2, listen: "unix" })),
    });
  });
  afterAll(() => fpm.stop());

  function targets(most: number): string[] {
    const kinds = [
      ...fpm.pools.map(({ address }) => address),
      `unix:${fpm.folder}/no.sock:/status`,
      `${fpm.pools[0]!.bareAddress}:/nowhere`,
      "no address",
    ];
    return Array.from({ length: most }, (_, index) => kinds[index % kinds.length]!);
  }

  /** What does not change from one reading to the next. */
  const shown = (results: readonly PoolResult[]) =>
    results
      .map((result) => {
        if (!result.ok) {
          const { code, message, hint, address } = result.error;
          return JSON.stringify({ target: result.target, code, message, hint, address });
        }
        const { pool, processManager, startTime, totalProcesses, processes } = result.value;
        const texts = processes?.map(({ pid, startTime }) => [pid, startTime]);
        const { target } = result;
        return JSON.stringify({ target, pool, processManager, startTime, totalProcesses, texts });
      })
      .sort();

  it.each([false, true])("has the results of a fleet without threads (full: %s)", async (full) => {
    const without = await all(targets(140), { full });
    const results = await all(targets(140), { full, threads: 2, concurrency: 16 });
    expect(results).toHaveLength(140);
    expect(shown(results)).toEqual(shown(without));
  });

  it("ends when its signal aborts, and when its loop is left", async () => {
    await using dumb = await startFakeServer(silent);
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 300);
    const options = { threads: 2, concurrency: 4, signal: abort.signal };
    const results = await all(Array<string>(100).fill(dumb.address), options);
    expect(results).toHaveLength(4);
    for (const result of results) expect(result).toMatchObject({ error: { code: "aborted" } });
    const mixed = [dumb.address, fpm.pools[0]!.address, dumb.address];
    for await (const { ok } of fleet(mixed, { threads: 1 })) {
      expect(ok).toBe(true);
      break;
    }
    await dumb.allClosed(3_000);
  });

  it("reports a deadline by the target, in time", async () => {
    await using dumb = await startFakeServer(silent);
    const results = await all([dumb.address], { threads: 1, timeout: 200 });
    expect(results).toMatchObject([{ target: dumb.address, error: { code: "deadline" } }]);
  });

  it("takes no more targets than its concurrency while its results are not read", async () => {
    let taken = 0;
    function* counted() {
      for (const target of targets(1_000)) {
        taken++;
        yield target;
      }
    }
    const results = fleet(counted(), { threads: 2, concurrency: 10 });
    await results.next();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(taken).toBeLessThanOrEqual(12);
    await results.return();
  });
});

describe("the threads of a fleet", () => {
  it.each([-1, 1.5, 257, Number.NaN])("are refused if they are %d", (threads) => {
    expect(() => fleet([], { threads })).toThrow(expect.objectContaining({ code: "bad_input" }));
  });
});
