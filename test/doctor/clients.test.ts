import { expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { ask, connectMany, examineOne, findingOf, startPools, untilQueued } from "./sick-pool.js";

const pool = { name: "www", pm: "static", maxChildren: 2 } as const;

describeWith(["php-fpm"], "doctor, of workers that clients hold", () => {
  it("finds clients that send nothing, where the pool does not answer", async () => {
    const fpm = await startPools({ pools: [{ ...pool, listen: "tcp" }] });
    await connectMany(fpm.pool("www"), 20);
    await untilQueued(fpm.pool("www"), 18);
    const found = await examineOne(fpm, fpm.pool("www").address);
    const { title, evidence, severity } = findingOf(found, "silent_clients");
    expect(severity).toBe("critical");
    expect(title).toMatch(
      /^held by silent clients: 2 of 2 workers wait for their client to send or to close, \d+ clients wait$/,
    );
    expect(evidence).toContain("2 of the connections come from 127.0.0.1");
    expect(found.findings.map(({ code }) => code)).not.toContain("saturated_slow");
  });

  it("finds clients that do not read their answers", async () => {
    const fpm = await startPools({ pools: [{ ...pool, listen: "unix" }] });
    await ask(fpm.pool("www"), 4, "big.php", "bytes=8000000", { reads: false });
    await untilQueued(fpm.pool("www"), 2);
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "slow_readers").title).toMatch(
      /^held by slow readers: 2 of 2 workers wait for their client to read the answer, 2 clients wait$/,
    );
  });
});
