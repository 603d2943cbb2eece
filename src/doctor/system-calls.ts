import { arch } from "node:process";

/** What a system call says about a process that is in it. */
export type CallKind = "read" | "write" | "poll" | "accept" | "lock" | "sleep" | "child" | "other";

/** How a system call names what it waits for. */
export interface SystemCall {
  readonly kind: CallKind;
  /** `fd`: the first argument is a descriptor. `polled`: it points to an array of `struct pollfd`. */
  readonly argument: "fd" | "polled" | "none";
}

const call = (kind: CallKind, argument: SystemCall["argument"]): SystemCall => ({ kind, argument });
const read = call("read", "fd");
const write = call("write", "fd");
const accept = call("accept", "fd");
const lock = call("lock", "fd");
const poll = call("poll", "polled");
const select = call("poll", "none");
const sleep = call("sleep", "none");
const child = call("child", "none");

/** By the numbers of the architecture (syscalls(2)). What PHP waits in is listed. */
const numbers: Readonly<Record<string, ReadonlyMap<number, SystemCall>>> = {
  x64: new Map([
    [0, read],
    [1, write],
    [7, poll],
    [19, read],
    [20, write],
    [23, select],
    [35, sleep],
    [42, read],
    [43, accept],
    [44, write],
    [45, read],
    [46, write],
    [47, read],
    [61, child],
    [72, lock],
    [73, lock],
    [230, sleep],
    [232, select],
    [270, select],
    [271, poll],
    [281, select],
    [288, accept],
  ]),
  arm64: new Map([
    [22, select],
    [25, lock],
    [32, lock],
    [63, read],
    [64, write],
    [65, read],
    [66, write],
    [72, select],
    [73, poll],
    [101, sleep],
    [115, sleep],
    [202, accept],
    [203, read],
    [206, write],
    [207, read],
    [211, write],
    [212, read],
    [242, accept],
    [260, child],
  ]),
};

const unknownCall = call("other", "none");

/** The call that a process is in, and its first two arguments: a line of `/proc/PID/syscall`. */
export interface CurrentCall extends SystemCall {
  readonly first: bigint;
}

/**
 * Reads `/proc/PID/syscall`.
 *
 * @returns `running` for a process that is in none; `undefined` where the line is not understood
 */
export function parseCall(text: string): CurrentCall | "running" | undefined {
  if (text.startsWith("running")) return "running";
  const [number = "", first = ""] = text.split(" ");
  if (!/^\d+$/.test(number) || !/^0x[0-9a-f]+$/.test(first)) return undefined;
  const found = numbers[arch]?.get(Number(number)) ?? unknownCall;
  return { ...found, first: BigInt(first) };
}
