import { createHmac, randomBytes } from "node:crypto";
import { BcryptThread } from "./bcrypt-thread.js";

/** What is said about a request's credentials. `busy`: too many others are being checked. */
export type Verdict = "right" | "wrong" | "busy";

/** How many wrong credentials are remembered. */
const MAX_WRONG = 100;
/** The longest header with credentials, in characters. */
const MAX_LENGTH = 1_024;
/** bcrypt reads no more bytes of a password. */
const BCRYPT_BYTES = 72;
/** The salt and the digest of a hash that no password is known for. */
const UNKNOWN = "vOZp0cPEN39oBYn2ZRmS4ubCz2DLFYE4UYhxbR5tU1yX9kHqt7eFq";

/** A comparison, and the requests that wait for it. */
interface Running {
  readonly result: Promise<boolean>;
  readonly requests: Set<AbortSignal>;
}

/**
 * Checks the credentials of requests. An unknown user takes as long as a known one. Results are
 * remembered by an HMAC of user, hash and password, so that a scrape costs one comparison, and not one
 * each time.
 */
export class BasicAuth {
  readonly #thread = new BcryptThread();
  readonly #secret = randomBytes(32);
  /** What is right, by the user. It holds for the user's hash alone. */
  readonly #right = new Map<string, string>();
  /** Oldest first. They are apart, so that guesses cannot evict what is right. */
  readonly #wrong = new Set<string>();
  readonly #running = new Map<string, Running>();
  #users: ReadonlyMap<string, string> | undefined;

  /**
   * @param header the Authorization of a request
   * @param signal is aborted when its client has gone: a comparison that no client waits for any more
   * is left out, and this rejects
   */
  async check(
    header: string | undefined,
    users: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<Verdict> {
    if (users !== this.#users) this.#take(users);
    const credentials = parseBasic(header);
    if (credentials === undefined) return "wrong";
    const { user, password } = credentials;
    const known = users.get(user);
    const hash = known ?? unknownHash(users);
    const key = this.#key(user, hash, password);
    if (this.#right.get(user) === key) return "right";
    if (this.#wrong.has(key)) return "wrong";
    const running = this.#running.get(key) ?? this.#compare(key, password, hash, signal);
    if (running === undefined) return "busy";
    running.requests.add(signal);
    // Whether the user is known is looked at last, so that both ways cost the same.
    const isRight = (await running.result) && known !== undefined;
    // The users may have changed meanwhile.
    if (!isRight) this.#rememberWrong(key);
    else if (this.#users?.get(user) === hash) this.#right.set(user, key);
    return isRight ? "right" : "wrong";
  }

  close(): void {
    this.#thread.close();
  }

  /** Forgets the users that are gone, and no password of those whose hash stays. */
  #take(users: ReadonlyMap<string, string>): void {
    this.#users = users;
    for (const user of this.#right.keys()) if (!users.has(user)) this.#right.delete(user);
  }

  #compare(key: string, password: string, hash: string, signal: AbortSignal): Running | undefined {
    const requests = new Set([signal]);
    const isWanted = () => [...requests].some(({ aborted }) => !aborted);
    const comparison = this.#thread.compare(password, hash, isWanted);
    if (comparison === undefined) return undefined;
    const result = comparison.finally(() => this.#running.delete(key));
    const running = { result, requests };
    this.#running.set(key, running);
    return running;
  }

  #rememberWrong(key: string): void {
    this.#wrong.add(key);
    const [oldest] = this.#wrong;
    if (this.#wrong.size > MAX_WRONG && oldest !== undefined) this.#wrong.delete(oldest);
  }

  #key(user: string, hash: string, password: string): string {
    // Passwords that bcrypt takes for the same are the same here, so that each user has one entry.
    const bytes = Buffer.from(password).subarray(0, BCRYPT_BYTES);
    const hmac = createHmac("sha256", this.#secret);
    return hmac
      .update(JSON.stringify([user, hash]))
      .update(bytes)
      .digest("base64");
  }
}

/** A hash that costs as much as the dearest one of the users. */
function unknownHash(users: ReadonlyMap<string, string>): string {
  const costs = [...users.values()].map((hash) => hash.slice(4, 6)).sort();
  return `$2b$${costs.at(-1) ?? "10"}$${UNKNOWN}`;
}

/** The user and password of an Authorization header (RFC 7617). */
export function parseBasic(
  header: string | undefined,
): { user: string; password: string } | undefined {
  if (header === undefined || header.length > MAX_LENGTH) return undefined;
  const token = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1];
  if (token === undefined) return undefined;
  const text = Buffer.from(token, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
