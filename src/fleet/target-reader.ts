import { isObject, wrongArgument } from "../arguments.js";

/** Targets, or lists of targets: a list costs less than its targets one by one. */
export type FleetTargets = Iterable<string> | AsyncIterable<string | readonly string[]>;

type Targets = string | readonly string[];

/** Reads targets from a source that has them at once, or that has to be waited for. */
export class TargetReader {
  /** What the source has thrown. */
  failure: { readonly error: unknown } | undefined;
  readonly #source: Iterator<string> | AsyncIterator<Targets>;
  readonly #isAsync: boolean;
  readonly #onMore: () => void;
  /** A list from the source, and the place in it. */
  #list: readonly string[] = [];
  #index = 0;
  #isWaiting = false;
  #isEnded = false;

  /** @param onMore called after `next` had nothing yet, when there is more, or an end */
  constructor(targets: FleetTargets, onMore: () => void) {
    checkTargets(targets);
    this.#isAsync = Symbol.asyncIterator in targets;
    this.#source =
      Symbol.asyncIterator in targets
        ? targets[Symbol.asyncIterator]()
        : targets[Symbol.iterator]();
    this.#onMore = onMore;
  }

  /** Whether there are no more targets: at the end of the source, after its failure, and if closed. */
  get isAtEnd(): boolean {
    return this.#isEnded && this.#index === this.#list.length;
  }

  /** The next target; undefined at the end, and while the source has to be waited for. */
  next(): string | undefined {
    if (this.#index < this.#list.length) return this.#checked(this.#list[this.#index++]);
    if (this.#isEnded || this.#isWaiting) return undefined;
    if (this.#isAsync) {
      this.#wait();
      return undefined;
    }
    try {
      const { done, value } = (this.#source as Iterator<string>).next();
      if (done !== true) return this.#checked(value);
    } catch (error) {
      this.failure = { error };
    }
    this.#isEnded = true;
    return undefined;
  }

  /** A target as the source has given it. What is no address ends the source, with a failure. */
  #checked(target: unknown): string | undefined {
    if (typeof target === "string") return target;
    this.failure = { error: wrongArgument("a target", target, "a string") };
    this.close();
    return undefined;
  }

  /** Drops the targets that have not been read, and lets the source free what it holds. */
  close(): void {
    const isLeft = !this.#isEnded;
    this.#isEnded = true;
    this.#list = [];
    this.#index = 0;
    if (!isLeft) return;
    try {
      // A source that waits for its next target ends later, or never.
      void Promise.resolve(this.#source.return?.()).catch(() => {});
    } catch {
      // What a source that is not needed any more throws changes nothing.
    }
  }

  #wait(): void {
    this.#isWaiting = true;
    (this.#source as AsyncIterator<Targets>).next().then(
      ({ done, value }) => this.#take(done === true ? [] : value, done === true),
      (error: unknown) => {
        if (!this.#isEnded) this.failure = { error };
        this.#take([], true);
      },
    );
  }

  #take(targets: Targets, isEnd: boolean): void {
    this.#isWaiting = false;
    if (!this.#isEnded) {
      this.#list = Array.isArray(targets) ? targets : [targets as string];
      this.#index = 0;
      this.#isEnded = isEnd;
    }
    this.#onMore();
  }
}

/** A string is a target, and not a source of characters. */
function checkTargets(targets: unknown): asserts targets is FleetTargets {
  if (isObject(targets) && (Symbol.asyncIterator in targets || Symbol.iterator in targets)) return;
  throw wrongArgument("targets", targets, "a list, or another iterable, of addresses");
}
