import { targetAddress } from "../client/connect.js";
import { GatewayError } from "../errors.js";
import type { PoolConnections } from "../phpfpm/pool-connections.js";
import { patientPing } from "../phpfpm/status.js";
import type { Collector, KnownPool } from "./collector.js";
import { type FailureReason, failureReason } from "./failure-reason.js";
import { textResponse } from "./respond.js";
import { pageAddress, type ScrapeTarget } from "./target.js";

/** Milliseconds for an answer: the kubelet and Docker wait one second by default. */
const DEADLINE = 900;

/** The reasons of a pool that runs and has no free worker. */
const busy: ReadonlySet<FailureReason> = new Set(["backlog_full", "timeout", "busy", "deadline"]);

/** Answers whether pools are healthy. A pool is asked once at a time, however many ask. */
export class PoolHealth {
  readonly #collector: Collector;
  /** The pings that are going on, by the address of their page. */
  readonly #pings = new Map<string, Promise<FailureReason | undefined>>();

  constructor(collector: Collector) {
    this.#collector = collector;
  }

  /**
   * Answers `/-/pool-healthy?pool=NAME`, by the name or the address of a pool; without a name if there
   * is one pool. 200 if it answers, 503 if not. A pool that is merely busy is healthy unless
   * `busy=fail` is asked for: to restart it would lose the requests that it serves.
   */
  async answer(parameters: URLSearchParams): Promise<Response> {
    const deadline = performance.now() + DEADLINE;
    const name = parameters.get("pool");
    const found = await findPools(name, this.#collector, deadline);
    const [target] = found;
    if (target === undefined) {
      return textResponse(
        404,
        name === null ? "there is no pool" : `there is no pool ${quoted(name)}`,
      );
    }
    if (found.length > 1) {
      return textResponse(400, `there are ${found.length} such pools: ask by the address of one`);
    }
    const reason = await this.#check(target, deadline);
    if (reason === undefined) return textResponse(200, "healthy");
    if (!isBusy(reason, target)) return textResponse(503, `unhealthy: ${reason}`);
    return textResponse(parameters.get("busy") === "fail" ? 503 : 200, `busy: ${reason}`);
  }

  /** Why a pool does not answer; `undefined` if it does. */
  async #check(target: ScrapeTarget, deadline: number): Promise<FailureReason | undefined> {
    const { configuration } = target;
    const timeout = Math.max(1, deadline - performance.now());
    if (configuration?.pingPath === undefined) {
      return (await this.#collector.collectOne(target, timeout)).reason;
    }
    const address = pageAddress(configuration.listen, configuration.pingPath);
    const running = this.#pings.get(address);
    if (running !== undefined) return running;
    const begun = failureOfPing(address, timeout, this.#collector.connections).finally(() =>
      this.#pings.delete(address),
    );
    this.#pings.set(address, begun);
    return begun;
  }
}

async function failureOfPing(
  text: string,
  timeout: number,
  connections: PoolConnections,
): Promise<FailureReason | undefined> {
  try {
    const address = targetAddress(text);
    await connections.ask(address, timeout, "ping", (limits) =>
      patientPing(address, { ...limits, retries: 0 }),
    );
    return undefined;
  } catch (error) {
    return error instanceof GatewayError ? failureReason(error, "phpfpm") : "other";
  }
}

async function findPools(
  name: string | null,
  collector: Collector,
  deadline: number,
): Promise<readonly ScrapeTarget[]> {
  const known = collector.pools();
  if (name === null || known.some(({ target }) => target.address === name)) {
    return targetsOf(known, ({ target }) => name === null || target.address === name);
  }
  const named = targetsOf(known, ({ pool }) => pool === name);
  if (named.length > 0 || known.every(({ pool }) => pool !== "")) return named;
  // A pool has a name when it was read once.
  await collector.collect(deadline - performance.now());
  return targetsOf(collector.pools(), ({ pool }) => pool === name);
}

function targetsOf(
  pools: readonly KnownPool[],
  matches: (pool: KnownPool) => boolean,
): ScrapeTarget[] {
  return pools.filter(matches).map(({ target }) => target);
}

/** A full queue of a TCP port drops connections: on this machine, one that takes long is that. */
function isBusy(reason: FailureReason, { address, connectTo }: ScrapeTarget): boolean {
  if (busy.has(reason)) return true;
  const isLocal = /^(?:[a-z]+:\/\/)?(?:127\.|localhost:|\[::1\]:)/i.test(connectTo ?? address);
  return reason === "connect_timeout" && isLocal;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
