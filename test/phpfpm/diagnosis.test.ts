import { connect } from "node:net";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { parseAddress, socketEndpoint } from "../../src/address.js";
import { gatewayFetch } from "../../src/client/fetch.js";
import { GatewayError } from "../../src/errors.js";
import { diagnosePool, type PoolEvidence } from "../../src/phpfpm/diagnosis.js";
import { status } from "../../src/phpfpm/status.js";
import { createPool } from "../../src/status-page/records.js";
import { AcceptQueues } from "../../src/transport/accept-queues.js";
import { describeWith } from "../harness/describe-with.js";
import { silent, startFakeServer } from "../harness/fake-server.js";
import { type PhpFpm, type Pool, phpScript, startPhpFpm } from "../harness/php-fpm.js";
import { until } from "../harness/server-process.js";

const TIMEOUT = 300;
const WORKERS = 2;

/** What a scrape of a pool shows. */
async function look(target: string, socket = target, maxChildren?: number): Promise<PoolEvidence> {
  const outcome = await status(target, { timeout: TIMEOUT, retries: 0 }).then(
    (page) => ({ status: page }),
    (error: unknown) => ({ error: error as GatewayError }),
  );
  const endpoint = socketEndpoint(parseAddress(socket));
  return { ...outcome, maxChildren, queue: (await new AcceptQueues().read()).queueOf(endpoint) };
}

const problems = (evidence: PoolEvidence) => diagnosePool(evidence).map(({ problem }) => problem);

describeWith(["php-fpm"], "a pool that is sick", () => {
  let fpm: PhpFpm;
  beforeAll(async () => {
    const common = { pm: "static", maxChildren: WORKERS, listen: "unix" } as const;
    fpm = await startPhpFpm({
      pools: [
        { ...common, name: "saturated", statusListen: true },
        { ...common, name: "limit", statusListen: true },
        { ...common, name: "silent", statusListen: true },
        { ...common, name: "alone" },
        { ...common, name: "healthy" },
        { ...common, name: "off", extra: { "pm.status_path": "/elsewhere" } },
      ],
    });
  });
  afterAll(() => fpm.stop());

  /** Keeps workers busy until the test ends. */
  async function occupy({ bareAddress }: Pool, count: number): Promise<void> {
    const address = `unix:${bareAddress}`;
    const cancel = new AbortController();
    const requests = Array.from({ length: count }, () =>
      gatewayFetch(address, new Request("http://localhost/sleep.php?ms=2000"), {
        scriptFilename: phpScript("sleep.php"),
        signal: cancel.signal,
      }).catch(() => {}),
    );
    onTestFinished(async () => {
      cancel.abort();
      await Promise.all(requests);
    });
  }

  it("is saturated: all workers are busy, and clients wait", async () => {
    const pool = fpm.pool("saturated");
    await occupy(pool, WORKERS + 3);
    const asked = pool.statusListenAddress as string;
    await until(
      async () => problems(await look(asked, pool.address)).includes("saturated"),
      () => "the pool was never saturated",
    );
    const [diagnosis] = diagnosePool(await look(asked, pool.address));
    expect(diagnosis).toEqual({ problem: "saturated", text: "3 clients wait, and 2 are busy" });
  });

  it("is saturated: the page does not come, and the kernel says why", async () => {
    const pool = fpm.pool("alone");
    await occupy(pool, WORKERS + 1);
    let evidence: PoolEvidence = {};
    await until(
      async () => {
        evidence = await look(pool.address);
        return evidence.error?.code === "deadline";
      },
      () => "the page always came",
    );
    expect(problems(evidence)).toContain("saturated");
  });

  it("is at its limit: all workers are busy, and no client waits", async () => {
    const pool = fpm.pool("limit");
    await occupy(pool, WORKERS);
    await until(
      async () =>
        problems(await look(pool.statusListenAddress as string, pool.address, WORKERS)).includes(
          "at_limit",
        ),
      () => "the pool was never at its limit",
    );
  });

  it("is held by clients that send nothing", async () => {
    const pool = fpm.pool("silent");
    const sockets = Array.from({ length: WORKERS + 2 }, () => connect(pool.endpoint));
    onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
    await until(
      async () =>
        problems(await look(pool.statusListenAddress as string, pool.address)).includes(
          "silent_clients",
        ),
      () => "idle workers were never seen beside a queue",
    );
  });

  it("is misconfigured: the page is elsewhere", async () => {
    expect(problems(await look(fpm.pool("off").address))).toEqual(["misconfigured"]);
  });

  it("is healthy", async () => {
    const { address } = fpm.pool("healthy");
    expect(problems(await look(address, address, WORKERS))).toEqual([]);
  });
});

it("has a worker that is silent", async () => {
  const server = await startFakeServer(silent);
  onTestFinished(() => server.stop());
  expect(problems(await look(server.address))).toEqual(["no_answer"]);
});

it("is dead", async () => {
  expect(problems(await look("unix:/nowhere/x.sock:/status"))).toEqual(["dead"]);
  expect(problems(await look("127.0.0.1:1/status"))).toEqual(["dead"]);
});

it("is not at its limit while one of its workers only serves the page", () => {
  const status = Object.assign(createPool(), { idleProcesses: 0, activeProcesses: 4 });
  expect(problems({ status, maxChildren: 4 })).toEqual(["at_limit"]);
  expect(problems({ status, maxChildren: 4, ownRequests: 1 })).toEqual([]);
});

it("has clients that gave up", () => {
  expect(diagnosePool({ queue: { waiting: 5, abandoned: 2 } })).toEqual([
    { problem: "abandoned", text: "2 of 5 waiting clients have closed their connections" },
  ]);
});

it("is not guessed from an error that says nothing about the pool", () => {
  expect(diagnosePool({ error: new GatewayError("aborted", "the caller left") })).toEqual([]);
  expect(diagnosePool({ error: new GatewayError("deadline", "no answer") })).toEqual([]);
});
