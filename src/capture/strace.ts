import { ByteCollector, latin1 } from "../bytes.js";
import { ErrorCode, GatewayError } from "../errors.js";
import type { CapturedSide, CaptureEvent, CaptureFileReader } from "./capture.js";
import { parseTracedCall, type TracedCall } from "./traced-call.js";

/** The longest line: a call that passes 4 MiB on, in hex. */
const MAX_LINE = 16_777_216;
/** Descriptors at a time; beyond, the oldest is given up. */
const MAX_OPEN = 4_096;
/** Calls at a time whose results are on a later line; beyond, all are given up. */
const MAX_UNFINISHED = 256;

const LINE_END = 0x0a;

/** What precedes a call: the process with `-f`, and a time with `-t` or `-r`. */
const prefix = /^(?:\[pid +(\d+)\] +|(\d+) +)?(?: *\d[\d:]*(?:\.\d+)? +)?/;
const unfinished = " <unfinished ...>";
const resumed = /^<\.\.\. \w+ resumed>/;

/** Whether a file that starts with this text is what strace prints. */
export function isStrace(start: string): boolean {
  const text = start.slice(prefix.exec(start)?.[0].length);
  return /^(?:strace: |[a-z_]\w*\(|<\.\.\. |--- SIG|\+\+\+ )/.test(text);
}

/** A descriptor of a process that bytes were read from or written to. */
interface Descriptor {
  readonly connection: number;
  /** Who the process is: the backend if it read first. */
  readonly own: CapturedSide;
  /** Whether a read has returned the end. */
  ended: boolean;
}

/**
 * What the system calls in the output of strace read and write, such as that of
 * `strace -f -xx -s 65535 -e trace=read,write,recvfrom,sendto,sendmsg,writev,close`. The side that
 * sends first is the client.
 */
export class StraceReader implements CaptureFileReader {
  readonly #line = new ByteCollector();
  readonly #descriptors = new Map<string, Descriptor>();
  /** Descriptors that a call has opened, and that no bytes have passed. */
  readonly #opened = new Set<string>();
  /** Calls whose results are on a later line, by their processes. */
  readonly #unfinished = new Map<string, string>();
  #lineOffset = 0;
  #count = 0;

  *push(bytes: Uint8Array): Generator<CaptureEvent, void, undefined> {
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf(LINE_END, at);
      const part = bytes.subarray(at, end < 0 ? bytes.length : end);
      if (this.#line.length + part.length > MAX_LINE) throw this.#lineTooLong();
      this.#line.push(part);
      at += part.length + 1;
      if (end < 0) return;
      yield* this.#takeLine();
    }
  }

  *end(): Generator<CaptureEvent, void, undefined> {
    yield* this.#takeLine();
    for (const { connection } of this.#descriptors.values()) yield { kind: "closed", connection };
    this.#descriptors.clear();
  }

  *#takeLine(): Generator<CaptureEvent, void, undefined> {
    const bytes = this.#line.take();
    this.#lineOffset += bytes.length + 1;
    const line = latin1(bytes).trimEnd();
    const [start, inBrackets, first] = prefix.exec(line) ?? [""];
    const process = inBrackets ?? first ?? "";
    let text = line.slice(start.length);
    const rest = resumed.exec(text);
    if (rest !== null) {
      text = `${this.#unfinished.get(process) ?? ""}${text.slice(rest[0].length)}`;
      this.#unfinished.delete(process);
    } else if (text.endsWith(unfinished)) {
      if (this.#unfinished.size >= MAX_UNFINISHED) this.#unfinished.clear();
      this.#unfinished.set(process, text.slice(0, -unfinished.length));
      return;
    }
    const call = parseTracedCall(text);
    if (call !== undefined) yield* this.#take(process, call);
  }

  *#take(process: string, call: TracedCall): Generator<CaptureEvent, void, undefined> {
    const key = `${process} ${call.descriptor}`;
    const known = this.#descriptors.get(key);
    if (!("bytes" in call)) {
      if (known !== undefined) yield this.#forget(key, known);
      if (this.#opened.size >= MAX_OPEN) this.#opened.clear();
      if (call.kind === "opened") this.#opened.add(key);
      else this.#opened.delete(key);
      return;
    }
    const { kind, bytes, length } = call;
    if (length === 0) {
      if (known !== undefined && kind === "read") known.ended = true;
      return;
    }
    const isNext = known?.ended === true && (kind === "read") === (known.own === "backend");
    if (known !== undefined && isNext) yield this.#forget(key, known);
    const descriptor = known === undefined || isNext ? this.#begin(key, kind) : known;
    if (descriptor !== known) {
      const fromStart = isNext || this.#opened.delete(key);
      const of = process === "" ? "" : `process ${process}, `;
      const name = `${of}descriptor ${call.descriptor}`;
      yield { kind: "begun", connection: descriptor.connection, name, fromStart };
      yield* this.#forgetOldest();
    }
    const { connection, own } = descriptor;
    const side = (kind === "written") === (own === "client") ? "client" : "backend";
    if (bytes.length > 0) yield { kind: "bytes", connection, side, bytes };
    const missing = length - bytes.length;
    const reason = "strace cuts strings: run it with -s 65535";
    if (missing > 0) yield { kind: "missing", connection, side, length: missing, reason };
  }

  #begin(key: string, kind: "read" | "written"): Descriptor {
    const own = kind === "read" ? "backend" : "client";
    const descriptor: Descriptor = { connection: ++this.#count, own, ended: false };
    this.#descriptors.set(key, descriptor);
    return descriptor;
  }

  *#forgetOldest(): Generator<CaptureEvent, void, undefined> {
    for (const [key, oldest] of this.#descriptors) {
      if (this.#descriptors.size <= MAX_OPEN) return;
      yield this.#forget(key, oldest);
    }
  }

  #forget(key: string, { connection }: Descriptor): CaptureEvent {
    this.#descriptors.delete(key);
    return { kind: "closed", connection };
  }

  #lineTooLong(): GatewayError {
    const offset = this.#lineOffset;
    const message = `the line at byte ${offset} has more than ${MAX_LINE} bytes`;
    return new GatewayError(ErrorCode.LimitExceeded, message, { offset });
  }
}
