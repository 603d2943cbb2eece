/** A line of strace: which bytes a system call has read or written. */
import { ByteCollector } from "../bytes.js";

/** What a call does to a descriptor. */
export type TracedCall =
  | { kind: "opened" | "closed"; descriptor: number }
  | {
      kind: "read" | "written";
      descriptor: number;
      /** The bytes that the line shows. */
      bytes: Uint8Array;
      /** Bytes that were read or written: more than `bytes` has when strace cuts its strings. */
      length: number;
    };

type Passing = { kind: "read" | "written"; isVector: boolean };

const passing = new Map<string, Passing>([
  ...["read", "recv", "recvfrom"].map((name) => [name, { kind: "read", isVector: false }] as const),
  ...["readv", "recvmsg"].map((name) => [name, { kind: "read", isVector: true }] as const),
  ...["write", "send", "sendto"].map(
    (name) => [name, { kind: "written", isVector: false }] as const,
  ),
  ...["writev", "sendmsg"].map((name) => [name, { kind: "written", isVector: true }] as const),
]);

/** A call with a descriptor, which `-y` describes in `<>`. */
const call = /^(\w+)\((\d+)(?:<.*?>)?(?=[,)])/;

/** Reads a call; undefined for one that failed, or that passes no bytes. */
export function parseTracedCall(text: string): TracedCall | undefined {
  const [start, name = "", number] = call.exec(text) ?? [""];
  if (number === undefined) return undefined;
  const descriptor = Number(number);
  if (name === "close") return { kind: "closed", descriptor };
  if (name === "connect") return { kind: "opened", descriptor };
  if (name === "accept" || name === "accept4") {
    const accepted = resultOf(text, start.length);
    return accepted === undefined ? undefined : { kind: "opened", descriptor: accepted };
  }
  const passes = passing.get(name);
  if (passes === undefined) return undefined;
  const bytes = new ByteCollector();
  let end = start.length;
  for (let at = openingQuote(text, end, passes.isVector); at >= 0; ) {
    end = pushString(text, at + 1, bytes);
    const isCut = text.startsWith("...", end);
    if (!passes.isVector || isCut) break;
    at = openingQuote(text, end, true);
  }
  const length = resultOf(text, end);
  if (length === undefined) return undefined;
  return { kind: passes.kind, descriptor, bytes: bytes.take().subarray(0, length), length };
}

/** Where the next buffer begins: the first string of the call, or the next element of a vector. */
function openingQuote(text: string, from: number, isVector: boolean): number {
  if (!isVector) return text.indexOf('"', from);
  const at = text.indexOf('iov_base="', from);
  return at < 0 ? -1 : at + "iov_base=".length;
}

/** What the call returned; undefined when it failed. */
function resultOf(text: string, from: number): number | undefined {
  const result = text
    .slice(from)
    .match(/\) += \d+/g)
    ?.at(-1);
  return result === undefined ? undefined : Number(result.slice(result.indexOf("=") + 1));
}

const escapes = new Map([
  ["n", 0x0a],
  ["t", 0x09],
  ["r", 0x0d],
  ["v", 0x0b],
  ["f", 0x0c],
]);

/**
 * Reads a string as C writes it.
 *
 * @returns where the text after it begins
 */
function pushString(text: string, start: number, bytes: ByteCollector): number {
  let at = start;
  while (at < text.length) {
    const character = text[at]!;
    at += 1;
    if (character === '"') break;
    if (character !== "\\") {
      bytes.pushByte(character.charCodeAt(0));
      continue;
    }
    const escaped = text[at] ?? "\\";
    const digits = /^(?:x[\da-f]{1,2}|[0-7]{1,3})/.exec(text.slice(at, at + 3))?.[0];
    if (digits === undefined) {
      bytes.pushByte(escapes.get(escaped) ?? escaped.charCodeAt(0));
      at += 1;
    } else {
      const isHex = digits.startsWith("x");
      bytes.pushByte(Number.parseInt(isHex ? digits.slice(1) : digits, isHex ? 16 : 8));
      at += digits.length;
    }
  }
  return at;
}
