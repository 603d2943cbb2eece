import type { Variables } from "../cgi/variables.js";
import type { ProcessCounters } from "./pool-counters.js";

/** A place in a pool where one request runs at a time. */
export class PoolSlot {
  #requests = 0;
  #began = 0;
  #busy = false;
  #duration = 0;
  #method = "-";
  #uri = "-";
  #length = 0;
  #user = "-";
  #script = "-";
  readonly #pid: number;
  readonly #startTime = Date.now();

  constructor(pid: number) {
    this.#pid = pid;
  }

  begin(variables: Variables): void {
    this.#busy = true;
    this.#requests += 1;
    this.#began = performance.now();
    this.#method = variables.filled("REQUEST_METHOD") ?? "-";
    this.#uri = uriOf(variables);
    this.#length = Number(variables.filled("CONTENT_LENGTH") ?? 0) || 0;
    this.#user = variables.filled("REMOTE_USER") ?? "-";
    this.#script = variables.filled("SCRIPT_FILENAME") ?? "-";
  }

  /** @returns how many milliseconds the request took */
  end(): number {
    this.#busy = false;
    this.#duration = performance.now() - this.#began;
    return this.#duration;
  }

  /** Processor time and memory belong to the process, not to one of its requests: they stay 0. */
  get counters(): ProcessCounters {
    const duration = this.#busy ? performance.now() - this.#began : this.#duration;
    return {
      pid: this.#pid,
      state: this.#busy ? "Running" : "Idle",
      startTime: this.#startTime,
      requests: this.#requests,
      requestDuration: Math.round(duration * 1_000),
      requestMethod: this.#method,
      requestUri: this.#uri,
      contentLength: this.#length,
      user: this.#user,
      script: this.#script,
      lastRequestCpu: 0,
      lastRequestMemory: 0,
    };
  }
}

/** The URI as PHP-FPM shows it: the script with the query. */
function uriOf(variables: Variables): string {
  const script = variables.filled("SCRIPT_NAME");
  const query = variables.filled("QUERY_STRING");
  if (script === undefined) return variables.filled("REQUEST_URI") ?? "-";
  return query === undefined ? script : `${script}?${query}`;
}

/** The slots of a pool, and the requests that wait for one in the order in which they came. */
export class PoolSlots {
  readonly all: readonly PoolSlot[];
  maxActive = 0;
  maxWaiting = 0;
  /** How often a request found every slot taken. */
  exhausted = 0;
  readonly #idle: PoolSlot[];
  readonly #waiting: ((slot: PoolSlot) => void)[] = [];

  constructor(count: number, pid: number) {
    this.all = Array.from({ length: count }, () => new PoolSlot(pid));
    this.#idle = [...this.all];
  }

  get active(): number {
    return this.all.length - this.#idle.length;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** A slot, as soon as one is free. */
  take(): PoolSlot | Promise<PoolSlot> {
    const slot = this.#idle.shift();
    if (slot !== undefined) {
      this.maxActive = Math.max(this.maxActive, this.active);
      return slot;
    }
    this.exhausted += 1;
    const taken = new Promise<PoolSlot>((resolve) => {
      this.#waiting.push(resolve);
    });
    this.maxWaiting = Math.max(this.maxWaiting, this.waiting);
    return taken;
  }

  give(slot: PoolSlot): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(slot);
    else next(slot);
  }
}
