import type { PoolCounters } from "../../status-page/write-page.js";
import { waitingConnections } from "../../transport/proc-net.js";
import type { PoolSettings } from "../settle-options.js";
import { countersOf } from "./counters.js";
import { MAX_SLOTS, SlotState } from "./layout.js";
import { PoolScoreboard, type ScoreboardHeader, type SlotNumbers } from "./scoreboard.js";

/** The master's side of the scoreboard: its record of the pool, and of workers that have exited. */
export class ScoreboardKeeper {
  readonly board = PoolScoreboard.create();
  readonly #ranges: SlotRanges;
  #last: PoolCounters | undefined;
  readonly #record: ScoreboardHeader;
  readonly #size: number;

  constructor(settings: PoolSettings, port: number | undefined) {
    this.#size = settings.concurrency;
    this.#ranges = new SlotRanges(settings.concurrency);
    const queue = settings.mode === "delegate" ? settings.queueLimit : 0;
    this.#record = {
      pool: settings.name,
      processManager: settings.pm,
      startTime: Date.now(),
      pastRequests: 0,
      pastSlow: 0,
      maxActive: 0,
      maxChildrenReached: 0,
      listenQueue: 0,
      maxListenQueue: 0,
      listenQueueLen: queue + (port === undefined ? 0 : settings.backlog),
      slots: 0,
    };
    this.write();
  }

  /** Takes slots for a new worker. @returns the first one; undefined if there is no room */
  take(): number | undefined {
    const slot = this.#ranges.take();
    if (slot === undefined) return undefined;
    try {
      // Allocates their space in the file: on a full disk no worker starts, and none is ended.
      this.board.clear(slot, this.#size);
    } catch {
      this.#ranges.free(slot);
      return undefined;
    }
    this.#record.slots = this.#ranges.end;
    this.write();
    return slot;
  }

  /** The numbers of a worker's slots. */
  slotsOf(slot: number): SlotNumbers[] {
    return this.board.readSlots(slot, slot + this.#size);
  }

  /** Frees the slots of a worker that has exited, and adds its requests to the pool's. */
  free(slot: number): void {
    for (const { requests, slow, maxActive } of this.slotsOf(slot)) {
      this.#record.pastRequests += requests;
      this.#record.pastSlow += slow;
      this.#record.maxActive = Math.max(this.#record.maxActive, maxActive);
    }
    this.board.clear(slot, this.#size);
    this.#ranges.free(slot);
    this.write();
  }

  /** Counts that `maxChildren` kept the pool from starting a worker. */
  limitReached(): void {
    this.#record.maxChildrenReached += 1;
    this.write();
  }

  /** Samples the workers and the queue, once a second, as PHP-FPM does. */
  sample(port: number | undefined, queued: number, maxQueued: number): void {
    const slots = this.board.readSlots(0, this.#record.slots);
    const active = slots.filter(({ state }) => state !== SlotState.Idle).length;
    const waiting = waitingConnections(port) + queued;
    const record = this.#record;
    record.maxActive = Math.max(record.maxActive, active);
    record.listenQueue = waiting;
    record.maxListenQueue = Math.max(record.maxListenQueue, waiting, maxQueued);
    this.write();
  }

  counters(full: boolean): PoolCounters {
    return this.#last ?? countersOf(this.board, full);
  }

  /** Closes the scoreboard. The counters stay as they are then. */
  close(): void {
    this.#last = this.counters(true);
    this.board.close();
  }

  write(): void {
    this.board.writeHeader(this.#record);
  }
}

/** Allocates ranges of the scoreboard's slots, all of one size. */
export class SlotRanges {
  readonly #size: number;
  readonly #used = new Set<number>();
  #end = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** The number of slots that have ever been in use. */
  get end(): number {
    return this.#end;
  }

  /** @returns the first slot of the lowest free range; undefined if the scoreboard is full */
  take(): number | undefined {
    for (let slot = 0; slot + this.#size <= MAX_SLOTS; slot += this.#size) {
      if (this.#used.has(slot)) continue;
      this.#used.add(slot);
      this.#end = Math.max(this.#end, slot + this.#size);
      return slot;
    }
    return undefined;
  }

  free(slot: number): void {
    this.#used.delete(slot);
  }
}
