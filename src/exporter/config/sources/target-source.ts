import type { PoolConfiguration } from "../../../discovery/pool-configuration.js";

/** A target as a source names it. */
export interface FoundTarget {
  /** The address as it is written there. */
  readonly address: string;
  /** Its labels. Those that begin with `__` are not labels of series. */
  readonly labels: Readonly<Record<string, string>>;
  /** Where it is written: `targets/shop.yaml`. */
  readonly source: string;
  /** What the configuration of php-fpm says about the pool, where that was read. */
  readonly configuration?: PoolConfiguration | undefined;
  /** The Host to request the page of an httpd with. */
  readonly host?: string | undefined;
}

/** What a source gives. A part of it that cannot be read gives the targets that it gave last. */
export interface SourceReading {
  readonly targets: readonly FoundTarget[];
  /** What could not be read, a sentence each, with the place. */
  readonly problems: readonly string[];
  /** What is known to be wrong with targets, a sentence each. */
  readonly notes?: readonly string[] | undefined;
}

/** Where targets come from, beside the configuration file itself. */
export interface TargetSource {
  /** What it is, for messages and metrics: `files targets/*.yaml`. */
  readonly name: string;
  /** Milliseconds from one reading to the next. */
  readonly interval: number;
  /** The folders in which a change makes another reading due. */
  folders(): readonly string[];
  /** Reads it. It never fails, and has a deadline of its own. */
  read(signal: AbortSignal): Promise<SourceReading>;
}
