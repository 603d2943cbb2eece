import { statSync } from "node:fs";
import { type Address, type SocketEndpoint, withoutBrackets } from "../address.js";
import { ErrorCode, GatewayError } from "../errors.js";
import { AcceptQueues } from "../transport/accept-queues.js";
import type { SilenceOptions } from "./fetch-page.js";
import { withinTime } from "./within-time.js";

/**
 * Milliseconds after which a request that nobody has answered is given up. Its connection may be that
 * of a worker that was stopped, and not in the queue.
 */
const LONGEST = 3_600_000;

/** Milliseconds for which the kernel's tables are read once for requests that are late together. */
const TABLE_AGE = 50;

/** Milliseconds between two looks at the queues of requests that are late and that nobody waits for. */
const LOOK_AGAIN = 1_000;

/** What a request gets from {@link PoolConnections.ask}. */
interface AskLimits extends SilenceOptions {
  readonly timeout: number;
}

type Begin<Page> = (limits: AskLimits) => Promise<Page>;

/** A request whose time is over, and whose connection is still open. */
interface Late {
  readonly since: number;
  /** `undefined` once it has failed. */
  readonly answer: Promise<{ readonly page: unknown } | undefined>;
  readonly abandon: () => void;
  /** Whether somebody waits for the answer. */
  isAwaited: boolean;
}

/** A request that is not answered yet. */
interface Unanswered {
  readonly endpoint: SocketEndpoint;
  /** Which page is asked for. */
  readonly page: string;
  listener: string | undefined;
  late: Late | undefined;
}

/**
 * The connections to pools of a program that reads them again and again. A connection that is closed
 * before a worker accepts it stays in the accept queue, takes the place of a client there, and looks
 * like one that gave up. So a request that is late in a queue keeps its connection, the next reader
 * waits for its answer, and nobody connects to that listener before it has come.
 */
export class PoolConnections {
  readonly #unanswered = new Set<Unanswered>();
  readonly #late = new Set<Unanswered>();
  readonly #queues = new AcceptQueues(TABLE_AGE);
  #looking: NodeJS.Timeout | undefined;

  /**
   * Asks a pool for a page, or waits for the answer to an earlier request for it.
   *
   * @param timeout milliseconds
   * @param kind what `begin` asks for at the path of the address
   * @throws GatewayError `deadline`, and what `begin` throws
   */
  async ask<Page>(
    address: Address,
    timeout: number,
    kind: string,
    begin: Begin<Page>,
  ): Promise<Page> {
    const { endpoint, path = "" } = address;
    if ("program" in endpoint) return begin({ timeout });
    const request = { endpoint, page: `${kind} ${path}`, listener: undefined, late: undefined };
    if (this.#late.size === 0) return this.#begin(request, timeout, begin);
    const started = performance.now();
    const left = () => Math.max(1, timeout - (performance.now() - started));
    const listener = listenerOf(endpoint);
    const earlier = [...this.#late].filter((each) => each.listener === listener);
    if (earlier.length === 0 || !(await this.#mustWait(earlier, endpoint, timeout))) {
      return this.#begin(request, left(), begin);
    }
    const same = earlier.find(({ page, late }) => page === request.page && !late?.isAwaited)?.late;
    if (same === undefined) throw unaccepted(address);
    same.isAwaited = true;
    const outcome = await withinTime(
      same.answer.then((answer) => ({ answer })),
      left(),
    );
    same.isAwaited = false;
    if (outcome === undefined) throw unaccepted(address);
    // It ended without an answer: php-fpm was restarted.
    if (outcome.answer === undefined) return this.#begin(request, left(), begin);
    return outcome.answer.page as Page;
  }

  /** How many requests are not answered now, by the listener. */
  unanswered(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const request of this.#unanswered) {
      request.listener ??= listenerOf(request.endpoint);
      counts.set(request.listener, (counts.get(request.listener) ?? 0) + 1);
    }
    return counts;
  }

  /** Gives up the requests that are late. */
  close(): void {
    this.#stopLooking();
    for (const { late } of this.#late) late?.abandon();
  }

  #begin<Page>(request: Unanswered, timeout: number, begin: Begin<Page>): Promise<Page> {
    this.#unanswered.add(request);
    return new Promise((resolve, reject) => {
      const onSilence: SilenceOptions["onSilence"] = (error, abandon) => {
        request.listener ??= listenerOf(request.endpoint);
        const answer = answered.then(
          (page) => ({ page }),
          () => undefined,
        );
        request.late = { since: performance.now(), answer, abandon, isAwaited: false };
        this.#late.add(request);
        reject(error);
        void this.#mustWait([request], request.endpoint, timeout);
        this.#looking ??= setInterval(() => this.#lookAgain(), LOOK_AGAIN).unref();
      };
      const answered = begin({ timeout, onSilence }).finally(() => {
        this.#unanswered.delete(request);
        this.#late.delete(request);
        if (this.#late.size === 0) this.#stopLooking();
      });
      answered.then(resolve, reject);
    });
  }

  /** Closes late requests that a worker has accepted. It needs no reader to ask again. */
  #lookAgain(): void {
    for (const request of this.#late) void this.#mustWait([request], request.endpoint, LOOK_AGAIN);
  }

  #stopLooking(): void {
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  /**
   * Whether late requests may still be in the queue of their listener. If the queue is empty, or the
   * kernel does not show it, they are given up.
   */
  async #mustWait(
    requests: readonly Unanswered[],
    endpoint: SocketEndpoint,
    timeout: number,
  ): Promise<boolean> {
    const kinds = { unix: "socketPath" in endpoint, tcp: "port" in endpoint };
    const table = await withinTime(this.#queues.read(kinds), timeout);
    if (table === undefined) return true;
    const isEmpty = (table.queueOf(endpoint)?.waiting ?? 0) === 0;
    const since = isEmpty ? Number.POSITIVE_INFINITY : performance.now() - LONGEST;
    const over = requests.filter(({ late }) => late !== undefined && late.since < since);
    for (const { late } of over) late?.abandon();
    return over.length < requests.length;
  }
}

/** What is the same for all addresses of one listener: links, too, lead to the socket's file. */
export function listenerOf(endpoint: SocketEndpoint): string {
  if ("port" in endpoint) {
    const host = endpoint.host === "localhost" ? "127.0.0.1" : withoutBrackets(endpoint.host);
    return `${host}:${endpoint.port}`;
  }
  try {
    const { dev, ino } = statSync(endpoint.socketPath, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    // An abstract socket, or one whose file is gone.
    return endpoint.socketPath;
  }
}

function unaccepted({ text }: Address): GatewayError {
  const message = "an earlier request of this program still waits in the pool's accept queue";
  return new GatewayError(ErrorCode.Deadline, message, {
    address: text,
    hint: "every worker is busy, so it is not asked again: fcgi-probe doctor TARGET says why; set pm.status_listen to read the status of a busy pool",
  });
}
