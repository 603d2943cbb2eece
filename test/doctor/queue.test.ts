import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import {
  ask,
  connectMany,
  examineOne,
  findingOf,
  lineOf,
  startPools,
  untilQueued,
} from "./sick-pool.js";

const pool = { name: "www", pm: "static", maxChildren: 1, listen: "unix" } as const;

describeWith(["php-fpm"], "doctor, of an accept queue", () => {
  it("says that it is full, with listen.backlog and its line", async () => {
    const fpm = await startPools({ pools: [{ ...pool, backlog: 5 }] });
    await ask(fpm.pool("www"), 1, "sleep.php", "ms=20000");
    await untilQueued(fpm.pool("www"), 0);
    // The kernel holds one more than the backlog.
    await connectMany(fpm.pool("www"), 6);
    await untilQueued(fpm.pool("www"), 6);
    const found = await examineOne(fpm, fpm.pool("www").address);
    const file = join(fpm.folder, "php-fpm.conf");
    expect(findingOf(found, "queue_full")).toMatchObject({
      severity: "critical",
      title: expect.stringMatching(/^the accept queue is full: 6 wait, and it holds 5; /),
      file,
      line: lineOf(readFileSync(file, "utf8"), "listen.backlog"),
    });
  });

  it("says that it is nearly full", async () => {
    const fpm = await startPools({ pools: [{ ...pool, backlog: 20 }] });
    await ask(fpm.pool("www"), 18, "sleep.php", "ms=20000");
    await untilQueued(fpm.pool("www"), 17);
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "queue_nearly_full").title).toBe(
      "the accept queue is nearly full: 17 of 20 wait",
    );
  });

  it("says that clients have given up", async () => {
    const fpm = await startPools({ pools: [{ ...pool, backlog: 100 }] });
    await ask(fpm.pool("www"), 1, "sleep.php", "ms=20000");
    const clients = await connectMany(fpm.pool("www"), 6);
    await untilQueued(fpm.pool("www"), 6);
    for (const client of clients.slice(0, 4)) client.destroy();
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "queue_abandoned").title).toBe("4 of 6 waiting clients have given up");
  });

  it("holds none of its own looks for clients that have given up", async () => {
    const fpm = await startPools({ pools: [{ ...pool, maxChildren: 2 }] });
    await ask(fpm.pool("www"), 3, "sleep.php", "ms=20000");
    await untilQueued(fpm.pool("www"), 1);
    for (let look = 0; look < 2; look++) {
      const found = await examineOne(fpm, fpm.pool("www").address);
      const codes = found.findings.map(({ code }) => code);
      expect(codes).toContain("saturated_slow");
      expect(codes).not.toContain("queue_abandoned");
      await untilQueued(fpm.pool("www"), 1);
    }
  });

  it("says that the kernel cuts listen.backlog", async () => {
    const fpm = await startPools({ pools: [{ ...pool, backlog: 10_000_000 }] });
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "backlog_cut")).toMatchObject({
      severity: "notice",
      title: expect.stringMatching(/^listen\.backlog is 10000000, but the kernel allows \d+$/),
    });
  });
});
