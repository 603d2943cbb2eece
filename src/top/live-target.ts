import type { Address, SocketEndpoint } from "../address.js";
import { shownUrl } from "../apache/fetch/status-url.js";
import type { ServerStatus } from "../apache/page/server-status.js";
import type { LocalWorkers } from "../apache/workers/local-workers.js";
import { targetAddress } from "../client/connect.js";
import type { DiscoveryState } from "../discovery/discovery.js";
import { isStatusListen } from "../discovery/local-pools.js";
import type { PoolConfiguration } from "../discovery/pool-configuration.js";
import type { GatewayError } from "../errors.js";
import type { PoolCapacity } from "../phpfpm/busy-workers.js";
import { type Diagnosis, diagnosePool, PoolProblem } from "../phpfpm/diagnosis.js";
import {
  type PoolStatus,
  ProcessState,
  type ProcessStatus,
  processState,
} from "../status-page/pool-status.js";
import type { AcceptQueue, AcceptQueueTable } from "../transport/accept-queues.js";
import { type PageAt, poolRates, type Rates, serverRates, unknownRates } from "./rates.js";

/** What is known of a target before it is read. */
export interface TargetPlace {
  readonly kind: "phpfpm" | "apache";
  /** The address of its status page. */
  readonly address: string;
  /** The pool's configuration, where that was found. */
  readonly configuration?: PoolConfiguration | undefined;
  /** What the discovery says of it, where it was discovered. */
  readonly state?: DiscoveryState | undefined;
  /** The Host to request an httpd's page with. */
  readonly host?: string | undefined;
  /** The path of a pool's page, instead of that of the address. */
  readonly path?: string | undefined;
}

/** Rates over fewer milliseconds would be noise. */
const LEAST_SPAN = 500;

/** What a page says: of a pool, or of an httpd, with its workers where they were read. */
export type PageRead =
  | { readonly kind: "phpfpm"; readonly status: PoolStatus }
  | { readonly kind: "apache"; readonly status: ServerStatus; readonly workers?: LocalWorkers };

/** Microseconds that a client may take to send the head of its request. */
const QUICK_HEAD = 1_000_000;

function isHeldByClient({ state, requestDuration = 0 }: ProcessStatus): boolean {
  return processState(state) === ProcessState.ReadingHeaders && requestDuration >= QUICK_HEAD;
}

/** A pool or an httpd, and what its last pages said. */
export class LiveTarget {
  /** When the read that is going on began, in milliseconds of the monotonic clock. */
  readingSince: number | undefined;
  /** The last page of a pool. */
  pool: PageAt<PoolStatus> | undefined;
  /** The last page of an httpd. */
  server: PageAt<ServerStatus> | undefined;
  /** The workers of the last page of an httpd that was read with them. */
  workers: LocalWorkers | undefined;
  /** Why the last read failed; `undefined` if it succeeded. */
  error: GatewayError | undefined;
  rates: Rates = unknownRates;
  /** The accept queue without our own connections; `undefined` where it is not known. */
  queue: AcceptQueue | undefined;
  diagnoses: readonly Diagnosis[] = [];
  /** Workers whose client has sent a part of its request, and nothing more for a second. */
  silentWorkers = 0;
  /** The pages that rates are counted from. */
  #poolBase: PageAt<PoolStatus> | undefined;
  #serverBase: PageAt<ServerStatus> | undefined;
  /** How many of our connections may have been in the queue when it was read. */
  #ownWaiting = 0;
  /** How many readings of the queue in a row have looked as if silent clients held workers. */
  #silent = 0;
  #place: TargetPlace;
  #address: Address | undefined;
  /** `null` where there is none. */
  #queueSocket: SocketEndpoint | null | undefined;
  #isStatusListen: boolean | undefined;

  constructor(place: TargetPlace) {
    this.#place = place;
  }

  get place(): TargetPlace {
    return this.#place;
  }

  set place(place: TargetPlace) {
    this.#place = place;
    this.#forgetAddresses();
  }

  /** The address for people: without the password of a URL. */
  get shown(): string {
    const { kind, address } = this.place;
    return kind === "apache" ? shownUrl(address) : address;
  }

  /** The name of the pool, or the host of an httpd. */
  get name(): string {
    const { kind, address, configuration } = this.place;
    if (kind === "phpfpm") return this.pool?.status.pool ?? configuration?.name ?? "-";
    return this.place.host ?? (URL.canParse(address) ? new URL(address).host : "-");
  }

  /** Whether there was an answer of any kind. */
  get isKnown(): boolean {
    return this.pool !== undefined || this.server !== undefined || this.error !== undefined;
  }

  /** The parsed address. @throws GatewayError `bad_address` */
  address(): Address {
    const { address, path } = this.place;
    this.#address ??= { ...targetAddress(address), ...(path !== undefined && { path }) };
    return this.#address;
  }

  /** The socket whose accept queue is the pool's: not that of `pm.status_listen`. */
  get queueSocket(): SocketEndpoint | undefined {
    if (this.place.kind === "apache") return undefined;
    this.#queueSocket ??= this.#findQueueSocket();
    return this.#queueSocket ?? undefined;
  }

  /** Takes a page that came at this time. */
  take(page: PageRead, at: number): void {
    this.error = undefined;
    if (page.kind === "phpfpm") {
      this.pool = { status: page.status, at };
      this.silentWorkers = page.status.processes?.filter(isHeldByClient).length ?? 0;
      this.#poolBase = this.#count(this.#poolBase, this.pool, (before, now) =>
        poolRates(before, now, this.#isAskedItself ? 1 : 0),
      );
    } else {
      this.server = { status: page.status, at };
      this.#serverBase = this.#count(this.#serverBase, this.server, serverRates);
      this.workers = page.workers ?? this.workers;
    }
    this.#diagnose();
  }

  /** Takes the error of a read. */
  fail(error: GatewayError): void {
    this.error = error;
    this.rates = unknownRates;
    this.#forgetAddresses();
    this.#diagnose();
  }

  /**
   * Takes the queue from the kernel's tables.
   *
   * @param unanswered our own requests to that socket, which may be in it
   */
  takeQueue(table: AcceptQueueTable, unanswered: number): void {
    const { queueSocket } = this;
    const queue = queueSocket === undefined ? undefined : table.queueOf(queueSocket);
    const own = queue === undefined ? 0 : Math.min(unanswered, queue.waiting);
    const isSame =
      queue?.waiting === (this.queue && this.queue.waiting + this.#ownWaiting) &&
      queue?.abandoned === this.queue?.abandoned &&
      own === this.#ownWaiting;
    if (!isSame) {
      this.#ownWaiting = own;
      this.queue = queue && { ...queue, waiting: queue.waiting - own };
      this.#diagnose();
    }
    const isSilent = this.diagnoses.some(({ problem }) => problem === PoolProblem.SilentClients);
    this.#silent = isSilent ? this.#silent + 1 : 0;
  }

  /** What is known beside the page about how many workers the pool may have. */
  get capacity(): PoolCapacity {
    return {
      maxChildren: this.#maxChildren(),
      ownRequests: this.#isAskedItself ? 1 : 0,
      isLimitReached: (this.rates.maxed ?? 0) > 0,
    };
  }

  /** Whether the pages come from the pool's own workers, and not by its `pm.status_listen`. */
  get #isAskedItself(): boolean {
    const { configuration, address } = this.place;
    this.#isStatusListen ??= configuration !== undefined && isStatusListen(configuration, address);
    return !this.#isStatusListen;
  }

  /** Updates the rates, and returns the page that the next ones are counted from. */
  #count<Status>(
    base: PageAt<Status> | undefined,
    now: PageAt<Status>,
    ratesOf: (before: PageAt<Status>, now: PageAt<Status>) => Rates,
  ): PageAt<Status> {
    if (base === undefined) return now;
    if (now.at - base.at < LEAST_SPAN) return base;
    this.rates = ratesOf(base, now);
    return now;
  }

  /** Which files exist decides where the path of a socket ends, and may have changed. */
  #forgetAddresses(): void {
    this.#address = undefined;
    this.#queueSocket = undefined;
    this.#isStatusListen = undefined;
  }

  #findQueueSocket(): SocketEndpoint | null {
    try {
      const { listen } = this.place.configuration ?? {};
      const { endpoint } = listen === undefined ? this.address() : targetAddress(listen);
      return "program" in endpoint ? null : endpoint;
    } catch {
      return null;
    }
  }

  #diagnose(): void {
    if (this.place.kind !== "phpfpm" || !this.isKnown) return;
    const { error, queue, pool } = this;
    this.diagnoses = diagnosePool({
      status: error === undefined ? pool?.status : undefined,
      error,
      // A connection of ours that no worker has accepted says that none is free.
      queue: error && queue ? { ...queue, waiting: queue.waiting + this.#ownWaiting } : queue,
      maxChildren: this.#maxChildren(),
      ownRequests: this.#isAskedItself ? 1 : 0,
    });
  }

  /** Whether silent clients hold the workers. A client that comes at this moment looks the same. */
  get hasSilentClients(): boolean {
    return this.#silent > 1;
  }

  /** Under another name the configuration is of another pool. */
  #maxChildren(): number | undefined {
    const { configuration } = this.place;
    const pool = this.pool?.status.pool;
    const isOther = pool !== undefined && configuration?.name !== pool;
    return isOther ? undefined : configuration?.maxChildren;
  }
}
