import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { runHealthcheck } from "../../src/cli/commands/healthcheck.js";
import { encodeEndRequest, encodeRecord } from "../../src/fastcgi/encode.js";
import { ProtocolStatus, RecordType } from "../../src/fastcgi/protocol.js";
import { AcceptQueues } from "../../src/transport/accept-queues.js";
import { describeWith } from "../harness/describe-with.js";
import { answering, silent, startFakeServer } from "../harness/fake-server.js";
import { listenOnly } from "../harness/listen-only.js";
import { type PhpFpm, type Pool, startPhpFpm } from "../harness/php-fpm.js";
import { makeFolder, until } from "../harness/server-process.js";
import { runIn, spawnCommand } from "./cli.js";

const check = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  runIn((io) => runHealthcheck(args, io), { env });

describeWith(["php-fpm"], "healthcheck", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    const pool = { pm: "static", maxChildren: 2 } as const;
    fpm = await startPhpFpm({
      pools: [
        { ...pool, name: "www", listen: "tcp" },
        { ...pool, name: "held", listen: "unix", backlog: 8 },
        { ...pool, name: "heldtcp", listen: "tcp" },
        { ...pool, name: "queued", listen: "unix", maxChildren: 1 },
      ],
    });
  });
  afterAll(() => fpm.stop());

  /** Holds all workers of a pool by clients that send nothing. */
  function hold(pool: Pool, count = 2): void {
    const sockets: Socket[] = Array.from({ length: count }, () => connect(pool.endpoint));
    for (const socket of sockets) socket.on("error", () => {});
    onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
  }

  /** Waits until checks are no longer answered. */
  const becomeSilent = (pool: Pool) =>
    until(
      async () => (await check([pool.address, "--busy", "fail"])).code === 1,
      () => "the pool still answers",
    );

  it("is silent and 0 for a pool that lives, as the command too", async () => {
    const fine = { code: 0, stdout: "", stderr: "" };
    expect(await check([fpm.pool("www").address])).toEqual(fine);
    expect(await spawnCommand(["healthcheck", fpm.pool("www").address])).toEqual(fine);
  });

  it("takes the variables of php-fpm-healthcheck", async () => {
    const { bareAddress, statusPath } = fpm.pool("www");
    const env = { FCGI_CONNECT: bareAddress, FCGI_STATUS_PATH: statusPath };
    const { code, stdout } = await check(["--verbose"], env);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^pool: www\naccepted-conn: \d+\nlisten-queue: 0\n/);
    const other = await check([], { ...env, FCGI_STATUS_PATH: "/other" });
    expect(other.code).toBe(1);
    expect(other.stderr).toContain("the pool has no page /other");
  });

  it("fails when a value is greater than its limit, and says which", async () => {
    const { address } = fpm.pool("www");
    expect((await check([address, "--total-processes=2"])).code).toBe(0);
    const over = await check([address, "--total-processes", "1", "--accepted-conn=0"]);
    expect(over.code).toBe(1);
    expect(over.stderr).toMatch(
      /^fcgi-probe: accepted-conn is \d+, over 0\nfcgi-probe: total-processes is 2, over 1\n$/,
    );
  });

  it.each(["held", "heldtcp"])(
    "takes a pool whose workers are all held for busy: %s",
    async (name) => {
      const pool = fpm.pool(name);
      hold(pool);
      await becomeSilent(pool);
      const fine = await check([pool.address, "--timeout", "200ms"]);
      expect(fine).toEqual({ code: 0, stdout: "", stderr: "" });
      const ready = await check([pool.address, "--timeout", "200ms", "--busy=fail"]);
      expect(ready.code).toBe(1);
      expect(ready.stderr).toMatch(/\(busy\)\nhint: /);
    },
  );

  it("limits the queue of a unix socket, of which the page says 0", async () => {
    const pool = fpm.pool("queued");
    const socket = { socketPath: pool.bareAddress };
    const waiting = (count: number) =>
      until(
        async () => (await new AcceptQueues(0).read()).queueOf(socket)?.waiting === count,
        () => `${count} do not wait`,
      );
    const first = connect(pool.endpoint);
    onTestFinished(() => void first.destroy());
    await once(first, "connect");
    await waiting(0);
    const over = check([pool.address, "--listen-queue=1", "--timeout=20s"]);
    await waiting(1);
    // The check comes next. Its worker then takes one of these, and keeps it.
    hold(pool, 3);
    await waiting(4);
    first.destroy();
    expect(await over).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^fcgi-probe: listen-queue is [23], over 1\n$/),
    });
  });

  it("takes a full queue for busy", async () => {
    const pool = fpm.pool("held");
    hold(pool, 40);
    await until(
      async () => /full|EAGAIN/.test((await check([pool.address, "--busy", "fail"])).stderr),
      () => "the queue is not full",
    );
    expect((await check([pool.address])).code).toBe(0);
  });
});

describe("healthcheck of a pool that is dead", () => {
  it("fails where nothing listens", async () => {
    const gone = await check([`unix:${makeFolder()}/gone.sock`]);
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain("there is no such socket");
    expect((await check(["127.0.0.1:1"])).code).toBe(1);
  });

  it("fails where a worker takes the connection and is silent: the queue is empty", async () => {
    await using server = await startFakeServer(silent);
    const { code, stderr } = await check([server.address, "--timeout", "150ms"]);
    expect(code).toBe(1);
    expect(stderr).not.toContain("(busy)");
  });

  it("is busy where a worker has begun to answer, and does not end", async () => {
    const part = encodeRecord(
      RecordType.Stdout,
      1,
      Buffer.from("Content-type: text/plain\r\n\r\n"),
    );
    await using server = await startFakeServer((peer) => peer.send(part.subarray(0, -3)));
    const { code, stderr } = await check([server.address, "--timeout", "150ms", "-v"]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/only a part of an answer within 150 ms \(busy\)\nhint: /);
    expect((await check([server.address, "--timeout=150ms", "--busy=fail"])).code).toBe(1);
  });

  it("is busy where it refuses a request because it has too many", async () => {
    const refusal = encodeEndRequest(1, 0, ProtocolStatus.Overloaded);
    await using server = await startFakeServer(answering(refusal));
    expect((await check([server.address])).code).toBe(0);
    const { code, stderr } = await check([server.address, "--busy=fail"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/overloaded.* \(busy\)\nhint: /);
  });

  it("is busy where connections wait and nobody takes them", async () => {
    const path = `${makeFolder()}/waiting.sock`;
    const server = await listenOnly([`unix ${path}`]);
    onTestFinished(() => server.stop());
    const { code, stderr } = await check([`unix:${path}`, "--timeout=150ms", "-v"]);
    expect(code).toBe(0);
    expect(stderr).toContain("(busy)");
  });

  it.each([
    [["--unknown"], "Unknown option '--unknown'"],
    [["--listen-queue", "many"], '--listen-queue is "many", not a whole number'],
    [["--busy", "maybe"], '--busy is "maybe", not ok or fail'],
    [["--timeout", "soon"], '"soon" is not a time'],
    [["a:1", "b:2"], "healthcheck takes one TARGET"],
  ])("fails with 1 for bad input: %j", async (args, message) => {
    const { code, stderr } = await check(args);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).toContain("hint: ");
  });
});
