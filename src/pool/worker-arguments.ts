import { nodeMajor } from "../transport/node-major.js";

/**
 * V8 comes to collect all garbage for every 32 MB that sockets read, and in Node 24 for every 64:
 * half of what a worker did that streamed bodies, and more. It does not where its old space has room
 * from the start, and its young one is no larger than up to Node 22. For Node 26 there is no such
 * cure: it no longer knows the latter flag.
 */
const roomToRead: readonly string[] = [
  ...(nodeMajor <= 24 ? ["--initial-old-space-size=64"] : []),
  ...(nodeMajor === 24 ? ["--scavenger-max-new-space-capacity-mb=8"] : []),
];

/** The arguments of a worker's Node: those given, but for what would make it no worker. */
export function workerArguments(execArgv: readonly string[]): string[] {
  const evaluated = /^(-e|--eval|-p|--print|-pe)$/;
  const dropped = /^(-e|--eval|-p|--print|-pe|--input-type|-i|--interactive|--test|--watch)(=|$)/;
  const usable = execArgv.filter((argument, index) => {
    if (evaluated.test(execArgv[index - 1] ?? "")) return false;
    return !dropped.test(argument) && !argument.startsWith("--inspect");
  });
  return [...roomToRead, ...usable];
}
