import { setMaxListeners } from "node:events";
import { PoolConnections } from "../phpfpm/pool-connections.js";
import { withinTime } from "../phpfpm/within-time.js";
import { EvidenceReader } from "./pool-evidence.js";
import { ProbedLog } from "./probed-log.js";
import { ProbedStates } from "./probed-states.js";
import { ReadQueue } from "./read-queue.js";
import { type ReadTarget, readTarget } from "./read-target.js";
import type { Sample } from "./sample.js";
import { type CompleteSettings, exporterDefaults, type LogListener } from "./settings.js";
import { sharedReads } from "./shared-reads.js";
import { type ScrapeTarget, shownAddress } from "./target.js";
import { type StateContext, TargetState } from "./target-state.js";

/**
 * Milliseconds that the kernel's tables may take after all targets are read. They are files, whose
 * reads share their threads with a name service that may be silent. They are a part of the time that
 * an answer has: a quarter of it at the most is kept for them.
 */
const EVIDENCE_TIME = 250;

/** A target, and the name of its pool as far as it is known. */
export interface KnownPool {
  readonly target: ScrapeTarget;
  readonly pool: string;
}

export interface CollectorOptions {
  readonly log: LogListener;
  /** Reads one target. Default: {@link readTarget}. */
  readonly read?: ReadTarget | undefined;
}

/**
 * Reads targets: each of them once at a time, no matter how many ask, and no more than `concurrency`
 * at once. Those who ask get an answer in time; a target that is late is read to its end.
 */
export class Collector {
  readonly #context: StateContext;
  readonly #probedLog: ProbedLog;
  readonly #probedContext: StateContext;
  readonly #queue = new ReadQueue(exporterDefaults.concurrency);
  /** The connections to the pools, also those of other requests than a status. */
  readonly connections = new PoolConnections();
  readonly #evidence = new EvidenceReader(this.connections);
  readonly #stop = new AbortController();
  /** The states of the configured targets, in their order. */
  #states = new Map<string, TargetState>();
  readonly #probed = new ProbedStates();
  #cacheAge: number = exporterDefaults.cacheAge;
  #maxLength: number = exporterDefaults.maxLength;

  constructor({ log, read }: CollectorOptions) {
    const quietly: LogListener = (record) => {
      // What ends because of close() is no news, and a log that throws must not end a scrape.
      try {
        if (!this.#stop.signal.aborted) log(record);
      } catch {}
    };
    const ownRead: ReadTarget = (target, limits) => readTarget(target, limits, this.connections);
    this.#context = { read: sharedReads(read ?? ownRead), log: quietly };
    this.#probedLog = new ProbedLog(quietly);
    this.#probedContext = { ...this.#context, log: this.#probedLog.write };
    // Each read listens to it, which is not a leak.
    setMaxListeners(0, this.#stop.signal);
  }

  /** Takes new settings. Targets whose address and kind stay keep their states. */
  update({ targets, concurrency, cacheAge, maxLength }: CompleteSettings): void {
    this.#queue.limit = Math.max(1, concurrency);
    this.#cacheAge = Math.min(cacheAge, exporterDefaults.cacheAge);
    this.#maxLength = maxLength;
    const states = new Map<string, TargetState>();
    for (const target of targets) {
      const { address, source } = target;
      const twin = states.get(address);
      if (twin !== undefined) this.#reportTwice(twin.target, source);
      else states.set(address, this.#stateOf(target, this.#states.get(address), this.#context));
    }
    this.#states = states;
  }

  /**
   * Reads all configured targets, and returns what is there after `timeout` milliseconds.
   *
   * @param withRequests whether the processes have the texts of their requests, whose pages stay in
   * memory then
   */
  collect(timeout: number, withRequests = false): Promise<Sample[]> {
    return this.#observe([...this.#states.values()], timeout, withRequests);
  }

  /** Reads one target, configured or not. */
  async collectOne(target: ScrapeTarget, timeout: number, withRequests = false): Promise<Sample> {
    const { address, kind } = target;
    const configured = this.#states.get(address);
    const isConfigured = configured?.target.kind === kind;
    const state = isConfigured
      ? configured
      : this.#probed.of(target, (known) => this.#stateOf(target, known, this.#probedContext));
    const [sample] = await this.#observe([state], timeout, withRequests);
    if (!isConfigured) this.#probed.release(state, this.#cacheAge);
    return sample as Sample;
  }

  /** The results of the last reads of the configured targets. */
  snapshot(): Sample[] {
    return [...this.#states.values()].flatMap(({ sample }) => sample ?? []);
  }

  /** The configured pools, and their names as far as they are known. */
  pools(): KnownPool[] {
    return [...this.#states.values()]
      .filter(({ target }) => target.kind === "phpfpm")
      .map(({ target, pool }) => ({ target, pool: pool || (target.configuration?.name ?? "") }));
  }

  /** Cancels all reads. */
  close(): void {
    this.#stop.abort();
    this.connections.close();
    this.#probed.close();
    this.#probedLog.close();
  }

  /** Reads these targets, and adds the evidence if the kernel's tables are read in time. */
  async #observe(
    states: readonly TargetState[],
    timeout: number,
    withRequests: boolean,
  ): Promise<Sample[]> {
    const deadline = performance.now() + timeout;
    const early = timeout - Math.min(EVIDENCE_TIME, timeout / 4);
    const samples = await this.#collect(states, early, withRequests);
    const left = Math.max(1, Math.min(EVIDENCE_TIME, deadline - performance.now()));
    const observed = (await withinTime(this.#evidence.addTo(samples), left)) ?? samples;
    for (const [index, state] of states.entries()) {
      if (state.sample === samples[index]) state.sample = observed[index];
    }
    return observed;
  }

  /** Waits for the reads of these targets, but no longer than `timeout`. */
  #collect(
    states: readonly TargetState[],
    timeout: number,
    withRequests: boolean,
  ): Promise<Sample[]> {
    return new Promise((resolve) => {
      const now = performance.now();
      const limits = { maxLength: this.#maxLength, signal: this.#stop.signal };
      const samples = states.map((state) => state.freshSample(now, this.#cacheAge, withRequests));
      let missing = samples.filter((sample) => sample === undefined).length;
      const finish = () => {
        missing = 0;
        clearTimeout(timer);
        resolve(states.map((state, index) => samples[index] ?? state.late()));
      };
      const timer = setTimeout(finish, Math.max(1, timeout));
      if (missing === 0) finish();
      for (const [index, state] of states.entries()) {
        if (samples[index] !== undefined) continue;
        const isReading = state.isReading;
        state.waitForRead((sample) => {
          samples[index] = sample;
          if (missing > 0 && --missing === 0) finish();
        }, withRequests);
        if (!isReading) this.#queue.add(() => state.read(limits));
      }
    });
  }

  #stateOf(
    target: ScrapeTarget,
    known: TargetState | undefined,
    context: StateContext,
  ): TargetState {
    if (known?.target.kind !== target.kind) return new TargetState(target, context);
    if (known.target !== target) known.replace(target);
    return known;
  }

  #reportTwice(target: ScrapeTarget, again: string): void {
    this.#context.log({
      level: "warn",
      message: "the target is configured twice, and read once",
      target: shownAddress(target),
      source: `${target.source} and ${again}`,
    });
  }
}
