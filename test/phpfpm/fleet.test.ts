import { afterAll, beforeAll, expect, it } from "vitest";
import { fleet, type PoolResult } from "../../src/phpfpm/status.js";
import { describeWith } from "../harness/describe-with.js";
import { silent, startFakeServer } from "../harness/fake-server.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { countOpenSockets } from "../harness/processes.js";
import { until } from "../harness/server-process.js";

describeWith(["php-fpm"], "a fleet of real pools", () => {
  const names = ["a", "b", "c", "d"];
  let fpm: PhpFpm;
  beforeAll(async () => {
    fpm = await startPhpFpm({
      pools: names.map((name) => ({ name, pm: "static", maxChildren: 2, listen: "unix" })),
    });
  });
  afterAll(() => fpm.stop());

  function* targets(most: number, dead: string): Iterable<string> {
    for (let index = 0; index < most; index++) {
      if (index % 20 === 0) yield dead;
      else yield fpm.pool(names[index % names.length]!).address;
    }
  }

  it("reads 2,000 targets over 4 pools, and reports the dead ones", async () => {
    const sockets = countOpenSockets();
    const counts = { ok: 0, missing: 0 };
    for await (const result of fleet(targets(2_000, `unix:${fpm.folder}/no.sock`))) {
      if (result.ok) {
        counts.ok++;
        expect(names).toContain(result.value.pool);
      } else {
        counts.missing++;
        expect(result.error.code).toBe("socket_missing");
      }
    }
    expect(counts).toEqual({ ok: 1_900, missing: 100 });
    await until(
      () => countOpenSockets() <= sockets,
      () => "sockets are still open",
    );
  });

  it("is not held up by targets that accept and send nothing", async () => {
    await using dumb = await startFakeServer(silent);
    const results: PoolResult[] = [];
    const options = { timeout: 200, concurrency: 32 };
    for await (const result of fleet(targets(200, dumb.address), options)) results.push(result);
    const silentOnes = results.filter((result) => !result.ok);
    expect(silentOnes).toHaveLength(10);
    for (const result of silentOnes) {
      expect(result).toMatchObject({ target: dumb.address, error: { code: "deadline" } });
    }
    await dumb.allClosed(3_000);
  });

  it("frees every socket when it is cancelled", async () => {
    await using dumb = await startFakeServer(silent);
    const sockets = countOpenSockets();
    const abort = new AbortController();
    const endless = (function* () {
      while (true) yield dumb.address;
    })();
    setTimeout(() => abort.abort(), 100);
    const options = { signal: abort.signal, concurrency: 50, timeout: 10_000 };
    for await (const result of fleet(endless, options)) {
      expect(result).toMatchObject({ ok: false, error: { code: "aborted" } });
    }
    await dumb.allClosed(3_000);
    await until(
      () => countOpenSockets() <= sockets,
      () => "sockets are still open",
    );
  });
});
