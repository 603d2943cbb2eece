import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ErrorCode, GatewayError } from "../../errors.js";
import {
  Float,
  HEADER_OFFSET,
  HEADER_SIZE,
  MAX_SLOTS,
  recordAt,
  SLOT_SIZE,
  SlotState,
  TEXTS_OFFSET,
  Word,
} from "./layout.js";
import { decodeTexts, noTexts, type RequestTexts } from "./request-texts.js";

/** The numbers of the pool that its master records, for the status page. */
export interface ScoreboardHeader {
  pool: string;
  processManager: string;
  startTime: number;
  /** Requests and slow requests of workers that have exited. */
  pastRequests: number;
  pastSlow: number;
  maxActive: number;
  maxChildrenReached: number;
  listenQueue: number;
  maxListenQueue: number;
  listenQueueLen: number;
  /** The number of slots that have ever been in use: no others are read. */
  slots: number;
}

/** The numbers of a slot that is not free. */
export interface SlotNumbers {
  slot: number;
  pid: number;
  state: SlotState;
  requests: number;
  startTime: number;
  /** When the request began; 0 before the first. */
  began: number;
  /** The duration of the last request in microseconds. */
  duration: number;
  cpu: number;
  memory: number;
  maxActive: number;
  slow: number;
}

/** How often a record is read again while it is being written. */
const ATTEMPTS = 20;

/** The error for a scoreboard, or one more worker on it, for which there is no room. */
export function noRoom(cause?: unknown): GatewayError {
  const reason = cause === undefined ? "" : `: ${(cause as Error).message}`;
  return new GatewayError(ErrorCode.BadInput, `there is no room for a scoreboard${reason}`, {
    cause,
    hint: `make room in /dev/shm, or in ${tmpdir()}`,
  });
}

/** A pool's scoreboard, see layout.ts. Any process of the pool reads it without messages. */
export class PoolScoreboard {
  readonly descriptor: number;
  #pool: ScoreboardHeader | undefined;
  #sequence = 0;

  constructor(descriptor: number) {
    this.descriptor = descriptor;
  }

  /**
   * Creates a scoreboard: in memory if the system has a file system for that.
   *
   * @throws GatewayError `bad_input` when there is no room for it
   */
  static create(): PoolScoreboard {
    let cause: unknown;
    for (const parent of ["/dev/shm", tmpdir()]) {
      let board: PoolScoreboard | undefined;
      try {
        const folder = mkdtempSync(join(parent, "fcgi-probe-"));
        try {
          board = new PoolScoreboard(openSync(join(folder, "scoreboard"), "wx+", 0o600));
        } finally {
          // The open file stays usable, and nothing is left on disk if this process is killed.
          rmSync(folder, { recursive: true, force: true });
        }
        // The space is allocated now, so that a disk that fills up later does not end the master.
        writeSync(board.descriptor, Buffer.alloc(HEADER_SIZE), 0, HEADER_SIZE, HEADER_OFFSET);
        return board;
      } catch (error) {
        board?.close();
        cause = error;
      }
    }
    throw noRoom(cause);
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** Replaces the master's record. Only the master may call it. */
  writeHeader(record: ScoreboardHeader): void {
    const bytes = Buffer.alloc(HEADER_SIZE);
    const length = bytes.write(JSON.stringify(record), 8, HEADER_SIZE - 12, "utf8");
    this.#sequence += 1;
    bytes.writeUInt32LE(this.#sequence, 0);
    bytes.writeUInt32LE(length, 4);
    bytes.writeUInt32LE(this.#sequence, HEADER_SIZE - 4);
    writeSync(this.descriptor, bytes, 0, HEADER_SIZE, HEADER_OFFSET);
  }

  readHeader(): ScoreboardHeader | undefined {
    const bytes = Buffer.alloc(HEADER_SIZE);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      readSync(this.descriptor, bytes, 0, HEADER_SIZE, HEADER_OFFSET);
      if (bytes.readUInt32LE(0) !== bytes.readUInt32LE(HEADER_SIZE - 4)) continue;
      try {
        const text = bytes.toString("utf8", 8, 8 + Math.min(bytes.readUInt32LE(4), HEADER_SIZE));
        this.#pool = JSON.parse(text) as ScoreboardHeader;
        return this.#pool;
      } catch {
        // Half written between its two sequence numbers: read again.
      }
    }
    return this.#pool;
  }

  /** The slots from `from` to `to` that are not free. */
  readSlots(from: number, to: number): SlotNumbers[] {
    const count = Math.max(0, Math.min(to, MAX_SLOTS) - from);
    const buffer = new ArrayBuffer(count * SLOT_SIZE);
    const slots: SlotNumbers[] = [];
    readSync(this.descriptor, new Uint8Array(buffer), 0, buffer.byteLength, recordAt(from));
    for (let index = 0; index < count; index++) {
      const numbers = this.#numbers(from + index, buffer, index * SLOT_SIZE);
      if (numbers.state !== SlotState.Free) slots.push(numbers);
    }
    return slots;
  }

  /** The texts of a slot's last request. */
  readTexts(slot: number, requests: number): RequestTexts {
    if (requests === 0) return noTexts;
    const texts = Buffer.alloc(SLOT_SIZE - TEXTS_OFFSET);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      readSync(this.descriptor, texts, 0, texts.length, recordAt(slot) + TEXTS_OFFSET);
      const decoded = decodeTexts(texts, requests);
      if (decoded !== undefined) return decoded;
    }
    return noTexts;
  }

  /** Frees the slots of a worker that has exited. */
  clear(from: number, count: number): void {
    writeSync(this.descriptor, Buffer.alloc(count * SLOT_SIZE), 0, undefined, recordAt(from));
  }

  #numbers(slot: number, buffer: ArrayBuffer, offset: number): SlotNumbers {
    const bytes = new Uint8Array(buffer, offset, SLOT_SIZE);
    const words = new Uint32Array(buffer, offset, SLOT_SIZE / 4);
    const floats = new Float64Array(buffer, offset, SLOT_SIZE / 8);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (words[Word.Sequence] === words[Word.SequenceAgain]) break;
      readSync(this.descriptor, bytes, 0, SLOT_SIZE, recordAt(slot));
    }
    const word = (name: number): number => words[name]!;
    const float = (name: number): number => floats[name]!;
    return {
      slot,
      pid: word(Word.Pid),
      state: word(Word.State) as SlotState,
      requests: word(Word.Requests),
      startTime: float(Float.StartTime),
      began: float(Float.Began),
      duration: float(Float.Duration),
      cpu: word(Word.Cpu) / 100,
      memory: float(Float.Memory),
      maxActive: word(Word.MaxActive),
      slow: word(Word.Slow),
    };
  }
}

/** Counts the slots that are neither free nor idle, among as many as `words` has room for. */
export function countActive(descriptor: number, words: Uint32Array): number {
  readSync(descriptor, words, 0, words.byteLength, recordAt(0));
  let active = 0;
  for (let at: number = Word.State; at < words.length; at += SLOT_SIZE / 4) {
    if (words[at]! > SlotState.Idle) active += 1;
  }
  return active;
}
