import { nodeMajor } from "../../transport/node-major.js";

/**
 * While its old space is small, V8 collects all garbage again for every 32 MB that sockets read: two
 * thirds of what a worker did that streamed bodies. It does not when it has room from the start.
 * Node 24 collects by another rule, which this does not change.
 */
const roomToRead = nodeMajor < 24;

/** The arguments of a worker's Node: those given, but for what would make it no worker. */
export function workerArguments(execArgv: readonly string[]): string[] {
  const evaluated = /^(-e|--eval|-p|--print|-pe)$/;
  const dropped = /^(-e|--eval|-p|--print|-pe|--input-type|-i|--interactive|--test|--watch)(=|$)/;
  const usable = execArgv.filter((argument, index) => {
    if (evaluated.test(execArgv[index - 1] ?? "")) return false;
    return !dropped.test(argument) && !argument.startsWith("--inspect");
  });
  return roomToRead ? ["--initial-old-space-size=64", ...usable] : usable;
}
