import type { Worker } from "node:worker_threads";
import type { Discovery } from "../../../discovery/discovery.js";
import type { PoolConfiguration } from "../../../discovery/pool-configuration.js";
import { startWatchThread } from "../../../discovery/start-watch-thread.js";
import type { LogListener } from "../../settings.js";

/** Milliseconds after which it is logged that nothing was read. */
const DEADLINE = 10_000;

export interface LocalConfigurationsOptions {
  /** Called when the pools have changed. */
  readonly onChange: () => void;
  readonly log?: LogListener | undefined;
}

/**
 * Follows the pools in php-fpm's configuration on this machine, for targets that are written by
 * hand. It does so in a thread, which is started when it is first wanted: two thousand files take
 * 150 ms, and a file system that hangs would take the exporter with it.
 */
export class LocalConfigurations {
  readonly #options: LocalConfigurationsOptions;
  #thread: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #interval = 0;
  #pools: readonly PoolConfiguration[] = [];

  constructor(options: LocalConfigurationsOptions) {
    this.#options = options;
  }

  /** What was read last. Empty until something was read. */
  get pools(): readonly PoolConfiguration[] {
    return this.#pools;
  }

  /**
   * Starts or stops to follow them.
   *
   * @param interval milliseconds from one look at what no folder shows to the next
   */
  follow(isWanted: boolean, interval: number): void {
    const isOther = interval !== this.#interval;
    this.#interval = interval;
    if (!isWanted) this.close();
    else if (this.#thread === undefined) this.#start();
    else if (isOther) this.refresh();
  }

  /** Reads them again. What was read last stays until then. */
  refresh(): void {
    if (this.#thread === undefined) return;
    this.#stop();
    this.#start();
  }

  close(): void {
    this.#stop();
    this.#pools = [];
  }

  #start(): void {
    const thread = startWatchThread({ phpFpm: true, apache: false, interval: this.#interval });
    const isCurrent = () => this.#thread === thread;
    thread.on("message", (found: Discovery) => {
      if (isCurrent()) this.#take(found);
    });
    thread.on("error", ({ message }) => {
      if (isCurrent()) this.#warn(message);
    });
    this.#thread = thread;
    this.#timer = setTimeout(() => this.#warn("it takes too long"), DEADLINE);
    this.#timer.unref();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    const thread = this.#thread;
    this.#thread = undefined;
    void thread?.terminate();
  }

  #take({ targets, problems }: Discovery): void {
    clearTimeout(this.#timer);
    for (const { source, message, hint } of problems) {
      const text = "php-fpm's configuration is not known";
      this.#options.log?.({ level: "debug", message: text, source, error: message, hint });
    }
    this.#pools = targets.flatMap(({ configuration }) => configuration ?? []);
    this.#options.onChange();
  }

  #warn(error: string): void {
    clearTimeout(this.#timer);
    const message = "php-fpm's configuration cannot be read; targets go without it";
    this.#options.log?.({ level: "warn", message, error });
  }
}
