/** What a target is called, those that need help first, and how bad that is. */
export const pageLevels = {
  down: "down",
  saturated: "sick",
  "silent clients": "sick",
  "no answer": "sick",
  misconfigured: "sick",
  "at limit": "warn",
  abandoned: "warn",
  ok: "ok",
} as const;

/** What a target is called. Only `down` cannot serve. */
export type PageWord = keyof typeof pageLevels;

/** The colour of a target. */
export type PageLevel = (typeof pageLevels)[PageWord];

/** A target as the page shows it in its list. Numbers that are not known are absent. */
export interface PageTarget {
  /** The address, without a password. It identifies the target. */
  readonly address: string;
  readonly kind: "phpfpm" | "apache";
  /** The name of the pool, or the host name of the httpd. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly word: PageWord;
  readonly level: PageLevel;
  /** What is wrong, a sentence each. */
  readonly problems: readonly string[];
  /** What to check. */
  readonly hint?: string | undefined;
  /** Workers with a request, and without one. */
  readonly busy?: number | undefined;
  readonly idle?: number | undefined;
  /** The most workers that there may be. */
  readonly limit?: number | undefined;
  /** Connections that wait to be accepted, and how many may. */
  readonly queue?: number | undefined;
  readonly queueLimit?: number | undefined;
  /** Requests since the start. */
  readonly requests?: number | undefined;
  /** A letter for each worker: those of httpd's scoreboard, for a pool `_` idle, `R`, `W` busy. */
  readonly map?: string | undefined;
}

/** All targets, the ones that need help first. */
export interface PageState {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Paths of the exporter that are worth a link, below the page. */
  readonly links: readonly string[];
  readonly targets: readonly PageTarget[];
}

/** A process of a pool. Its texts come from clients. */
export interface PageProcess {
  readonly pid: number;
  readonly state: string;
  readonly isBusy: boolean;
  readonly requests: number;
  /** Milliseconds of the current request, or of the last one. */
  readonly duration?: number | undefined;
  readonly method: string;
  readonly uri: string;
  readonly script: string;
  /** Bytes of the last request. */
  readonly memory?: number | undefined;
  /** Percent of a CPU that the last request took. */
  readonly cpu?: number | undefined;
}

/** A target, and the processes of a pool. */
export interface PageDetail {
  readonly target: PageTarget;
  readonly processes: readonly PageProcess[];
}
