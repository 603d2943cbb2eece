import type { SourceFacts } from "../../metrics/exporter-metrics.js";
import type { LogListener } from "../../settings.js";
import type { FoundTarget, SourceReading, TargetSource } from "./target-source.js";

/** Reads sources of targets on their intervals, and keeps what each gave last. */
export class SourceSet {
  readonly #sources: readonly TargetSource[];
  readonly #log: LogListener | undefined;
  readonly #readings = new Map<TargetSource, SourceReading>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stop = new AbortController();

  /** @param before the set that this one replaces: sources that are in both keep their last reading */
  constructor(sources: readonly TargetSource[], log: LogListener | undefined, before?: SourceSet) {
    this.#sources = sources;
    this.#log = log;
    if (before === undefined) return;
    for (const source of sources) {
      const reading = before.#readings.get(source);
      if (reading !== undefined) this.#readings.set(source, reading);
    }
  }

  /** Whether each source has answered or failed once. */
  get isComplete(): boolean {
    return this.#sources.every((source) => this.#readings.has(source));
  }

  /** The targets of each source, in the order of the sources. */
  get found(): readonly (readonly FoundTarget[])[] {
    return this.#sources.map((source) => this.#readings.get(source)?.targets ?? []);
  }

  /** How the last reading of each source went. One that was not read yet is left out. */
  get states(): readonly SourceFacts[] {
    return this.#sources.flatMap((source) => {
      const reading = this.#readings.get(source);
      if (reading === undefined) return [];
      const { targets, problems } = reading;
      return { name: source.name, targets: targets.length, ok: problems.length === 0 };
    });
  }

  /** The folders in which a change makes another reading due. */
  folders(): string[] {
    return this.#sources.flatMap((source) => source.folders());
  }

  /** Reads all sources, and calls `onRead` after each one. */
  async readAll(onRead: () => void): Promise<void> {
    await Promise.all(this.#sources.map((source) => this.#read(source).then(onRead)));
  }

  /** Reads the sources that have folders. */
  async readFolders(): Promise<void> {
    const sources = this.#sources.filter((source) => source.folders().length > 0);
    await Promise.all(sources.map((source) => this.#read(source)));
  }

  /** Reads each source on its interval, and calls `onRead` after each reading. */
  repeat(onRead: () => void): void {
    for (const source of this.#sources) {
      const timer = setInterval(() => {
        void this.#read(source).then(() => {
          if (!this.#stop.signal.aborted) onRead();
        });
      }, source.interval);
      timer.unref();
      this.#timers.add(timer);
    }
  }

  /** Stops reading. What was found stays. */
  close(): void {
    this.#stop.abort();
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.clear();
  }

  async #read(source: TargetSource): Promise<void> {
    const reading = await source.read(this.#stop.signal);
    if (this.#stop.signal.aborted) return;
    const before = this.#readings.get(source);
    this.#readings.set(source, reading);
    this.#report(source, before?.problems ?? [], reading.problems);
    for (const note of reading.notes ?? []) {
      if (before?.notes?.includes(note)) continue;
      const message = "a target that was found cannot be read";
      this.#log?.({ level: "warn", message, source: source.name, error: note });
    }
  }

  /** A line for each change, not for each reading. */
  #report({ name }: TargetSource, before: readonly string[], now: readonly string[]): void {
    for (const problem of now) {
      if (before.includes(problem)) continue;
      const message = "a source of targets cannot be read; its last targets stay";
      this.#log?.({ level: "warn", message, source: name, error: problem });
    }
    if (before.length > 0 && now.length === 0) {
      const message = "a source of targets can be read again";
      this.#log?.({ level: "info", message, source: name });
    }
  }
}
