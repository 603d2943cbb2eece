import { ErrorCode, GatewayError, type GatewayErrorOptions, withAddress } from "../errors.js";
import type { Probe } from "../fleet/probe.js";
import type { PoolStatus } from "../status-page/pool-status.js";
import { parseStatusPage } from "../status-page/read-page.js";
import { requireOwnModule, startThread } from "../transport/executable.js";

/** What a thread is asked: pages, or to abort those that it reads. */
export type ThreadRequest = { full: boolean; targets: ThreadTarget[] } | "abort";
export type ThreadTarget = readonly [id: number, target: string, timeout: number];

/** An error as plain data, which a thread can pass on. */
export type PlainError = Pick<GatewayError, "code" | "message"> &
  Pick<GatewayErrorOptions, "hint" | "offset" | "stderr" | "address">;

/** What a thread answers: the pages one after the other, and where each ends. */
export interface ThreadAnswer {
  bytes: Uint8Array;
  pages: (readonly [id: number, end: number])[];
  errors: (readonly [id: number, error: PlainError])[];
}

interface Waiting {
  readonly target: string;
  readonly resolve: (status: PoolStatus) => void;
  readonly reject: (error: unknown) => void;
}

/** Milliseconds after its deadline at which a thread without an answer is taken for stuck. */
const PATIENCE = 3_000;
const MOST_THREADS = 256;

/**
 * Reads status pages on several threads. A thread connects, reads and checks the answer. The page
 * comes back as bytes, which this thread parses: texts of processes are then decoded when they are
 * read. Targets and pages travel in lists, one a turn of the event loop.
 *
 * This thread spends 5 to 7 µs on each page, where it would spend 36 to 44 to read it (Node 20). Each
 * thread first compiles the code for itself, which takes 0.2 s of CPU, and then spends about 45 µs on a
 * page: threads pay for tens of thousands of pages, and need more CPU in all.
 *
 * The threads start with the first target, and end with {@link close}. One that dies is not replaced:
 * its targets fail with `connect_failed`, which a fleet tries again on the others.
 */
export class StatusThreads {
  readonly #count: number;
  readonly #full: boolean;
  #threads: StatusThread[] | undefined;

  /** @throws GatewayError `bad_input` for a count that is not 1 to 256; `incomplete_bundle` */
  constructor(count: number, full: boolean) {
    if (!Number.isInteger(count) || count < 1 || count > MOST_THREADS) {
      const message = `threads is ${count}, not 0 to ${MOST_THREADS}`;
      throw new GatewayError(ErrorCode.BadInput, message);
    }
    requireOwnModule("phpfpm/status-thread");
    this.#count = count;
    this.#full = full;
  }

  readonly probe: Probe<PoolStatus> = (target, { timeout, signal }) => {
    if (this.#threads === undefined) {
      this.#threads = Array.from({ length: this.#count }, () => new StatusThread(this.#full));
      signal.addEventListener("abort", () => this.#abort(), { once: true });
    }
    let idlest = this.#threads[0]!;
    for (const thread of this.#threads) if (thread.load < idlest.load) idlest = thread;
    return idlest.read(target, timeout);
  };

  async close(): Promise<void> {
    await Promise.all((this.#threads ?? []).map((thread) => thread.end()));
  }

  #abort(): void {
    for (const thread of this.#threads ?? []) thread.abort();
  }
}

class StatusThread {
  readonly #worker = startThread("phpfpm/status-thread");
  readonly #full: boolean;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #unsent: ThreadTarget[] = [];
  #death: GatewayError | undefined;
  #watch: NodeJS.Timeout | undefined;

  constructor(full: boolean) {
    this.#full = full;
    this.#worker.on("message", (answer: ThreadAnswer) => this.#take(answer));
    this.#worker.on("messageerror", (error) => this.#die(error));
    this.#worker.on("error", (error) => this.#die(error));
    this.#worker.on("exit", (code) => this.#die(new Error(`exit code ${code}`)));
  }

  /** How many targets it reads. One that has ended reads none, and comes last. */
  get load(): number {
    return this.#death === undefined ? this.#waiting.size : Number.POSITIVE_INFINITY;
  }

  read(target: string, timeout: number): Promise<PoolStatus> {
    if (this.#death !== undefined) return Promise.reject(this.#death);
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      this.#waiting.set(id, { target, resolve, reject });
      if (this.#unsent.length === 0) setImmediate(() => this.#send());
      this.#unsent.push([id, target, timeout]);
      // An answer, or a later target, puts it off: only a thread that is stuck lets it expire.
      if (this.#watch === undefined) this.#expectAnswer(timeout);
    });
  }

  abort(): void {
    if (this.#waiting.size === 0) return;
    this.#send();
    this.#post("abort");
  }

  async end(): Promise<void> {
    clearTimeout(this.#watch);
    await this.#worker.terminate();
  }

  #expectAnswer(timeout: number): void {
    this.#watch = setTimeout(() => {
      this.#die(new Error("it does not answer"));
      void this.#worker.terminate();
    }, timeout + PATIENCE);
  }

  #send(): void {
    const targets = this.#unsent;
    this.#unsent = [];
    if (targets.length > 0) this.#post({ full: this.#full, targets });
  }

  #post(request: ThreadRequest): void {
    if (this.#death === undefined) this.#worker.postMessage(request);
  }

  #take({ bytes, pages, errors }: ThreadAnswer): void {
    this.#watch?.refresh();
    let start = 0;
    for (const [id, end] of pages) {
      // The texts of processes are read later: their page is not to keep the others in memory.
      const page = this.#full ? bytes.slice(start, end) : bytes.subarray(start, end);
      start = end;
      const { target, resolve, reject } = this.#finish(id);
      try {
        resolve(parseStatusPage(page));
      } catch (error) {
        reject(withAddress(error, target));
      }
    }
    for (const [id, { code, message, ...options }] of errors) {
      this.#finish(id).reject(new GatewayError(code, message, options));
    }
    if (this.#waiting.size > 0) return;
    clearTimeout(this.#watch);
    this.#watch = undefined;
  }

  #finish(id: number): Waiting {
    const waiting = this.#waiting.get(id) as Waiting;
    this.#waiting.delete(id);
    return waiting;
  }

  #die(cause: unknown): void {
    if (this.#death !== undefined) return;
    clearTimeout(this.#watch);
    const why = cause instanceof Error ? cause.message : String(cause);
    this.#death = new GatewayError(ErrorCode.ConnectFailed, `a thread of the fleet ended: ${why}`, {
      hint: "read fewer targets at once, or give the process more memory; without threads this cannot happen",
      cause,
    });
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { target, reject } of waiting) reject(this.#death.with({ address: target }));
  }
}
