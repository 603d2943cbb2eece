import type { SocketEndpoint } from "../address.js";
import { type Diagnosis, diagnosePool } from "../phpfpm/diagnosis.js";
import { listenerOf, type PoolConnections } from "../phpfpm/pool-connections.js";
import {
  type AcceptQueue,
  AcceptQueues,
  type AcceptQueueTable,
} from "../transport/accept-queues.js";
import type { PoolQueue, PoolSample, Sample } from "./sample.js";
import type { ScrapeTarget } from "./target.js";
import { queueSocket } from "./target-address.js";

const noDiagnoses: readonly Diagnosis[] = [];

/**
 * Adds to the samples of pools what their pages do not say: the accept queue, by the kernel of this
 * machine, and what is wrong with the pool.
 */
export class EvidenceReader {
  readonly #queues = new AcceptQueues();
  readonly #connections: PoolConnections;
  /** How many connections of ours waited when a table was read, by the listener. */
  readonly #own = new WeakMap<AcceptQueueTable, ReadonlyMap<string, number>>();
  /** Targets without the configuration of a pool that they turned out not to be. */
  readonly #unexplained = new WeakMap<ScrapeTarget, ScrapeTarget>();

  constructor(connections: PoolConnections) {
    this.#connections = connections;
  }

  /** The samples in their order. The kernel's tables are read at most once a second. */
  async addTo(samples: readonly Sample[]): Promise<Sample[]> {
    if (!samples.some(({ kind }) => kind === "phpfpm")) return [...samples];
    const sockets = samples.map(({ kind, target }) =>
      kind === "phpfpm" ? queueSocket(target) : undefined,
    );
    const table = await this.#queues.read({
      unix: sockets.some((socket) => socket !== undefined && "socketPath" in socket),
      tcp: sockets.some((socket) => socket !== undefined && "port" in socket),
    });
    if (!this.#own.has(table)) this.#own.set(table, this.#connections.unanswered());
    return samples.map((sample, index) =>
      sample.kind === "phpfpm" ? this.#add(sample, sockets[index], table) : sample,
    );
  }

  #add(read: PoolSample, socket: SocketEndpoint | undefined, table: AcceptQueueTable): PoolSample {
    const sample = this.#checked(read);
    const { target, status, error } = sample;
    const found = socket && table.queueOf(socket);
    const own = found && socket ? this.#ownIn(found, socket, table) : 0;
    const queue = found && {
      waiting: found.waiting - own,
      abandoned: Math.min(found.abandoned, found.waiting - own),
      limit: queueLimit(sample, table),
    };
    const { maxChildren, statusListen } = target.configuration ?? {};
    const diagnoses = diagnosePool({
      status,
      error,
      queue: queue && { ...queue, own },
      maxChildren,
      ownRequests: statusListen === undefined ? 1 : 0,
    });
    if (queue === undefined && diagnoses.length === 0) return sample;
    return { ...sample, queue, diagnoses: diagnoses.length === 0 ? noDiagnoses : diagnoses };
  }

  /** How many of the connections in a queue are ours: they are no clients that wait. */
  #ownIn({ waiting }: AcceptQueue, socket: SocketEndpoint, table: AcceptQueueTable): number {
    const own = this.#own.get(table);
    if (waiting === 0 || own === undefined || own.size === 0) return 0;
    return Math.min(own.get(listenerOf(socket)) ?? 0, waiting);
  }

  /**
   * The pool itself says what it is called. Under another name the configuration is of another pool,
   * or php-fpm has not read it yet.
   */
  #checked(sample: PoolSample): PoolSample {
    const { target, pool } = sample;
    const { configuration } = target;
    if (pool === "" || configuration === undefined || configuration.name === pool) return sample;
    let unexplained = this.#unexplained.get(target);
    if (unexplained === undefined) {
      unexplained = { ...target, configuration: undefined };
      this.#unexplained.set(target, unexplained);
    }
    return { ...sample, target: unexplained };
  }
}

/** By the configuration, or for a TCP socket by the page. `undefined` where neither is known. */
function queueLimit({ target, status }: PoolSample, table: AcceptQueueTable): PoolQueue["limit"] {
  const backlog = target.configuration?.backlog;
  const limit = backlog === undefined ? undefined : table.limitOf(backlog);
  return limit ?? (status?.listenQueueLen === 0 ? undefined : status?.listenQueueLen);
}
