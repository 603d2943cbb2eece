import { writeSync } from "node:fs";
import type { Variables } from "../../cgi/variables.js";
import { Float, preciseNow, recordAt, SLOT_SIZE, SlotState, TEXTS_OFFSET, Word } from "./layout.js";
import { encodeTexts, textsOf } from "./request-texts.js";
import { countActive } from "./scoreboard.js";

/**
 * Milliseconds for which a value of the system is reused. In a busy process, reading the memory takes
 * 10 µs, the processor time up to 340, and a count of active slots 14.
 */
const MEMORY_AGE = 100;
const PROCESSOR_AGE = 50;
const COUNT_AGE = 10;
/** Milliseconds after which the scoreboard shows a connection without a request. */
const SILENCE = 10;
/** The least of these milliseconds: one timer serves all connections, and may fire at once. */
const SHORT_SILENCE = 3;
/** In pools of more slots, only the master counts the active ones, once a second. */
const COUNTED_SLOTS = 256;

let memory = 0;
let memoryTime = 0;
/** Microseconds of processor time that this process had used at a moment. */
let processor = { used: 0, time: 0 };

function currentMemory(now: number): number {
  if (now - memoryTime > MEMORY_AGE) {
    memory = process.memoryUsage.rss();
    memoryTime = now;
  }
  return memory;
}

function sampleProcessor(now: number): { used: number; time: number } {
  const { user, system } = process.cpuUsage();
  processor = { used: user + system, time: now };
  return processor;
}

/** Slots with a connection that the scoreboard does not show yet. */
const silent = new Set<SlotWriter>();
let isScheduled = false;

function showLater(slot: SlotWriter): void {
  silent.add(slot);
  if (isScheduled) return;
  isScheduled = true;
  setTimeout(() => {
    isScheduled = false;
    const now = preciseNow();
    for (const each of silent) {
      if (!each.showSilence(now)) showLater(each);
    }
  }, SILENCE).unref();
}

/** A connection that has a place before its request has arrived. */
export interface Opener {
  /**
   * Called if the request has not arrived a moment after the connection.
   *
   * @returns whether the connection has given its place back
   */
  leaveIfSilent(): boolean;
}

/** A place of a worker, where one request runs at a time, and its record on the scoreboard. */
export class SlotWriter {
  /** The place's number on the scoreboard. */
  readonly slot: number;
  readonly #descriptor: number;
  readonly #places: number;
  readonly #record = Buffer.from(new ArrayBuffer(SLOT_SIZE));
  readonly #words = new Uint32Array(this.#record.buffer);
  readonly #floats = new Float64Array(this.#record.buffer);
  readonly #texts = this.#record.subarray(TEXTS_OFFSET);
  readonly #scratch: Uint32Array;
  #opener: Opener | undefined;
  #counted = 0;
  /** The processor time when the request began. */
  #processor = processor;

  /** @param places the number of places in the pool when all its workers run */
  constructor(descriptor: number, slot: number, places: number) {
    this.#descriptor = descriptor;
    this.slot = slot;
    this.#places = places;
    // Twice as many, because two generations run during a reload.
    const counted = 2 * places;
    this.#scratch = new Uint32Array(counted <= COUNTED_SLOTS ? (counted * SLOT_SIZE) / 4 : 0);
    this.#words[Word.Pid] = process.pid;
    this.#floats[Float.StartTime] = preciseNow();
    this.idle();
  }

  /** The place becomes free. */
  idle(): void {
    this.#opener = undefined;
    this.#words[Word.State] = SlotState.Idle;
    // The scoreboard has not shown a connection that has ended this soon.
    if (!silent.delete(this)) this.write();
  }

  /** A connection has arrived. Its request usually follows in a moment. */
  reading(opener: Opener): void {
    this.#opener = opener;
    this.#words[Word.State] = SlotState.Reading;
    this.#floats[Float.Began] = preciseNow();
    showLater(this);
  }

  /** Shows a silent connection. @returns false if it is too early to call the connection silent */
  showSilence(now: number): boolean {
    if (now - this.#floats[Float.Began]! < SHORT_SILENCE) return false;
    // Removed first, so that a place that is given back is written as idle.
    silent.delete(this);
    if (this.#opener?.leaveIfSilent() !== true) this.write();
    return true;
  }

  /** A request begins. */
  begin(variables: Variables): void {
    const words = this.#words;
    const now = preciseNow();
    const requests = words[Word.Requests]! + 1;
    silent.delete(this);
    this.#opener = undefined;
    words[Word.Requests] = requests;
    words[Word.State] = SlotState.Running;
    this.#floats[Float.Began] = now;
    const isOld = now - processor.time > PROCESSOR_AGE;
    this.#processor = isOld ? sampleProcessor(now) : processor;
    this.write(TEXTS_OFFSET + encodeTexts(textsOf(variables), requests, this.#texts));
    if (now - this.#counted > COUNT_AGE) this.#countActive(now);
  }

  /** The request has ended. The processor time of a short request is not measured. */
  end(): void {
    const now = preciseNow();
    const floats = this.#floats;
    const elapsed = now - floats[Float.Began]!;
    floats[Float.Duration] = elapsed * 1_000;
    floats[Float.Memory] = currentMemory(now);
    this.#words[Word.Cpu] = elapsed < PROCESSOR_AGE ? 0 : this.#processorShare(now);
    this.idle();
  }

  /** Writes the first bytes of the record: by default, its numbers. */
  write(length = TEXTS_OFFSET): void {
    const sequence = (this.#words[Word.Sequence]! + 1) >>> 0;
    this.#words[Word.Sequence] = sequence;
    this.#words[Word.SequenceAgain] = sequence;
    writeSync(this.#descriptor, this.#record, 0, length, recordAt(this.slot));
  }

  /** Percent of one CPU since the request began, times 100. */
  #processorShare(now: number): number {
    const { used, time } = this.#processor;
    const share = (sampleProcessor(now).used - used) / (now - time) / 1_000;
    return Math.max(0, Math.round(share * 10_000));
  }

  /** Counts the active places. Workers that begin at once see each other: each writes, then counts. */
  #countActive(now: number): void {
    this.#counted = now;
    if (this.#scratch.length === 0) return;
    if (this.#words[Word.MaxActive]! >= this.#places) return;
    const active = countActive(this.#descriptor, this.#scratch);
    if (active <= this.#words[Word.MaxActive]!) return;
    this.#words[Word.MaxActive] = active;
    this.write();
  }
}
