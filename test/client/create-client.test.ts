import { afterAll, beforeAll, expect, it } from "vitest";
import { createClient } from "../../src/client/create-client.js";
import { describeWith } from "../harness/describe-with.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { countOpenSockets } from "../harness/processes.js";

describeWith(["php-fpm"], "a client", () => {
  let fpm: PhpFpm;
  let address: string;
  beforeAll(async () => {
    const pool = { pm: "static", maxChildren: 2, listen: "unix" } as const;
    fpm = await startPhpFpm({
      pools: [
        { name: "www", ...pool },
        { name: "other", ...pool },
      ],
    });
    ({ address } = fpm.pool("www"));
  });
  afterAll(() => fpm.stop());

  const serverOf = async (response: Response) =>
    ((await response.json()) as { server: Record<string, string> }).server;

  it("has its options for each request, which may replace them and add variables", async () => {
    await using client = createClient(address, {
      documentRoot: fpm.documentRoot,
      serverSoftware: "own",
      variables: { A: "1", B: "1" },
    });
    const { fetch } = client;
    let sent = "";
    const trace = (_: string, bytes: Uint8Array) => {
      sent += Buffer.from(bytes).toString("latin1");
    };
    const one = await serverOf(await fetch("/echo.php"));
    const other = await serverOf(
      await fetch("/echo.php", {
        serverSoftware: "other",
        variables: new Map([["B", "2"]]),
        trace,
      }),
    );
    expect([one["SERVER_SOFTWARE"], one["A"], one["B"]]).toEqual(["own", "1", "1"]);
    expect([other["SERVER_SOFTWARE"], other["A"], other["B"]]).toEqual(["other", "1", "2"]);
    // SCGI allows a name once.
    expect(sent.split("\x01\x01B")).toHaveLength(2);
  });

  it.each([true, { idleTimeout: 60_000 }])("keeps a connection if asked to: %j", async (keep) => {
    const pool = fpm.pool("other");
    const sockets = countOpenSockets();
    {
      await using client = createClient(pool.address, { documentRoot: fpm.documentRoot, keep });
      for (let round = 0; round < 5; round++) await (await client.fetch("/echo.php")).text();
      expect(countOpenSockets()).toBe(sockets + 1);
    }
    expect(countOpenSockets()).toBe(sockets);
  });

  it("waits at its end for what runs, and refuses what comes after", async () => {
    const client = createClient(address, { documentRoot: fpm.documentRoot });
    const slow = client.fetch("/sleep.php?ms=200&say=1");
    let isAnswered = false;
    void slow.then(async (response) => {
      await response.ended;
      isAnswered = true;
    });
    await client.close();
    expect(isAnswered).toBe(true);
    await expect(client.fetch("/echo.php")).rejects.toMatchObject({
      code: "bad_input",
      message: "the client is closed",
      address,
    });
  });

  it("refuses options of a wrong type, and to keep what cannot be kept", () => {
    const create = createClient as (...all: unknown[]) => unknown;
    expect(() => create(5)).toThrow(TypeError);
    expect(() => create(address, { timeout: "5" })).toThrow('timeout: "5" is not a number');
    expect(() => create(address, { keep: 1 })).toThrow("keep: 1 is not a boolean or an object");
    expect(() => create(address, { frontController: "/a.php" })).toThrow("set root");
    expect(() => create(address, { keep: { idle: "1" } })).toThrow('idle: "1" is not a number');
    expect(() => create(address, { root: "" })).toThrow("root is empty");
    expect(() => create("scgi://127.0.0.1:1", { keep: true })).toThrow("none to keep");
  });
});
