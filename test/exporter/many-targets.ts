import { readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { ScrapeTarget } from "../../src/exporter/target.js";
import { type FakePeer, silent, startFakeServer } from "../harness/fake-server.js";
import { type PhpFpm, startPhpFpm } from "../harness/php-fpm.js";
import { targetOf } from "./targets.js";

export interface ManyTargets {
  readonly fpm: PhpFpm;
  readonly targets: readonly ScrapeTarget[];
  /** How many of them answer. */
  readonly good: number;
  /** Waits until the connections to the silent ones are closed: their answers are drained at first. Forgets them. */
  settle(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * 2,000 targets: symbolic links to 4 pools of php-fpm, 100 that are dead, and 20 that are silent.
 *
 * @param patience milliseconds for those that are silent. Default: those of the others
 */
export async function startManyTargets(timeout: number, patience = timeout): Promise<ManyTargets> {
  const [all, dead, silentOnes] = [2_000, 100, 20];
  const fpm = await startPhpFpm({
    pools: ["a", "b", "c", "d"].map((name) => ({
      name,
      pm: "static",
      maxChildren: 5,
      listen: "unix",
      backlog: 1_024,
    })),
  });
  const mute = await startFakeServer(silent);
  const targets = Array.from({ length: all }, (_, index) => {
    const link = join(fpm.folder, `${index}.sock`);
    // Bad ones are spread among the good ones.
    if (index % (all / dead) === 7) return targetOf(`unix:${link}:/status`, { timeout });
    const isSilent = index % (all / silentOnes) === 3;
    const pool = fpm.pools[index % fpm.pools.length];
    symlinkSync(isSilent ? mute.bareAddress : (pool?.bareAddress ?? ""), link);
    return targetOf(`unix:${link}:/status`, { timeout: isSilent ? patience : timeout });
  });
  return {
    fpm,
    targets,
    good: all - dead - silentOnes,
    async settle() {
      await mute.allClosed(10_000);
      // The fake server keeps each of its connections: they are no leak of the exporter.
      (mute.peers as FakePeer[]).length = 0;
    },
    async [Symbol.asyncDispose]() {
      await mute.stop();
      await fpm.stop();
    },
  };
}

/** The open descriptors of this process, and the bytes of its heap after a collection. */
export function footprint(): { descriptors: number; heap: number } {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return {
    descriptors: readdirSync("/proc/self/fd").length,
    heap: process.memoryUsage().heapUsed,
  };
}
