import { setMaxListeners } from "node:events";
import { ErrorCode, GatewayError } from "../errors.js";
import { type FleetResult, type Probe, type ProbeOptions, probeOne } from "./probe.js";

export interface FleetOptions extends ProbeOptions {
  /** Targets at once. Default 256. */
  concurrency?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Runs a probe over any number of targets, which may be a generator: no more than `concurrency`
 * targets and results are held at a time, and a slow consumer slows the probing. Leaving the loop
 * early, or aborting `signal`, cancels what is under way.
 */
export async function* probeAll<Value>(
  targets: Iterable<string> | AsyncIterable<string>,
  probe: Probe<Value>,
  options: FleetOptions = {},
): AsyncGenerator<FleetResult<Value>, void, undefined> {
  const concurrency = options.concurrency ?? 256;
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new GatewayError(ErrorCode.BadInput, `concurrency is ${concurrency}, not 1 or more`);
  }
  const cancel = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, cancel.signal]) : cancel.signal;
  // One listener a target under way is what we want, and no leak.
  setMaxListeners(0, signal);
  const source = iteratorOf(targets);
  const finished: FleetResult<Value>[] = [];
  const change = new Change();
  let running = 0;
  let feeding = true;
  const feeder = feed().finally(() => {
    feeding = false;
    change.tell();
  });
  feeder.catch(() => {});
  try {
    while (feeding || running > 0 || finished.length > 0) {
      if (finished.length === 0) await change.next();
      while (finished.length > 0) {
        yield finished.shift() as FleetResult<Value>;
        change.tell();
      }
    }
    await feeder;
  } finally {
    cancel.abort();
    change.tell();
    while (running > 0) await change.next();
    void source.return?.();
  }

  async function feed(): Promise<void> {
    while (!signal.aborted) {
      if (running + finished.length >= concurrency) {
        await change.next();
        continue;
      }
      const next = await source.next();
      if (next.done === true || signal.aborted) return;
      running++;
      void probeOne(next.value, probe, options, signal).then((result) => {
        running--;
        finished.push(result);
        change.tell();
      });
    }
  }
}

/** Something that changes, for several to wait on. */
class Change {
  #promise: Promise<void> | undefined;
  #tell: (() => void) | undefined;

  /** Settles at the next change. */
  next(): Promise<void> {
    this.#promise ??= new Promise((resolve) => {
      this.#tell = resolve;
    });
    return this.#promise;
  }

  tell(): void {
    const tell = this.#tell;
    this.#promise = undefined;
    this.#tell = undefined;
    tell?.();
  }
}

function iteratorOf(
  targets: Iterable<string> | AsyncIterable<string>,
): AsyncIterator<string> | Iterator<string> {
  return Symbol.asyncIterator in targets
    ? targets[Symbol.asyncIterator]()
    : targets[Symbol.iterator]();
}
