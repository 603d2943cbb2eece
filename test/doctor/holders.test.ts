import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { describeWith } from "../harness/describe-with.js";
import { ask, examineOne, findingOf, script, startPools, untilQueued } from "./sick-pool.js";

const pool = { name: "www", pm: "static", maxChildren: 4, listen: "unix" } as const;

describeWith(["php-fpm"], "doctor, of what most busy workers have in common", () => {
  it("names the script, without its query", async () => {
    const fpm = await startPools({ pools: [pool] });
    const checkout = script(fpm, "checkout.php", "sleep(20);");
    await ask(fpm.pool("www"), 3, checkout, "card=4111");
    await ask(fpm.pool("www"), 3, "sleep.php", "ms=20000");
    await untilQueued(fpm.pool("www"), 2);
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "one_script")).toMatchObject({
      title: `3 of 4 busy workers run ${checkout}`,
      evidence: [expect.stringMatching(/^the oldest of these requests has run for \d\.\d s$/)],
      file: checkout,
    });
    expect(JSON.stringify(found)).not.toContain("4111");
  });

  it("names the server that they wait for", async () => {
    const database = createServer(() => {});
    onTestFinished(() => void database.close());
    await new Promise<void>((resolve) => database.listen(0, "127.0.0.1", resolve));
    const { port } = database.address() as AddressInfo;
    const fpm = await startPools({ pools: [pool] });
    const query = script(
      fpm,
      "query.php",
      `$server = stream_socket_client("tcp://127.0.0.1:${port}"); fread($server, 1);`,
    );
    await ask(fpm.pool("www"), 5, query);
    await untilQueued(fpm.pool("www"), 1);
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "one_backend").title).toBe(
      `4 of 4 busy workers wait for 127.0.0.1:${port}`,
    );
  });

  it("names the folder of the locks, and no session", async () => {
    const fpm = await startPools({ pools: [pool] });
    const lock = join(fpm.folder, "sess_0123456789abcdef");
    const locked = script(
      fpm,
      "lock.php",
      `$f = fopen("${lock}", "c"); flock($f, LOCK_EX); sleep(20);`,
    );
    await ask(fpm.pool("www"), 5, locked);
    await untilQueued(fpm.pool("www"), 1);
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "one_lock").title).toBe(
      `3 of 4 busy workers wait for locks in ${fpm.folder}`,
    );
    expect(JSON.stringify(found)).not.toContain("0123456789abcdef");
  });

  it("names one of several clients", async () => {
    const fpm = await startPools({ pools: [{ ...pool, listen: "tcp" }] });
    await ask(fpm.pool("www"), 3, "sleep.php", "ms=20000", { from: "127.0.0.7" });
    await ask(fpm.pool("www"), 2, "sleep.php", "ms=20000");
    await untilQueued(fpm.pool("www"), 1);
    const found = await examineOne(fpm, fpm.pool("www").address);
    expect(findingOf(found, "one_client").title).toBe("3 of 4 busy workers work for 127.0.0.7");
  });
});
