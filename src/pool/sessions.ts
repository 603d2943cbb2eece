import { hash } from "node:crypto";
import type { Variables } from "../cgi/variables.js";

/**
 * The id of a request's session: a hash of the cookie `session`, else of the client's address. It is
 * a hash because a client may send 50 kB, which would be kept for minutes, and because a session's
 * cookie is a secret.
 */
export function sessionOf(variables: Variables): string | undefined {
  const session = sessionText(variables);
  return session === undefined ? undefined : idOf(session);
}

/**
 * The id of the session whose cookie an answer sets: the client's next request will have it. Of
 * several, a client keeps the last; one that has expired deletes an old cookie.
 */
export function sessionSetBy(headers: Headers): string | undefined {
  for (const cookie of headers.getSetCookie().reverse()) {
    const [, quoted, plain] = /^session\s*=\s*(?:"([^"]*)"|([^;,\s]*))/.exec(cookie) ?? [];
    const value = quoted ?? plain;
    if (value !== undefined && value !== "" && !hasExpired(cookie)) return idOf(cookieText(value));
  }
  return undefined;
}

function hasExpired(cookie: string): boolean {
  const age = /;\s*max-age\s*=\s*(-?\d+)/i.exec(cookie)?.[1];
  if (age !== undefined) return Number(age) <= 0;
  return Date.parse(/;\s*expires\s*=\s*([^;]*)/i.exec(cookie)?.[1] ?? "") <= Date.now();
}

/** Whether a text has the shape of an id. */
export function isSessionId(text: unknown): text is string {
  return typeof text === "string" && /^[\w+/]{43}=$/.test(text);
}

function idOf(text: string): string {
  return hash("sha256", text, "base64");
}

function cookieText(value: string): string {
  return `session ${value}`;
}

function sessionText(variables: Variables): string | undefined {
  const cookies = variables.getAll("HTTP_COOKIE").join("; ");
  const cookie = /(?:^|[;,]\s*)session=(?:"([^"]*)"|([^;,\s]*))/.exec(cookies);
  const value = cookie?.[1] ?? cookie?.[2];
  if (value !== undefined && value !== "") return cookieText(value);
  const forwarded = variables.filled("HTTP_X_FORWARDED_FOR");
  const address = forwarded?.split(",", 1)[0]?.trim() || variables.filled("REMOTE_ADDR");
  return address === undefined ? undefined : `address ${address}`;
}

/** Bounds, in milliseconds, of the time after which an idle session is dropped, see `prune`. */
const LONGEST_IDLE = 600_000;
const SHORTEST_IDLE = 10_000;
const SHARED_IDLE = 7_200_000;
/** The most sessions, some 200 bytes each. Beyond that, the least recently used one is dropped. */
const MAX_SESSIONS = 65_536;

/** The worker of each session, in the order in which sessions were last used. */
export class SessionTable<Worker> {
  readonly #sessions = new Map<string, { worker: Worker; used: number }>();
  readonly #counts = new Map<Worker, number>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** The number of sessions that a worker has. */
  countOf(worker: Worker): number {
    return this.#counts.get(worker) ?? 0;
  }

  /** The worker of a session. */
  find(session: string): Worker | undefined {
    return this.#sessions.get(session)?.worker;
  }

  /** Assigns a session to a worker, and marks it as used. */
  assign(session: string, worker: Worker): void {
    this.#delete(session);
    this.#sessions.set(session, { worker, used: this.#now() });
    this.#counts.set(worker, this.countOf(worker) + 1);
    if (this.#sessions.size <= MAX_SESSIONS) return;
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined) this.#delete(oldest);
  }

  /** Drops the sessions of a worker that takes no more connections. */
  drop(worker: Worker): void {
    if (!this.#counts.has(worker)) return;
    for (const [key, session] of this.#sessions) {
      if (session.worker === worker) this.#delete(key);
    }
  }

  /** Drops sessions that have been idle for 7,200 s divided by their number, within 10 to 600 s. */
  prune(): void {
    const share = SHARED_IDLE / Math.max(1, this.#sessions.size);
    const limit = Math.min(LONGEST_IDLE, Math.max(SHORTEST_IDLE, share));
    const oldest = this.#now() - limit;
    for (const [key, { used }] of this.#sessions) {
      if (used > oldest) return;
      this.#delete(key);
    }
  }

  #delete(session: string): void {
    const worker = this.#sessions.get(session)?.worker;
    if (worker === undefined || !this.#sessions.delete(session)) return;
    const count = this.countOf(worker) - 1;
    if (count > 0) this.#counts.set(worker, count);
    else this.#counts.delete(worker);
  }
}
