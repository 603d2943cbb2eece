import { runHealthcheck } from "./commands/healthcheck.js";
import { createIo, type Io } from "./io.js";

/**
 * Runs `fcgi-probe healthcheck` without the other commands, since an orchestrator starts it every few
 * seconds. CPU from start to exit, beside `node -e 0` in turns: Node 20 103 and 84 ms, Node 22 with its
 * compile cache 70 and 47. Through the files of all commands it took 1.7 times `node -e 0`.
 */
export function fcgiProbeHealthcheck(args: readonly string[]): Promise<number> {
  let made: Io | undefined;
  const streams = () => (made ??= createIo(process, new AbortController()));
  // A pool that is well needs no stream, and Node takes milliseconds to make one.
  return runHealthcheck(args, {
    env: process.env,
    get stdout() {
      return streams().stdout;
    },
    get stderr() {
      return streams().stderr;
    },
  });
}
